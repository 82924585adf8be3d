#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
//! What a graph chooses, how it is merged, drawn and recorded.

use std::fmt::Write as _;

use insta::assert_snapshot;
use trackway_machine::{Choice, Graph, GraphBuilder, Node, State, Step, action, check, when};

fn step(name: &str) -> Node {
    action(name).run_sync(|state: State, _: &Step| state)
}

fn chat() -> GraphBuilder {
    Graph::new([step("ask"), step("check").tagged("guard"), step("answer").tagged("llm"), step("refuse").tagged("llm")])
        .edge("ask", "check")
        .edge_if("check", "answer", when("is_safe"))
        .edge_if("check", "ask", when("tries").lt(3))
        .otherwise("check", "refuse")
        .edge("answer", "ask")
        .entry("ask")
}

/// A choice as text.
fn told(choice: &Choice) -> String {
    let mut out = format!("{}\n", choice.next.as_deref().unwrap_or("(the end)"));
    for tried in choice.tried.iter() {
        writeln!(out, "  {} if {}: {:?}", tried.to, tried.condition, tried.held).unwrap();
    }
    if let Some(failure) = choice.failure() {
        writeln!(out, "{failure}").unwrap();
    }
    out
}

#[test]
fn the_first_condition_that_holds_is_taken_and_all_that_were_tried_are_told() {
    let graph = chat().build().unwrap();
    let state = State::default().set("is_safe", false).set("tries", 3);
    assert_snapshot!(told(&graph.choose("check", &state)), @"
    refuse
      answer if is_safe: Ok(false)
      ask if tries < 3: Ok(false)
      refuse if default: Ok(true)
    ");
    assert_snapshot!(told(&graph.choose("check", &state.set("tries", 2))), @"
    ask
      answer if is_safe: Ok(false)
      ask if tries < 3: Ok(true)
    ");
    assert_snapshot!(told(&graph.choose("check", &state.set("is_safe", true))), @"
    answer
      answer if is_safe: Ok(true)
    ");
    assert_snapshot!(told(&graph.choose("ask", &state)), @"
    check
      check if default: Ok(true)
    ");
}

#[test]
fn where_nothing_leads_on_is_the_end() {
    let graph = chat().build().unwrap();
    assert_snapshot!(told(&graph.choose("refuse", &State::default())), @"(the end)");
    assert!(graph.choose("refuse", &State::default()).failure().is_none());
}

#[test]
fn where_no_condition_holds_is_the_end_too() {
    let graph = Graph::new([step("count")]).edge_if("count", "count", when("n").lt(3)).build().unwrap();
    assert_snapshot!(told(&graph.choose("count", &State::default().set("n", 3))), @"
    (the end)
      count if n < 3: Ok(false)
    ");
}

#[test]
fn a_condition_that_fails_chooses_nothing() {
    let graph = chat().build().unwrap();
    let state = State::default().set("is_safe", false);
    assert_snapshot!(told(&graph.choose("check", &state.set("trys", 1))), @r#"
    (the end)
      answer if is_safe: Ok(false)
      ask if tries < 3: Err("the state has no field `tries`")
    cannot tell whether `ask` comes next: the condition `tries < 3` failed: the state has no field `tries`
    "#);
    assert_snapshot!(told(&graph.choose("check", &state.set("tries", "many"))), @r#"
    (the end)
      answer if is_safe: Ok(false)
      ask if tries < 3: Err("the field `tries` holds a text, which is neither less nor greater than a whole number")
    cannot tell whether `ask` comes next: the condition `tries < 3` failed: the field `tries` holds a text, which is neither less nor greater than a whole number
    "#);
}

#[test]
fn what_was_tried_is_shared_by_all_that_went_the_same_way() {
    let graph = chat().build().unwrap();
    let state = State::default();
    let (one, other) = (graph.choose("ask", &state), graph.clone().choose("ask", &state));
    assert!(std::sync::Arc::ptr_eq(&one.tried, &other.tried));
}

#[test]
fn an_unknown_action_leads_nowhere() {
    assert_eq!(chat().build().unwrap().choose("gone", &State::default()), Choice::default());
}

#[test]
fn a_word_means_an_action_or_all_of_a_tag() {
    let graph = chat().build().unwrap();
    let names = |word| graph.names_of(word).iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(names("ask"), ["ask"]);
    assert_eq!(names("@tag:llm"), ["answer", "refuse"]);
    assert!(names("@tag:none").is_empty() && names("none").is_empty());
}

#[test]
fn graphs_are_merged_whole_or_half_written() {
    let search = Graph::new([step("search"), step("rank")]).edge_if("search", "rank", when("found")).entry("search");
    let whole = chat().graph(search.clone().build().unwrap()).edge_if("refuse", "search", when("again"));
    let half = chat().graph(search).edge_if("refuse", "search", when("again"));
    let (whole, half) = (whole.build().unwrap(), half.build().unwrap());
    assert_eq!(whole.record(), half.record());
    assert_eq!(&**whole.entrypoint(), "ask");
    assert_snapshot!(whole.mermaid(), @r#"
    flowchart TD
      a0["ask"]
      a1["check"]
      a2["answer"]
      a3["refuse"]
      a4["search"]
      a5["rank"]
      entry(( )) --> a0
      a0 --> a1
      a1 -.->|"is_safe"| a2
      a1 -.->|"tries #60; 3"| a0
      a1 -.->|"default"| a3
      a2 --> a0
      a3 -.->|"again"| a4
      a4 -.->|"found"| a5
    "#);
}

#[action(reads = ["n"], writes = ["n"])]
fn count(state: State) -> State {
    state.increment("n", 1)
}

#[action(reads = ["n"])]
async fn show(state: State, title: String, colour: Option<String>) -> State {
    let _ = (title, colour);
    state
}

#[test]
fn a_function_in_two_merged_graphs_is_one_action() {
    let one = Graph::new([count, show]).edge(count, show).entry(count);
    let other = Graph::new([show]).edge_if(show, count, when("n").lt(3));
    let both = one.graph(other).build().unwrap();
    assert_eq!(both.nodes().count(), 2);
    assert!(Graph::new([count]).graph(Graph::new([Node::from(count).tagged("new")])).entry(count).build().is_err());
}

#[test]
fn a_graph_is_recorded_with_the_names_of_its_conditions() {
    let graph = Graph::new([count, show])
        .edge_if(count, count, when("n").lt(3) & !when("is_done"))
        .otherwise(count, show)
        .entry(count)
        .build()
        .unwrap();
    let record = graph.record();
    let mut out = format!("entry {}\n", record.entrypoint.unwrap());
    for action in &record.actions {
        writeln!(out, "{} reads {:?} writes {:?}", action.name, action.reads, action.writes).unwrap();
        writeln!(out, "  inputs {:?} optional {:?}", action.inputs, action.optional_inputs).unwrap();
        writeln!(out, "  code of {} lines", action.code.as_deref().unwrap_or_default().lines().count()).unwrap();
    }
    for way in &record.transitions {
        writeln!(out, "{} -> {} if {}", way.from, way.to, way.condition).unwrap();
    }
    assert_snapshot!(out, @r#"
    entry count
    count reads ["n"] writes ["n"]
      inputs [] optional []
      code of 4 lines
    show reads ["n"] writes []
      inputs ["title"] optional ["colour"]
      code of 5 lines
    count -> count if n < 3 & !is_done
    count -> show if default
    "#);
}

#[test]
fn a_graph_is_drawn_as_dot() {
    let graph = Graph::new([count, show])
        .edge_if(count, count, when("n").lt(3))
        .otherwise(count, show)
        .edge(show, count)
        .entry(count)
        .build()
        .unwrap();
    assert_snapshot!(graph.dot(), @r#"
    digraph {
      node [shape=box, style=rounded];
      entry [label="", shape=circle, style=filled, width=0.2];
      a0 [label="count"];
      a1 [label="show"];
      i0 [label="title", shape=ellipse, style=dashed];
      i1 [label="colour?", shape=ellipse, style=dashed];
      entry -> a0;
      i0 -> a1 [style=dashed, arrowhead=none];
      i1 -> a1 [style=dashed, arrowhead=none];
      a0 -> a0 [label="n < 3", style=dashed];
      a0 -> a1 [label="default", style=dashed];
      a1 -> a0;
    }
    "#);
    assert_snapshot!(graph.mermaid(), @r#"
    flowchart TD
      a0["count"]
      a1["show"]
      i0(["title"])
      i1(["colour?"])
      entry(( )) --> a0
      i0 -.- a1
      i1 -.- a1
      a0 -.->|"n #60; 3"| a0
      a0 -.->|"default"| a1
      a1 --> a0
    "#);
}

#[test]
fn no_name_breaks_out_of_a_picture() {
    let names =
        ["a\"]; b -> c [label=\"", "end\\", "&lt;b&gt; <script>alert(1)</script>", "line\nbreak\0", "%%{init: {}}%%"];
    let tests = "style x:#quot; `md` | \"] --> z";
    let mut graph = Graph::new(names.map(step)).entry(names[0]);
    for pair in names.windows(2) {
        graph = graph.edge_if(pair[0], pair[1], check(tests, ["x"], |_: &State| true));
    }
    let graph = graph.build().unwrap();
    assert_snapshot!(graph.dot(), @r#"
    digraph {
      node [shape=box, style=rounded];
      entry [label="", shape=circle, style=filled, width=0.2];
      a0 [label="a\"]; b -> c [label=\""];
      a1 [label="end\\"];
      a2 [label="&amp;lt;b&amp;gt; <script>alert(1)</script>"];
      a3 [label="line\nbreak "];
      a4 [label="%%{init: {}}%%"];
      entry -> a0;
      a0 -> a1 [label="style x:#quot; `md` | \"] --> z", style=dashed];
      a1 -> a2 [label="style x:#quot; `md` | \"] --> z", style=dashed];
      a2 -> a3 [label="style x:#quot; `md` | \"] --> z", style=dashed];
      a3 -> a4 [label="style x:#quot; `md` | \"] --> z", style=dashed];
    }
    "#);
    assert_snapshot!(graph.mermaid(), @r##"
    flowchart TD
      a0["a#34;#93;#59; b -#62; c #91;label=#34;"]
      a1["end#92;"]
      a2["#38;lt#59;b#38;gt#59; #60;script#62;alert(1)#60;/script#62;"]
      a3["line break "]
      a4["#37;#37;#123;init#58; #123;#125;#125;#37;#37;"]
      entry(( )) --> a0
      a0 -.->|"style x#58;#35;quot#59; #96;md#96; #124; #34;#93; --#62; z"| a1
      a1 -.->|"style x#58;#35;quot#59; #96;md#96; #124; #34;#93; --#62; z"| a2
      a2 -.->|"style x#58;#35;quot#59; #96;md#96; #124; #34;#93; --#62; z"| a3
      a3 -.->|"style x#58;#35;quot#59; #96;md#96; #124; #34;#93; --#62; z"| a4
    "##);
}
