#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
//! How the schema and the codecs of a graph hold for its applications.

use insta::assert_snapshot;
use trackway_machine::{Codecs, Graph, GraphBuilder, Schema, State, Step, Value, action, when};

#[derive(Schema)]
#[allow(dead_code)]
struct Chat {
    question: String,
    answers: Option<Vec<String>>,
}

fn answer_with(answers: impl Into<Value> + Clone + Send + Sync + 'static) -> GraphBuilder {
    let answer = action("answer").reads(["question"]).writes(["answers"]);
    Graph::new([answer.run_sync(move |state: State, _: &Step| state.set("answers", answers.clone().into()))])
        .edge("answer", "answer")
}

/// An error with what it was caused by.
fn said(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn an_application_begins_with_a_state_that_fits() {
    let graph = answer_with(vec!["42"]).schema::<Chat>().build().unwrap();
    assert!(graph.start(State::default().set("question", "why?")).build().is_ok());
    let refused = |state| said(&graph.start(state).build().unwrap_err());
    assert_snapshot!(refused(State::default().set("qestion", "why?")), @"
    the state cannot be used
    the schema Chat has no field `qestion`; did you mean `question`?
    ");
    assert_snapshot!(refused(State::default().set("answers", 42)), @"
    the state cannot be used
    field `answers` of the state cannot be read as core::option::Option<alloc::vec::Vec<alloc::string::String>>: invalid type: integer `42`, expected a sequence
    ");
}

#[test]
fn a_step_whose_state_does_not_fit_fails_and_leaves_the_state_as_it_was() {
    let graph = answer_with(42).schema::<Chat>().build().unwrap();
    let mut app = graph.start(State::default().set("question", "why?")).build().unwrap();
    let error = app.step().blocking().unwrap_err();
    assert_snapshot!(said(&error), @"
    answer failed in step 0
    field `answers` of the state cannot be read as core::option::Option<alloc::vec::Vec<alloc::string::String>>: invalid type: integer `42`, expected a sequence
    ");
    assert!(!app.state().contains("answers"));
    assert_eq!(app.next_action(), Some("answer"));
}

#[test]
fn a_state_set_by_hand_fits() {
    let graph = answer_with(vec!["42"]).schema::<Chat>().build().unwrap();
    let mut app = graph.start(State::default()).build().unwrap();
    assert!(app.update_state(State::default().set("question", 3)).is_err());
    assert!(app.update_state(State::default().set("question", "why?")).is_ok());
}

#[test]
fn the_codecs_of_a_graph_hold_from_the_first_state_on() {
    let reversed = |value: Value| Ok(Value::from(value.to_string().chars().rev().collect::<String>()));
    let codecs = Codecs::default().field("secret", reversed, reversed);
    let add = action("add").reads(["secret"]).writes(["secret"]).run_sync(|state: State, _: &Step| {
        let secret: String = state.get("secret").unwrap();
        state.set("secret", secret + "!")
    });
    let graph = Graph::new([add]).codecs(codecs).edge_if("add", "add", when("secret").eq("!olleh")).build().unwrap();
    let mut app = graph.start(State::default().set("secret", "hello")).build().unwrap();
    assert_eq!(app.state()["secret"], "olleh");
    app.step().blocking().unwrap();
    assert_eq!(app.state()["secret"], "!olleh");
    assert_eq!(app.state().get::<String>("secret").unwrap(), "hello!");
    assert_eq!(app.next_action(), Some("add"), "conditions compare what is stored");
}
