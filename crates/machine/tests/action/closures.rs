//! Actions that are closures.

use trackway_machine::{Fault, State, Step, action, state};

#[tokio::test]
async fn a_closure_that_waits() {
    let word = String::from("because");
    let answer = action("answer").reads(["question"]).writes(["answer"]).inputs(["times"]).tags(["llm"]).run(
        move |state, step| {
            let word = word.clone();
            async move {
                let times = step.input::<usize>("times")?;
                tokio::task::yield_now().await;
                Ok::<_, Fault>((times, state.set("answer", vec![word; times].join(" "))))
            }
        },
    );
    let outcome = answer.call(&state! { question: "why?" }).input("times", 2).await.unwrap();
    assert_eq!(outcome.state["answer"], "because because");
    assert_eq!(outcome.result.unwrap().as_i64(), Some(2));
    assert_eq!(answer.spec().tags, ["llm".into()]);
}

#[test]
fn a_closure_that_waits_for_nothing() {
    let bump = action("bump").writes(["n"]).optional(["by"]).run_sync(|state: State, step: &Step| {
        Ok::<_, Fault>(state.increment("n", step.optional_input("by")?.unwrap_or(1)))
    });
    assert_eq!(bump.call(&State::default()).blocking().unwrap().state["n"], 1);
    assert_eq!(bump.call(&state! { n: 1 }).input("by", 4).blocking().unwrap().state["n"], 5);
}

#[test]
fn a_closure_in_two_phases() {
    let double = action("double").reads(["n"]).writes(["n"]).two_phase(
        |state, _| async move { state.get::<i64>("n").map(|n| n * 2) },
        |doubled, state| state.set("n", doubled),
    );
    let outcome = double.call(&state! { n: 21 }).blocking().unwrap();
    assert_eq!(outcome.result.unwrap().as_i64(), Some(42));
    assert_eq!(outcome.state["n"], 42);
    let error = double.call(&State::default()).blocking().unwrap_err();
    insta::assert_snapshot!(error.chain(), @"double failed in step 0: the state has no field `n`; it has none that can be read here");
}

#[test]
fn a_result_that_has_no_form_fails_the_action() {
    let odd = action("odd").run_sync(|state, _| (std::collections::BTreeMap::from([(vec![1], 1)]), state));
    insta::assert_snapshot!(odd.call(&State::default()).blocking().unwrap_err().chain(), @"odd failed in step 0: the result of the action cannot be recorded: the key of a map is a list, and only a text can be one");
}
