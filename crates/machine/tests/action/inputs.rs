//! What actions are given beside the state.

use trackway_machine::{Fault, Input, Node, Output, State, Step, action, state};

#[action(writes = [said])]
fn say(state: State, text: &str, times: Option<u32>, _ending: String, marks: &[char]) -> State {
    let marks: String = marks.iter().collect();
    let said = vec![text; times.unwrap_or(1) as usize].join(" ");
    state.set("said", said + &_ending + &marks)
}

#[test]
fn inputs_are_parameters() {
    let spec = Node::from(say).spec().clone();
    assert_eq!(spec.inputs, ["text".into(), "ending".into(), "marks".into()]);
    assert_eq!(spec.optional_inputs, ["times".into()]);
}

#[test]
fn inputs_come_by_name() {
    let call = say().call(&State::default()).input("text", "hey").input("ending", ".").input("marks", ['!', '?']);
    assert_eq!(call.clone().blocking().unwrap().state["said"], "hey.!?");
    assert_eq!(call.input("times", 2).blocking().unwrap().state["said"], "hey hey.!?");
}

#[test]
fn what_is_missing_or_unknown_or_of_another_type_is_said() {
    let call = say().call(&State::default()).input("text", "hey");
    let told = |error: trackway_machine::Error| error.chain();
    insta::assert_snapshot!(told(call.clone().blocking().unwrap_err()), @r#"say needs the inputs ending, marks: give it with .input("ending", ..)"#);
    insta::assert_snapshot!(told(call.clone().input("txt", 1).blocking().unwrap_err()), @r#"no action takes an input `txt`: it has text, ending, marks, times; did you mean `text`?"#);
    let call = call.input("ending", ".").input("marks", [1]);
    insta::assert_snapshot!(told(call.blocking().unwrap_err()), @r#"say failed in step 0: the input `marks` of say is of another type: invalid type: integer `1`, expected a character"#);
}

#[action]
fn nested(state: State, step: Step) -> Result<(String, State), Fault> {
    let heard = std::thread::spawn(move || step.input::<String>("word")).join().map_err(|_| "no answer")?;
    Ok((heard.unwrap_or_default(), state))
}

#[test]
fn a_step_goes_along_into_threads() {
    let outcome = nested().call(&State::default()).blocking().unwrap();
    assert_eq!(outcome.result.unwrap().as_str(), Some(""));
}

#[test]
fn built_in_actions_carry_inputs_in_and_results_out() {
    let ask = Node::from(Input::new(["question", "user"]));
    let outcome = ask.call(&state! { n: 1 }).input("question", "why?").input("user", [1, 2]).blocking().unwrap();
    assert_eq!(outcome.state, state! { n: 1, question: "why?", user: [1, 2] });

    let done = Output::new(["user", "n"]).named("done");
    assert_eq!(done.call(&outcome.state).blocking().unwrap().result.unwrap().to_json(), r#"{"user":[1,2],"n":1}"#);
    let error = Output::new(["answer"]).named("done").call(&outcome.state).blocking().unwrap_err();
    insta::assert_snapshot!(error.chain(), @"done failed in step 0: the state has no field `answer`; it has none that can be read here");
}
