//! Actions as they stand in a graph.

use trackway_machine::{Graph, Node, State, action, state};

#[action(writes = [said], tags = [talk])]
fn say(state: State, text: String, times: Option<usize>) -> State {
    state.set("said", text.repeat(times.unwrap_or(1)))
}

#[test]
fn a_bound_input_is_not_asked_for() {
    let hey = say().bind("text", "hey").named("hey").tagged("loud").tagged("talk");
    let spec = hey.spec();
    assert_eq!(&*spec.name, "hey");
    assert_eq!(spec.tags, ["talk".into(), "loud".into()]);
    assert!(spec.inputs.is_empty());
    assert_eq!(hey.call(&State::default()).blocking().unwrap().state, state! { said: "hey" });
    let error = hey.call(&State::default()).input("text", "ho").blocking().unwrap_err();
    insta::assert_snapshot!(error.chain(), @r#"no action takes an input `text`: it has times"#);
}

#[test]
fn the_last_value_that_is_bound_counts() {
    let twice = say().bind("times", 3).bind("text", "a").bind("times", 2);
    assert_eq!(twice.call(&State::default()).blocking().unwrap().state["said"], "aa");
    assert_eq!(Node::from(say).spec().inputs, ["text".into()], "the action itself is as it was");
}

#[test]
fn what_cannot_be_bound_is_said_when_the_graph_is_built() {
    let wrong = say().bind("txt", "hey").bind("times", std::collections::BTreeMap::from([(vec![1], 1)]));
    let told: Vec<&str> = wrong.mistakes().iter().map(|mistake| &**mistake).collect();
    insta::assert_snapshot!(told.join("\n"), @"
    there is no input `txt` to bind; it takes `text`, `times`
    the input `times` cannot be bound: the key of a map is a list, and only a text can be one
    ");
    let errors = Graph::new([wrong]).entry("say").build().unwrap_err();
    insta::assert_snapshot!(errors.to_string(), @"
    the graph cannot be built, for 2 reasons:
    - the action `say`: there is no input `txt` to bind; it takes `text`, `times`
    - the action `say`: the input `times` cannot be bound: the key of a map is a list, and only a text can be one
    ");
}
