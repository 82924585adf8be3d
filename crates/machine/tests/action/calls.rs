//! Calls of actions by hand.

use trackway_machine::{Inputs, State, Step, action, state};

#[action(reads = [n], writes = [n])]
async fn add(state: State, step: &Step, by: i64) -> State {
    step.attribute("by", by);
    let _span = step.span("adding").start();
    state.increment("n", by)
}

#[test]
fn a_call_takes_the_inputs_of_a_recorded_step() {
    let inputs = Inputs::default().with("by", 2);
    assert_eq!(add().call(&state! { n: 1 }).inputs(&inputs).blocking().unwrap().state, state! { n: 3 });
}

#[test]
fn a_state_with_a_mistake_in_it_is_refused() {
    let broken = state! { n: 1 }.append("n", 2);
    let error = add().call(&broken).input("by", 1).blocking().unwrap_err();
    insta::assert_snapshot!(error.chain(), @"the state cannot be used: field `n` of the state is a whole number, and only a list takes items");
}

#[test]
fn an_input_that_has_no_form_is_refused() {
    let odd = std::collections::BTreeMap::from([(vec![1], 1)]);
    let error = add().call(&State::default()).input("by", odd).blocking().unwrap_err();
    insta::assert_snapshot!(error.chain(), @r#"cannot encode the input `by`: the key of a map is a list, and only a text can be one"#);
}
