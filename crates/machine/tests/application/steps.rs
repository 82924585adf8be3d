use insta::assert_snapshot;
use tokio::runtime;
use trackway_machine::{
    Application, Begun, Error, Fact, Fault, Graph, Inputs, State, Step, StepKey, Timestamp, Value, Wanted, Why, action,
    after, never, state,
    testing::tell,
    tracker::{Memory, Opening},
};

use crate::kit::{counter, on_tokio, pause, zero};

fn echo() -> Graph {
    let ask = action("ask").writes(["prompt", "tone"]).inputs(["prompt"]).optional(["tone"]);
    let ask = ask.run(|state: State, step: Step| async move {
        let prompt: String = step.input("prompt")?;
        let tone: Option<String> = step.optional_input("tone")?;
        Ok::<_, Fault>(state.set("prompt", prompt).set("tone", tone))
    });
    let answer = action("answer").reads(["prompt"]).writes(["answer"]).run(|state: State, _| async move {
        pause().await;
        let prompt: String = state.get("prompt")?;
        Ok::<_, Fault>((prompt.len(), state.set("answer", prompt.to_uppercase())))
    });
    Graph::new([ask, answer]).edge("ask", "answer").edge("answer", "ask").entry("ask").build().unwrap()
}

async fn two_rounds(mut app: Application) -> String {
    let mut told = String::new();
    for prompt in ["why?", "how?"] {
        let halted = app.run(after("answer")).input("prompt", prompt).await.unwrap();
        told += &format!("{} {:?} {}\n", halted.action, halted.result, halted.state.to_json());
    }
    told
}

#[test]
fn a_run_is_the_same_under_every_runtime_and_under_none() {
    let start = || echo().start(State::default()).app_id("a").build().unwrap();
    let expected = on_tokio(&mut runtime::Builder::new_current_thread(), two_rounds(start()));
    assert_snapshot!(expected, @r#"
    answer Some(Number(Int(4))) {"prompt":"why?","tone":null,"answer":"WHY?"}
    answer Some(Number(Int(4))) {"prompt":"how?","tone":null,"answer":"HOW?"}
    "#);

    let many =
        on_tokio(&mut runtime::Builder::new_multi_thread(), async { tokio::spawn(two_rounds(start())).await.unwrap() });
    assert_eq!(many, expected);

    let mut app = start();
    let mut told = String::new();
    for prompt in ["why?", "how?"] {
        let halted = app.run(after("answer")).input("prompt", prompt).blocking().unwrap();
        told += &format!("{} {:?} {}\n", halted.action, halted.result, halted.state.to_json());
    }
    assert_eq!(told, expected);
}

#[test]
fn steps_count_from_zero_and_tell_what_comes_next() {
    let mut app = counter().start(zero()).build().unwrap();
    assert_eq!((app.sequence(), app.current_action(), app.next_action()), (None, None, Some("count")));
    let stepped = app.step().blocking().unwrap().unwrap();
    assert_eq!((stepped.step.sequence, &*stepped.action, stepped.next.as_deref()), (0, "count", Some("count")));
    app.run(never()).blocking().unwrap();
    assert_eq!((app.sequence(), app.current_action(), app.next_action()), (Some(3), Some("done"), None));
    assert!(app.step().blocking().unwrap().is_none());
    assert_eq!((app.sequence(), app.stats().steps), (Some(3), 4));
}

#[test]
fn a_run_that_has_nothing_left_says_so() {
    let mut app = counter().start(zero()).build().unwrap();
    let halted = app.run(never()).blocking().unwrap();
    assert_eq!((&*halted.action, halted.result, halted.why), ("done", Some(3.into()), Why::NothingLeft));
    let again = app.run(never()).blocking().unwrap();
    assert_eq!((&*again.action, again.result, again.why), ("done", None, Why::NothingLeft));
}

#[test]
fn what_an_action_does_not_take_is_left_out_of_its_inputs() {
    let seen = |step: &Step| Value::Map(step.inputs().clone()).to_json();
    let one =
        action("one").writes(["seen"]).inputs(["a"]).run_sync(move |state: State, step| state.set("seen", seen(step)));
    let two = action("two")
        .writes(["seen"])
        .optional(["b"])
        .run_sync(move |state: State, step| state.set("seen", seen(step)));
    let graph = Graph::new([one, two]).edge("one", "two").entry("one").build().unwrap();
    let mut app = graph.start(State::default()).build().unwrap();
    let inputs = Inputs::default().with("a", 1).with("b", 2);
    app.step().inputs(&inputs).blocking().unwrap();
    assert_eq!(app.state().get::<String>("seen").unwrap(), r#"{"a":1}"#);
    app.step().inputs(&inputs).blocking().unwrap();
    assert_eq!(app.state().get::<String>("seen").unwrap(), r#"{"b":2}"#);
}

#[test]
fn missing_and_unknown_inputs_are_refused_before_anything_is_done() {
    let mut app = echo().start(State::default()).build().unwrap();
    let missing = app.step().blocking().unwrap_err();
    assert_snapshot!(missing, @r#"ask needs the input prompt: give it with .input("prompt", ..)"#);
    let unknown = app.step().input("promt", "why?").blocking().unwrap_err();
    assert_snapshot!(unknown, @"no action takes an input `promt`: it has prompt, tone; did you mean `prompt`?");
    let unreadable =
        app.step().input("prompt", std::collections::BTreeMap::from([((1, 2), 3)])).blocking().unwrap_err();
    assert!(matches!(unreadable, Error::Input { .. }));
    assert_eq!((app.sequence(), app.stats().steps), (None, 0));
    assert!(app.step().input("prompt", "why?").blocking().unwrap().is_some());
}

#[test]
fn an_input_of_another_type_is_named() {
    let mut app = echo().start(State::default()).build().unwrap();
    let error = app.step().input("prompt", 7).blocking().unwrap_err();
    assert_snapshot!(error.chain(), @"ask failed in step 0: the input `prompt` of ask is of another type: invalid type: integer `7`, expected a string");
}

#[test]
fn a_state_set_by_hand_decides_what_comes_next() {
    let mut app = counter().start(zero()).build().unwrap();
    app.step().blocking().unwrap();
    app.update_state(state! { n: 9 }).unwrap();
    assert_eq!((app.next_action(), app.state()), (Some("done"), &state! { n: 9 }));
    app.reset_to_entrypoint();
    app.update_state(state! { n: 9 }).unwrap();
    assert_eq!(app.next_action(), Some("count"));
    app.step().blocking().unwrap();
    assert_eq!(app.state(), &state! { n: 10 });
}

#[test]
fn a_state_that_was_set_wrongly_is_refused() {
    let wrong = || zero().append("n", 1);
    let error = counter().start(wrong()).build().unwrap_err();
    assert_snapshot!(error.chain(), @"the state cannot be used: field `n` of the state is a whole number, and only a list takes items");
    let mut app = counter().start(zero()).build().unwrap();
    assert!(matches!(app.update_state(wrong()), Err(Error::State(_))));
    assert_eq!(app.state(), &zero());
}

#[test]
fn steps_are_handed_out_one_by_one() {
    let mut app = counter().start(zero()).build().unwrap();
    let mut steps = app.iterate(after("done"));
    let mut told = Vec::new();
    while let Some(stepped) = steps.next().blocking().unwrap() {
        told.push(format!("{} {}", stepped.step.sequence, stepped.action));
    }
    assert_eq!(told, ["0 count", "1 count", "2 count", "3 done"]);
    assert_eq!(steps.halted().unwrap().why, Why::After);
    assert!(steps.next().blocking().unwrap().is_none());
}

#[test]
fn an_application_begins_where_it_is_told() {
    let builder = counter().start(zero()).app_id("a").first_sequence(7).entry("done").set("n", 5);
    let mut app = builder.build().unwrap();
    let stepped = app.step().blocking().unwrap().unwrap();
    assert_eq!((stepped.step.sequence, stepped.result, app.app_id()), (7, Some(5.into()), "a"));
    let error = counter().start(zero()).entry("coutn").build().unwrap_err();
    assert_snapshot!(error, @"the graph has no `coutn`: it has count, done; did you mean `count`?");
}

#[test]
fn application_ids_are_random_uuids() {
    let id = || counter().start(zero()).build().unwrap().app_id().to_owned();
    let (one, other) = (id(), id());
    assert_ne!(one, other);
    let parts: Vec<usize> = one.split('-').map(str::len).collect();
    assert_eq!((parts, &one[14..15]), (vec![8, 4, 4, 4, 12], "4"));
    assert!("89ab".contains(&one[19..20]));
}

#[test]
fn steps_are_numbered_as_far_as_every_reader_counts() {
    let first = |number| counter().start(zero()).first_sequence(number).build();
    let mut app = first(1 << 53).unwrap();
    for number in 1_i64 << 53..(1 << 53) + 3 {
        assert_eq!(app.step().blocking().unwrap().unwrap().step.sequence, number);
    }
    assert_snapshot!(first(-1).unwrap_err(), @"no step can have the number -1: name one from 0 to 2^53 with .first_sequence(..)");
    assert!(matches!(first(i64::MAX), Err(Error::Sequence { number: i64::MAX })));
}

#[test]
fn a_log_with_numbers_at_their_end_is_no_reason_to_panic() {
    let resumed = |sequence, attempt| {
        let (memory, run) = (Memory::default(), Wanted::new("demo", "1"));
        let step = StepKey { sequence, attempt };
        let (action, time, inputs) = ("count".into(), Timestamp(1), Inputs::default());
        let begun = Begun { step, action, time, inputs, span: None };
        tell(memory.clone(), &run.run(), Opening::New, [Fact::Begun(begun)]).unwrap();
        counter().resume_from(&memory, &run).unwrap().set("n", 0).build()
    };
    let stepped = resumed(7, u32::MAX).unwrap().step().blocking().unwrap().unwrap();
    assert_eq!(stepped.step, StepKey { sequence: 7, attempt: u32::MAX });
    assert!(matches!(resumed(i64::MAX, 0), Err(Error::Sequence { .. })));
    assert!(matches!(resumed(i64::MIN, 0), Err(Error::Sequence { .. })));
}
