//! What the macro says of an action that it refuses, and of which words.

use proc_macro2::TokenStream;

use super::{Expanded, expanded};
use crate::refused::drawn;

fn said(uses: &[&str]) -> String {
    drawn(uses, |options, item| match expanded(options, item, "")? {
        Expanded { undeclared: Some(error), .. } => Err(error),
        Expanded { undeclared: None, .. } => Ok(()),
    })
}

/// Returns what is said of a body in an action that reads `question` and writes `answer` and `history`.
fn said_in(body: &str) -> String {
    let written = format!(
        "#[action(reads = [question], writes = [\"answer\", Chat::history])] \
         fn answer(state: State, step: &Step, limit: i64) -> Result<State> {{ {body} }}"
    );
    said(&[&written])
}

fn accepted_in(body: &str) {
    let function = format!("fn answer(mut state: State, step: &Step) -> Result<State> {{ {body} }}");
    let options: TokenStream = "reads = [question], writes = [\"answer\", Chat::history]".parse().unwrap();
    let expanded = expanded(options, function.parse().unwrap(), "").unwrap();
    assert!(expanded.undeclared.is_none(), "{body}: {}", expanded.undeclared.unwrap());
}

#[test]
fn an_option_that_is_wrong() {
    let drawn = said(&[
        "#[action(read = [question])] fn ask(state: State) -> State { state }",
        "#[action(inputs = [prompt])] fn ask(state: State) -> State { state }",
        "#[action(retries = 3)] fn ask(state: State) -> State { state }",
        "#[action(\"ask\")] fn ask(state: State) -> State { state }",
        "#[action(name = ask)] fn ask(state: State) -> State { state }",
        "#[action(name = \"\")] fn ask(state: State) -> State { state }",
        "#[action(reads)] fn ask(state: State) -> State { state }",
        "#[action(reads = question)] fn ask(state: State) -> State { state }",
        "#[action(reads = [1])] fn ask(state: State) -> State { state }",
        "#[action(writes = [\"\"])] fn ask(state: State) -> State { state }",
        "#[action(writes = [answer, \"answer\"])] fn ask(state: State) -> State { state }",
        "#[action(tags = [a], tags = [b])] fn ask(state: State) -> State { state }",
        "#[action(reduce)] fn ask(state: State) -> State { state }",
    ]);
    let expected = r#"read
    unknown option `read`; write `reads = [..]`. The options are `reads = [..]`, `writes = [..]`, `tags = [..]`, `name = ".."`, `reduce = path` and `crate = ::path`
inputs
    unknown option `inputs`; an action's inputs are its parameters, those of the type `Option` optional. The options are `reads = [..]`, `writes = [..]`, `tags = [..]`, `name = ".."`, `reduce = path` and `crate = ::path`
retries
    unknown option `retries`. The options are `reads = [..]`, `writes = [..]`, `tags = [..]`, `name = ".."`, `reduce = path` and `crate = ::path`
"ask"
    write `name = "ask"`
ask
    an action's name is a literal: `name = "answer"`
""
    an action needs a name; without `name` it is that of the function
reads
    write `reads = [question]`
question
    a list has brackets: `reads = [question]`
1
    a name is written `question`, `"question"` or `Chat::question`
""
    this name is empty
"answer"
    `answer` is listed twice
tags
    `tags` is given twice
reduce
    write `reduce = path::to::function`
"#;
    assert_eq!(drawn, expected);
}

#[test]
fn what_cannot_be_an_action() {
    let drawn = said(&[
        "#[action] pub struct Ask;",
        "#[action] fn ask(state: State) -> State;",
        "#[action] const fn ask(state: State) -> State { state }",
        "#[action] unsafe fn ask(state: State) -> State { state }",
        "#[action] extern \"C\" fn ask(state: State) -> State { state }",
        "#[action] fn ask<M: Model>(state: State, model: M) -> State { state }",
        "#[action] fn ask(state: State, model: impl Model) -> State { state }",
        "#[action] fn ask(self, state: State) -> State { state }",
        "#[action] fn ask(&mut self, state: State) -> State { state }",
        "#[action] fn ask(self: Arc<Self>, state: State) -> State { state }",
        "#[action] fn ask(state: State) {}",
        "#[action(reduce = keep)] fn ask(state: State) {}",
        "#[action] fn ask(state: State) -> impl Stream<Item = State> { once(state) }",
    ]);
    let expected = r#"struct
    `#[action]` goes on a function or a method
ask
    this function has no body: put `#[action]` where it is implemented
const
    an action runs when the application does: remove `const`
unsafe
    the application that runs an action can promise nothing: remove `unsafe`
extern "C"
    an action is called by the application: remove `extern`
M: Model
    an action cannot be generic, since a graph holds one function: name the type, or make the action a method of a generic type: `async fn answer(&self, state: State)`
impl Model
    an action cannot be generic, since a graph holds one function: name the type
self
    an action that is a method takes `&self`: the application shares what it belongs to
&mut self
    an action that is a method takes `&self`: the application shares what it belongs to
self: Arc<Self>
    an action that is a method takes `&self`: the application shares what it belongs to
ask
    an action returns the state afterwards: add `-> State`, or `-> Result<State, E>`
ask
    the first phase of an action returns its result: add `-> Answer`, or `-> Result<Answer, E>`
-> impl Stream<Item = State>
    an action returns one state, not a stream of them
"#;
    assert_eq!(drawn, expected);
}

#[test]
fn parameters_that_nothing_can_be_passed_for() {
    let drawn = said(&[
        "#[action] fn ask(step: &Step) -> State { State::default() }",
        "#[action] fn ask(state: &mut State) -> State { state.clone() }",
        "#[action] fn ask(state: State, before: &State) -> State { state }",
        "#[action] fn ask(state: State, prompt: String, _prompt: &str) -> State { state }",
        "#[action] fn ask(state: State, (a, b): (i64, i64)) -> State { state }",
        "#[action] fn ask(state: State, _: i64) -> State { state }",
        "#[action] fn ask(state: State, prompt: Option<&str>) -> State { state }",
        "#[action] fn ask(state: State, prompt: &Option<String>) -> State { state }",
    ]);
    let expected = r#"ask
    an action takes the state that it changes: add the parameter `state: State`
&mut State
    an action changes nothing that it is given: take `State`, and return another
before: &State
    an action is given this once: remove the second
_prompt: &str
    an action is given this once: remove the second
(a, b)
    an input is asked for by the name of its parameter: write a plain name
_
    an input is asked for by the name of its parameter: write a plain name
Option<&str>
    an optional input is owned: take `Option<String>` in the place of `Option<&str>`
&Option<String>
    an optional input is owned: remove the `&` before `Option`
"#;
    assert_eq!(drawn, expected);
}

#[test]
fn fields_that_an_action_does_not_declare() {
    let drawn = said_in(
        r#"
        let limit: i64 = state.get("limit")?;
        let (question, n) = (state.get::<String>("qestion")?, state["n"].clone());
        println!("{} {:?}", limit + 1, state.value("seen"));
        let next = state.set("asked", true).append("histroy", question).set("answer", n);
        let _ = next.increment(Chat::count, state.get::<i64>(Chat::step)?);
        Ok(next.extend("chat", []).remove("answer").remove("question"))
        "#,
    );
    let expected = r#""limit"
    `answer` does not declare that it reads `limit`: add it to `reads = [..]`
"qestion"
    `answer` does not declare that it reads `qestion`: add it to `reads = [..]`; did you mean `question`?
"n"
    `answer` does not declare that it reads `n`: add it to `reads = [..]`
"seen"
    `answer` does not declare that it reads `seen`: add it to `reads = [..]`
"histroy"
    `answer` does not declare that it writes `histroy`: add it to `writes = [..]`; did you mean `history`?
"asked"
    `answer` does not declare that it writes `asked`: add it to `writes = [..]`
Chat::count
    `answer` does not declare that it writes `count`: add it to `writes = [..]`
Chat::step
    `answer` does not declare that it reads `step`: add it to `reads = [..]`
"question"
    `answer` does not declare that it writes `question`: add it to `writes = [..]`
"chat"
    `answer` does not declare that it writes `chat`: add it to `writes = [..]`
"#;
    assert_eq!(drawn, expected);
}

#[test]
fn what_only_the_run_can_tell_is_left_to_it() {
    accepted_in("let key = \"n\"; state.get::<i64>(key)?; Ok(state.set(keys::N, 1))");
    accepted_in("let state = other(); state.get::<i64>(\"n\")?; Ok(state.set(\"n\", 1))");
    accepted_in("state = other(); Ok(state.set(\"n\", 1))");
    accepted_in("let (state, n) = split(state); Ok(state.set(\"n\", n))");
    accepted_in("if let Some(state) = before { state.get::<i64>(\"n\")?; } Ok(state)");
    accepted_in("match before { Some(state) => state.set(\"n\", 1), None => other() }");
    accepted_in("for state in all { println!(\"{}\", state[\"n\"]); } Ok(state)");
    accepted_in("let all = all.map(|state| state.set(\"n\", 1)); Ok(state)");
    accepted_in("fn inner(state: State) -> State { state.set(\"n\", 1) } Ok(inner(state))");
    accepted_in("map.get(\"n\"); map.insert(\"n\", 1); other.state.set(\"n\", 1); Ok(state)");
    accepted_in("state.get::<Chat>(\"question\")?.get(\"n\"); Ok(state)");
}

#[test]
fn a_constant_that_is_declared_may_be_any_field() {
    let function = "fn ask(state: State) -> State { state.set(\"question\", 1).set(keys::N, state[\"n\"].clone()) }";
    let options = "reads = [keys::N], writes = [QUESTION]".parse().unwrap();
    assert!(expanded(options, function.parse().unwrap(), "").unwrap().undeclared.is_none());
}

#[test]
fn a_field_that_was_written_may_be_read() {
    accepted_in("let state = state.set(\"answer\", 1); state.get::<i64>(\"answer\")?; Ok(state)");
    accepted_in("Ok(state.append(Chat::history, state[\"question\"].clone()))");
}

#[test]
fn a_name_that_is_shadowed_in_a_block_is_the_state_again_behind_it() {
    let drawn = said_in("{ let state = other(); state.set(\"n\", 1); } Ok(state.set(\"n\", 1))");
    assert_eq!(drawn, "\"n\"\n    `answer` does not declare that it writes `n`: add it to `writes = [..]`\n");
}
