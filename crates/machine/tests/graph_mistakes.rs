#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
//! What a graph says of what is wrong with it.

use insta::assert_snapshot;
use trackway_machine::{Graph, GraphBuilder, Mistake, Node, Schema, State, Step, action, check, when};

fn step(name: &str) -> Node {
    action(name).run_sync(|state: State, _: &Step| state)
}

fn chat() -> GraphBuilder {
    Graph::new([step("ask"), step("answer"), step("refuse")])
        .edge_if("ask", "answer", when("is_safe"))
        .otherwise("ask", "refuse")
        .edge(["answer", "refuse"], "ask")
        .entry("ask")
}

fn said(graph: GraphBuilder) -> String {
    graph.build().unwrap_err().to_string()
}

#[derive(Schema)]
#[allow(dead_code)]
struct Chat {
    question: String,
    is_safe: bool,
    history: Option<Vec<String>>,
}

#[test]
fn a_graph_without_mistakes_is_built() {
    let graph = chat().build().unwrap();
    assert_eq!(graph.entrypoint().as_ref(), "ask");
    let names: Vec<_> = graph.nodes().map(|node| node.name().to_string()).collect();
    assert_eq!(names, ["ask", "answer", "refuse"]);
}

#[test]
fn a_graph_wants_actions() {
    assert_snapshot!(said(GraphBuilder::default().entry("ask")), @"the graph cannot be built: the graph has no actions: give it some with .action(..)");
}

#[test]
fn a_graph_wants_an_entry() {
    assert_snapshot!(said(Graph::new([step("ask"), step("answer")]).edge("ask", "answer")), @r#"the graph cannot be built: nobody said which action comes first: add .entry("ask"), or another of its actions"#);
}

#[test]
fn the_only_action_is_the_entry() {
    assert_eq!(&**Graph::new([step("count")]).build().unwrap().entrypoint(), "count");
}

#[test]
fn an_unknown_entry_has_a_suggestion() {
    assert_snapshot!(said(Graph::new([step("ask")]).entry("aks")), @"the graph cannot be built: the entry `aks` is not an action of the graph; did you mean `ask`?");
}

#[test]
fn an_unknown_entry_like_no_other_has_the_names_there_are() {
    assert_snapshot!(said(Graph::new((0..20).map(|n| step(&format!("step {n}")))).entry("elsewhere")), @"the graph cannot be built: the entry `elsewhere` is not an action of the graph; it has `step 0`, `step 1`, `step 2`, `step 3`, `step 4`, `step 5`, `step 6`, `step 7`, ..");
}

#[test]
fn two_entries_are_one_too_many() {
    assert_snapshot!(said(chat().entry("answer")), @"the graph cannot be built: two actions are said to come first, `ask` and `answer`: leave one .entry(..) out");
}

#[test]
fn unknown_ends_of_transitions_have_suggestions() {
    assert_snapshot!(said(chat().edge_if("anwser", "ask", when("x").eq(1))), @"the graph cannot be built: the transition `anwser` -> `ask` comes from `anwser`, which is not an action of the graph; did you mean `answer`?");
    assert_snapshot!(said(chat().edge_if("answer", "refuses", when("x").eq(1)).edge("refused", "asked")), @"
    the graph cannot be built, for 4 reasons:
    - the transition `answer` -> `refuses` leads to `refuses`, which is not an action of the graph; did you mean `refuse`?
    - the transition `refused` -> `asked` comes from `refused`, which is not an action of the graph; did you mean `refuse`?
    - the transition `refused` -> `asked` leads to `asked`, which is not an action of the graph; it has `ask`, `answer`, `refuse`
    - the transition `answer` -> `refuses` with the condition `x == 1` is never tried: `answer` -> `ask`, declared before it, has no condition; declare that one last
    ");
}

#[test]
fn two_actions_of_one_name_are_told_once() {
    assert_snapshot!(said(chat().action(step("ask")).action(step("ask"))), @r#"the graph cannot be built: two actions are called `ask`: give one of them another name with .named("..")"#);
}

#[test]
fn names_that_halts_read_otherwise_are_refused() {
    assert_snapshot!(said(Graph::new([step(""), step("@tag:llm")]).edge("", "@tag:llm").entry("")), @"
    the graph cannot be built, for 2 reasons:
    - an action cannot be called ``: it needs a name
    - an action cannot be called `@tag:llm`: what begins with @ stands for tags where a run halts
    ");
}

#[test]
fn the_second_way_without_a_condition_is_never_taken() {
    assert_snapshot!(said(chat().edge("ask", "answer")), @"the graph cannot be built: two transitions leave `ask` without a condition, to `refuse` and to `answer`, and only the first would ever be taken: give one a condition with .edge_if(..), or leave it out");
}

#[test]
fn a_condition_behind_a_way_without_one_is_never_tried() {
    assert_snapshot!(said(chat().edge_if("ask", "answer", when("count").gt(3))), @"the graph cannot be built: the transition `ask` -> `answer` with the condition `count > 3` is never tried: `ask` -> `refuse`, declared before it, has no condition; declare that one last");
}

#[test]
fn actions_that_nothing_leads_to_are_told() {
    assert_snapshot!(said(chat().action(step("island")).action(step("bay")).edge("bay", "ask").edge("island", "bay")), @"
    the graph cannot be built, for 2 reasons:
    - nothing leads from the entry `ask` to `island`: add a transition to it, or leave the action out
    - nothing leads from the entry `ask` to `bay`: add a transition to it, or leave the action out
    ");
}

#[test]
fn an_action_may_lead_to_itself() {
    let graph = Graph::new([step("count")]).edge_if("count", "count", when("n").lt(10)).build().unwrap();
    assert_eq!(graph.choose("count", &State::default().set("n", 3)).next.unwrap().as_ref(), "count");
}

#[test]
fn conditions_that_cannot_be_asked_are_told() {
    let graph = chat().edge_if("answer", "refuse", when("kind").is_in("open"));
    let graph =
        Graph::new([step("a")]).graph(graph).edge_if("a", "ask", !when("kind").not_in(3) & when("n").eq(f64::NAN));
    assert_snapshot!(said(graph.entry("a")), @"
    the graph cannot be built, for 3 reasons:
    - the transition `answer` -> `refuse` with the condition `kind in ?` is never tried: `answer` -> `ask`, declared before it, has no condition; declare that one last
    - the condition `kind in ?` of the transition `answer` -> `refuse` cannot be asked: `in` wants a list of values, and was given a text
    - the condition `!(kind not in ?) & n == null` of the transition `a` -> `ask` cannot be asked: `not in` wants a list of values, and was given a whole number
    ");
}

#[test]
fn values_that_cannot_be_encoded_are_told() {
    let odd = std::collections::HashMap::from([((1, 2), "a pair is no name")]);
    assert_snapshot!(said(Graph::new([step("a")]).edge_if("a", "a", when("kind").eq(odd))), @"the graph cannot be built: the condition `kind == ?` of the transition `a` -> `a` cannot be asked: it compares with no value: the key of a map is a list, and only a text can be one");
}

#[cfg(feature = "cel")]
#[test]
fn expressions_that_cannot_be_read_are_told() {
    use trackway_machine::cel;
    let graph = Graph::new([step("a")])
        .edge_if("a", "a", cel("count <"))
        .edge_if("a", "a", cel("len(chat) > 3"))
        .edge_if("a", "a", cel("sizes(chat) > 3"))
        .edge_if("a", "a", cel("chat.exists(x > 3)"))
        .edge_if("a", "a", cel("has(chat)"))
        .edge_if("a", "a", cel("Point{x: 1}.x == 1"))
        .edge_if("a", "a", cel("(".repeat(200)))
        .edge_if("a", "a", cel(""))
        .edge_if("a", "a", cel("a".repeat(5000)));
    let said = said(graph).replace(&"a".repeat(5000), "aa..").replace(&"(".repeat(200), "((..");
    assert_snapshot!(said, @"
    the graph cannot be built, for 9 reasons:
    - the condition `count <` of the transition `a` -> `a` cannot be asked: it cannot be read at line 1, column 8: mismatched input '<EOF>'
    - the condition `len(chat) > 3` of the transition `a` -> `a` cannot be asked: it calls `len`, which is no function
    - the condition `sizes(chat) > 3` of the transition `a` -> `a` cannot be asked: it calls `sizes`, which is no function; did you mean `size`?
    - the condition `chat.exists(x > 3)` of the transition `a` -> `a` cannot be asked: `exists` is not called like that; write list.exists(item, ..), or has(state.field)
    - the condition `has(chat)` of the transition `a` -> `a` cannot be asked: it cannot be read at line 1, column 5: invalid argument to has() macro
    - the condition `Point{x: 1}.x == 1` of the transition `a` -> `a` cannot be asked: it makes a message of the type `Point`, and there are none
    - the condition `((..` of the transition `a` -> `a` cannot be asked: it goes too deep: it has more than 32 levels
    - the condition `` of the transition `a` -> `a` cannot be asked: it is empty
    - the condition `aa..` of the transition `a` -> `a` cannot be asked: it has 5000 bytes, and 4096 are the most
    ");
}

#[test]
fn a_schema_names_all_fields_that_there_are() {
    let ask = action("ask").reads(["history"]).writes(["question", "answr"]).run_sync(|state: State, _: &Step| state);
    let graph = Graph::new([ask, step("refuse")])
        .schema::<Chat>()
        .edge_if("ask", "refuse", !when("is_save"))
        .edge_if("ask", "refuse", check("long", ["history", "questions"], |_: &State| true))
        .entry("ask");
    assert_snapshot!(said(graph), @"
    the graph cannot be built, for 3 reasons:
    - the action `ask` writes the field `answr`, which the schema Chat does not have
    - the condition `!is_save` of the transition `ask` -> `refuse` reads the field `is_save`, which the schema Chat does not have; did you mean `is_safe`?
    - the condition `long` of the transition `ask` -> `refuse` reads the field `questions`, which the schema Chat does not have; did you mean `question`?
    ");
}

#[cfg(feature = "cel")]
#[test]
fn a_schema_names_all_fields_that_expressions_read() {
    use trackway_machine::cel;
    let graph = Graph::new([step("ask")]).schema::<Chat>().edge_if(
        "ask",
        "ask",
        cel("type(question) == string && size(state.histroy) > 3 && history.all(h, h != item)"),
    );
    assert_snapshot!(said(graph), @"
    the graph cannot be built, for 2 reasons:
    - the condition `type(question) == string && size(state.histroy) > 3 && history.all(h, h != item)` of the transition `ask` -> `ask` reads the field `histroy`, which the schema Chat does not have; did you mean `history`?
    - the condition `type(question) == string && size(state.histroy) > 3 && history.all(h, h != item)` of the transition `ask` -> `ask` reads the field `item`, which the schema Chat does not have
    ");
}

#[test]
fn a_schema_refuses_states_that_do_not_fit() {
    let graph = Graph::new([step("ask")]).schema::<Chat>().build().unwrap();
    assert!(graph.check(&State::default().set("question", "why?")).is_ok());
    assert_snapshot!(graph.check(&State::default().set("question", 3)).unwrap_err(), @"field `question` of the state cannot be read as alloc::string::String: invalid type: integer `3`, expected a string");
    assert_snapshot!(graph.check(&State::default().set("qestion", "why?")).unwrap_err(), @"the schema Chat has no field `qestion`; did you mean `question`?");
    assert!(graph.check_fields(&State::default().set("question", 3), ["is_safe"]).is_ok());
}

#[test]
fn all_mistakes_are_told_at_once() {
    let graph = Graph::new([step("ask"), step("ask"), step("answer")]).edge("ask", "anwser").edge("ask", "ask");
    let errors = graph.build().unwrap_err();
    assert_snapshot!(errors, @r#"
    the graph cannot be built, for 4 reasons:
    - two actions are called `ask`: give one of them another name with .named("..")
    - nobody said which action comes first: add .entry("ask"), or another of its actions
    - the transition `ask` -> `anwser` leads to `anwser`, which is not an action of the graph; did you mean `answer`?
    - two transitions leave `ask` without a condition, to `anwser` and to `ask`, and only the first would ever be taken: give one a condition with .edge_if(..), or leave it out
    "#);
    assert!(matches!(errors.mistakes()[0], Mistake::SameName { .. }));
}
