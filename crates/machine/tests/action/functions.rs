//! What `#[action]` makes of functions.

use std::pin::Pin;

use trackway_machine::{Fault, Function, Graph, Key, Node, State, Step, action, state};

/// Counts up.
#[action(reads = [n], writes = [n], tags = [quick, "in memory"])]
fn bump(state: State) -> State {
    state.increment("n", 1)
}

#[action(reads = ["question"], writes = ["answer"], name = "reply")]
async fn answer(step: &Step, state: State) -> Result<State, Fault> {
    let answer = format!("{}: {}", step.action(), state.get::<String>("question")?); // its own name is free inside
    tokio::task::yield_now().await;
    Ok(state.set("answer", answer))
}

#[action(reads = [n], writes = [half])]
fn halve(state: State) -> Result<(i64, State), Fault> {
    let n: i64 = state.get("n")?;
    if n % 2 != 0 {
        return Err(format!("{n} is odd").into());
    }
    Ok((n / 2, state.set("half", n / 2)))
}

#[action]
fn look(state: &State) -> (bool, State) {
    (true, state.clone())
}

#[test]
fn a_function_is_declared_as_it_is_written() {
    let node = Node::from(bump);
    let spec = node.spec();
    assert_eq!(&*spec.name, "bump");
    assert_eq!((spec.reads.as_slice(), spec.writes.as_slice()), (&["n".into()][..], &["n".into()][..]));
    assert_eq!(spec.tags, ["quick".into(), "in memory".into()]);
    assert_eq!(
        spec.code.as_deref(),
        Some(
            "#[action(reads = [n], writes = [n], tags = [quick, \"in memory\"])]\n\
             fn bump(state: State) -> State {\n    state.increment(\"n\", 1)\n}"
        )
    );
}

#[test]
fn a_function_that_waits_for_nothing() {
    let outcome = bump().call(&state! { n: 1 }).blocking().unwrap();
    assert_eq!(outcome.state, state! { n: 2 });
    assert!(outcome.result.is_none());
}

#[tokio::test]
async fn a_function_that_waits() {
    let outcome = answer().call(&state! { question: "why?" }).await.unwrap();
    assert_eq!(outcome.state["answer"], "reply: why?");
}

#[action(writes = [n])]
fn boxed(state: State) -> Pin<Box<dyn Future<Output = State> + Send>> {
    Box::pin(async move { state.set("n", 1) })
}

#[action(writes = [n])]
#[cfg(test)]
#[inline(never)]
#[allow(dead_code)]
fn marked(state: &State) -> Result<State, Fault> {
    Ok(state.set("n", 1))
}

#[test]
fn other_attributes_stay_with_the_function() {
    assert_eq!(boxed().call(&State::default()).blocking().unwrap().state, state! { n: 1 });
    assert_eq!(marked().call(&State::default()).blocking().unwrap().state, state! { n: 1 });
    let code = marked().declared.code;
    assert!(code.starts_with("#[action(writes = [n])]\nfn marked(state: &State) -> Result<State, Fault> {"), "{code}");
}

#[test]
fn a_result_stands_beside_the_state() {
    let outcome = halve().call(&state! { n: 6 }).blocking().unwrap();
    assert_eq!(outcome.result.unwrap().as_i64(), Some(3));
    assert_eq!(outcome.state["half"], 3);
    assert_eq!(look().call(&state! { n: 1 }).blocking().unwrap().result.unwrap().as_bool(), Some(true));
}

#[test]
fn what_an_action_fails_with_is_its_own_error() {
    let error = halve().call(&state! { n: 7 }).blocking().unwrap_err();
    assert_eq!(error.chain(), "halve failed in step 0: 7 is odd");
}

#[test]
fn graphs_take_functions_by_their_names() {
    let graph = Graph::new([bump, look]).entry(bump).edge(bump, look).build().unwrap();
    assert!(graph.node("bump").is_some());
    const KEPT: [Function; 2] = [bump(), look()];
    assert_eq!(KEPT.map(|function| function.declared.name), ["bump", "look"]);
}

const TOTAL: Key<i64> = Key::new("total");
const NOTE: &str = "the note";

mod keys {
    pub(crate) const SEEN: trackway_machine::Key<bool> = trackway_machine::Key::new("was seen");
}

#[action(reads = [TOTAL], writes = [keys::SEEN, NOTE])]
fn mark(state: State) -> Result<State, Fault> {
    let total = state.get(TOTAL)?;
    Ok(state.set(keys::SEEN, total > 0).set(NOTE, "marked"))
}

#[test]
fn constants_name_the_fields_that_they_hold() {
    let outcome = mark().call(&state! { total: 1 }).blocking().unwrap();
    assert_eq!(outcome.state, state! { total: 1, "was seen": true, "the note": "marked" });
}

#[derive(serde::Serialize)]
struct Reply {
    text: String,
    tokens: usize,
}

/// Keeps a reply.
fn keep(reply: &Reply, state: State) -> State {
    state.set("answer", &reply.text)
}

fn keep_short(reply: &Reply, state: State) -> Result<State, Fault> {
    if reply.tokens > 1 { Err("too long".into()) } else { Ok(keep(reply, state)) }
}

#[action(reads = [question], writes = [answer], reduce = keep)]
async fn complete(state: &State) -> Result<Reply, Fault> {
    let text = state.get::<String>("question")?.to_uppercase();
    Ok(Reply { tokens: text.split(' ').count(), text })
}

#[action(reads = [question], writes = [answer], reduce = self::keep_short)]
fn guess(state: State, text: String) -> Reply {
    let asked = state["question"].as_str().map_or(0, |question| question.split(' ').count());
    Reply { tokens: asked, text }
}

#[test]
fn an_action_in_two_phases() {
    let outcome = complete().call(&state! { question: "why not?" }).blocking().unwrap();
    assert_eq!(outcome.result.unwrap().to_json(), r#"{"text":"WHY NOT?","tokens":2}"#);
    assert_eq!(outcome.state["answer"], "WHY NOT?");

    let guessed = guess().call(&state! { question: "why?" }).input("text", "because").blocking().unwrap();
    assert_eq!(guessed.state["answer"], "because");
    let error = guess().call(&state! { question: "why not?" }).input("text", "no").blocking().unwrap_err();
    assert_eq!(error.chain(), "guess failed in step 0: too long");
}
