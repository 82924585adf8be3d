//! What an action touches and does not declare, where only the run can tell.

use trackway_machine::{Node, State, action, state};

/// Returns what is said of a closure that reads `question` and writes `answer`.
fn told(work: impl Fn(State) -> State + Send + Sync + 'static) -> String {
    let answer = action("answer").reads(["question"]).writes(["answer"]).run_sync(move |state, _| work(state));
    let before = state! { question: "why?", secret: "hush" };
    match answer.call(&before).blocking() {
        Ok(outcome) => outcome.state.to_json(),
        Err(error) => error.chain(),
    }
}

#[test]
fn what_is_not_declared_fails_the_action() {
    let answered = |state: State| state.set("answer", 1);
    let drawn = [
        told(answered),
        told(move |state| if state["secret"].is_null() { answered(state) } else { state }),
        told(move |state| answered(state).set("secret", 2)),
        told(|state| state),
    ];
    insta::assert_snapshot!(drawn.join("\n"), @r#"
    {"question":"why?","secret":"hush","answer":1}
    answer failed in step 0: action `answer` reads `secret`, which is not among its reads; add it there
    answer failed in step 0: action `answer` writes `secret`, which is not among its writes; add it there
    answer failed in step 0: action `answer` declares that it writes `answer`, and the state that it returned has no such field
    "#);
}

#[action(writes = [answer])]
fn indirect(state: State) -> State {
    let key = "secret";
    state.set(key, 1).set("answer", 1)
}

#[test]
fn what_the_macro_cannot_see_is_found_when_it_runs() {
    let error = Node::from(indirect).call(&State::default()).blocking().unwrap_err();
    insta::assert_snapshot!(error.chain(), @"indirect failed in step 0: action `indirect` writes `secret`, which is not among its writes; add it there");
}
