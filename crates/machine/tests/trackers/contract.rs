//! Append, load, retry, fork, order: told and asked through the public door.

use std::panic::Location;

use trackway_machine::{
    At, Begun, Change, Choice, Ended, Fact, Failed, Graph, LoadError, Loader, Place, Placed, RunKey, Saved, SpanId,
    State, Status, StepKey, Timestamp, TraceId, Tracker, Tried, Value, Wanted, after, state,
    testing::{script, tell},
    tracker::Opening,
};

pub(crate) trait Keeper: Tracker + Loader + Clone {}
impl<T: Tracker + Loader + Clone> Keeper for T {}

/// Checks all that a tracker and loader must do; `new` makes one that keeps nothing yet.
pub(crate) fn all<K: Keeper>(new: &dyn Fn() -> K) {
    keeping(new);
    a_run_may_have_an_empty_name(new());
    a_run_is_not_begun_twice_and_not_written_twice_at_once(new());
}

/// Checks what a tracker and loader must do that leaves it to others that a run has one writer.
pub(crate) fn keeping<K: Keeper>(new: &dyn Fn() -> K) {
    states_come_back_as_they_were(new());
    a_step_without_an_end_is_unfinished_and_has_the_state_before(new());
    a_failed_step_has_the_state_before(new());
    of_attempts_the_last_counts(new());
    a_state_that_was_set_by_hand_counts_only_at_the_end(new());
    before_the_first_step_is_the_state_of_the_beginning(new());
    what_is_not_there_is_nothing(new());
    partitions_are_told_apart(new());
    strange_names_stay_apart(new());
    applications_go_on_where_they_stopped(new());
    applications_fork_and_leave_the_other_as_it_was(new());
    long_runs_load_at_every_step(new());
}

/// Checks what a keeper of states must do that keeps nothing else of steps.
pub(crate) fn states<K: Keeper>(new: &dyn Fn() -> K) {
    a_failed_step_has_the_state_before(new());
    applications_go_on_where_they_stopped(new());
    long_runs_load_at_every_step(new());
}

fn key(sequence: i64, attempt: u32) -> StepKey {
    StepKey { sequence, attempt }
}

fn begun(step: StepKey, action: &str) -> Fact {
    let inputs = [("prompt".to_owned(), Value::from("hi"))];
    let inputs =
        inputs.into_iter().fold(Default::default(), |map: trackway_machine::Map, (name, value)| map.with(name, value));
    let span = Place {
        trace_id: TraceId::new([1; 16]).unwrap(),
        span_id: SpanId::new([2; 8]).unwrap(),
        parent_id: None,
        is_told_here: true,
        follows: None,
    };
    Fact::Begun(Begun { step, action: action.into(), time: Timestamp(1), inputs, span: Some(span) })
}

fn ended(step: StepKey, action: &str, state: State, changes: Option<Vec<Change>>, next: Option<&str>) -> Fact {
    let tried = vec![Tried { to: "answer".into(), condition: "default".into(), held: Ok(true) }];
    Fact::Ended(Box::new(Ended {
        step,
        action: action.into(),
        begun: Timestamp(1),
        time: Timestamp(2),
        outcome: Ok(Some(Value::from("done"))),
        state,
        changes,
        choice: Some(Choice { next: next.map(Into::into), tried: tried.into() }),
        span: None,
    }))
}

fn failed(step: StepKey, action: &str, state: State) -> Fact {
    Fact::Ended(Box::new(Ended {
        step,
        action: action.into(),
        begun: Timestamp(1),
        time: Timestamp(2),
        outcome: Err(Failed { text: "no model".into() }),
        state,
        changes: None,
        choice: None,
        span: None,
    }))
}

fn placed(after: Option<StepKey>, next: Option<&str>, state: State) -> Fact {
    Fact::Placed(Placed { after, next: next.map(Into::into), is_chosen: false, state, time: Timestamp(3) })
}

fn demo() -> Wanted {
    Wanted::new("demo", "1")
}

fn keep<K: Keeper>(keeper: &K, facts: Vec<Fact>) {
    tell(keeper.clone(), &demo().run(), Opening::New, facts).unwrap();
}

/// Compares a run as it stood with a line: the step, its action, how it ended, the state, what comes next.
#[track_caller]
fn stands<K: Keeper>(keeper: &K, wanted: &Wanted, at: impl Into<At>, expected: &str) {
    let at = at.into();
    let saved = keeper.load(wanted, at).unwrap();
    let line = saved.as_ref().map_or_else(|| "nothing".to_owned(), line);
    assert_eq!(line, expected, "{} at {at:?}, asked at {}", keeper.name(), Location::caller());
}

fn line(saved: &Saved) -> String {
    let step = match saved.step {
        Some(StepKey { sequence, attempt: 0 }) => sequence.to_string(),
        Some(StepKey { sequence, attempt }) => format!("{sequence}/{attempt}"),
        None => "-".into(),
    };
    let action = saved.action.as_deref().unwrap_or("-");
    let next = saved.next_action();
    let next = next.as_deref().unwrap_or("-");
    format!("{step} {action} {:?} {} next {next}", saved.status, saved.state.to_json())
}

fn states_come_back_as_they_were<K: Keeper>(keeper: K) {
    let json = r#"{"big":1180591620717411303424,"text":"ä\n\u0000𝄞","list":[1,[],{}],"float":0.1,"none":null,"b":{"z":1,"a":2}}"#;
    let first = State::from_json(json).unwrap();
    let second = first.append("list", "new").set("text", "other").remove("none");
    let changes = vec![
        Change::Append("list".into(), Value::from("new")),
        Change::Set("text".into(), Value::from("other")),
        Change::Remove("none".into()),
    ];
    keep(
        &keeper,
        vec![
            placed(None, Some("ask"), state! {}),
            begun(key(0, 0), "ask"),
            ended(key(0, 0), "ask", first.clone(), None, Some("answer")),
            begun(key(1, 0), "answer"),
            ended(key(1, 0), "answer", second.clone(), Some(changes), None),
        ],
    );
    stands(&keeper, &demo(), 0, &format!("0 ask Completed {} next answer", first.to_json()));
    let last = format!("1 answer Completed {} next -", second.to_json());
    stands(&keeper, &demo(), 1, &last);
    stands(&keeper, &demo(), At::Latest, &last);
}

fn a_step_without_an_end_is_unfinished_and_has_the_state_before<K: Keeper>(keeper: K) {
    keep(
        &keeper,
        vec![
            placed(None, Some("ask"), state! { n: 0 }),
            begun(key(0, 0), "ask"),
            ended(key(0, 0), "ask", state! { n: 1 }, None, Some("answer")),
            begun(key(1, 0), "answer"),
        ],
    );
    stands(&keeper, &demo(), At::Latest, r#"1 answer Unfinished {"n":1} next answer"#);
    stands(&keeper, &demo(), 0, r#"0 ask Completed {"n":1} next answer"#);
}

fn a_failed_step_has_the_state_before<K: Keeper>(keeper: K) {
    let before = state! { n: 1 };
    keep(
        &keeper,
        vec![placed(None, Some("ask"), before.clone()), begun(key(0, 0), "ask"), failed(key(0, 0), "ask", before)],
    );
    stands(&keeper, &demo(), At::Latest, r#"0 ask Failed {"n":1} next ask"#);
}

fn of_attempts_the_last_counts<K: Keeper>(keeper: K) {
    keep(
        &keeper,
        vec![
            placed(None, Some("ask"), state! { n: 0 }),
            begun(key(0, 0), "ask"),
            begun(key(0, 1), "ask"),
            ended(key(0, 1), "ask", state! { n: 2 }, None, Some("ask")),
            begun(key(1, 0), "ask"),
        ],
    );
    stands(&keeper, &demo(), 0, r#"0/1 ask Completed {"n":2} next ask"#);
}

fn a_state_that_was_set_by_hand_counts_only_at_the_end<K: Keeper>(keeper: K) {
    keep(
        &keeper,
        vec![
            placed(None, Some("ask"), state! { n: 0 }),
            begun(key(0, 0), "ask"),
            ended(key(0, 0), "ask", state! { n: 1 }, None, Some("ask")),
            placed(Some(key(0, 0)), Some("answer"), state! { n: 9 }),
        ],
    );
    stands(&keeper, &demo(), At::Latest, r#"0 ask Completed {"n":9} next answer"#);
    stands(&keeper, &demo(), 0, r#"0 ask Completed {"n":1} next ask"#);
}

fn before_the_first_step_is_the_state_of_the_beginning<K: Keeper>(keeper: K) {
    keep(&keeper, vec![placed(None, Some("ask"), state! { n: 5 })]);
    stands(&keeper, &demo(), At::Latest, r#"- - NotBegun {"n":5} next ask"#);
    stands(&keeper, &demo(), -1, r#"- - NotBegun {"n":5} next ask"#);
    let facts = [begun(key(0, 0), "ask"), ended(key(0, 0), "ask", state! { n: 6 }, None, None)];
    tell(keeper.clone(), &demo().run(), Opening::GoesOn, facts).unwrap();
    stands(&keeper, &demo(), -1, r#"- - NotBegun {"n":5} next ask"#);
    stands(&keeper, &demo(), At::Latest, r#"0 ask Completed {"n":6} next -"#);
}

fn what_is_not_there_is_nothing<K: Keeper>(keeper: K) {
    stands(&keeper, &demo(), At::Latest, "nothing");
    keep(&keeper, vec![placed(None, Some("ask"), state! {})]);
    stands(&keeper, &demo(), 0, "nothing");
    stands(&keeper, &Wanted::new("demo", "2"), At::Latest, "nothing");
    stands(&keeper, &demo().in_partition("ada"), At::Latest, "nothing");
    assert_eq!(keeper.list("other").unwrap(), []);
    let graph = Graph::new([script("ask")]).entry("ask").build().unwrap();
    let error = graph.resume_from(&keeper, &Wanted::new("demo", "2")).unwrap_err();
    assert_eq!(error.to_string(), format!("demo has no run 2 in {}", keeper.name()));
}

fn partitions_are_told_apart<K: Keeper>(keeper: K) {
    for (n, partition) in ["ada", "bob"].into_iter().enumerate() {
        let facts = [placed(None, None, state! { n: n })];
        tell(keeper.clone(), &demo().in_partition(partition).run(), Opening::New, facts).unwrap();
    }
    stands(&keeper, &demo().in_partition("bob"), At::Latest, r#"- - NotBegun {"n":1} next -"#);
    let error = keeper.load(&demo(), At::Latest).unwrap_err();
    assert!(matches!(error, LoadError::Ambiguous { ref partitions, .. } if *partitions == ["ada", "bob"]), "{error}");
    keep(&keeper, vec![placed(None, None, state! { n: 2 })]);
    stands(&keeper, &demo(), At::Latest, r#"- - NotBegun {"n":2} next -"#);
    let mut listed = keeper.list("demo").unwrap();
    listed.sort();
    let partitions: Vec<_> = listed.iter().map(|run| run.partition.as_deref()).collect();
    assert_eq!(partitions, [None, Some("ada"), Some("bob")]);
}

fn strange_names_stay_apart<K: Keeper>(keeper: K) {
    let long = "x".repeat(400);
    let names = ["..", "../../x", "a/b", "a~b", "A", "a", "ä\n", "%", &long];
    for (n, name) in names.iter().enumerate() {
        let run = RunKey { project: "pro/ject".into(), partition: None, app: (*name).into() };
        tell(keeper.clone(), &run, Opening::New, [placed(None, None, state! { n: n })]).unwrap();
    }
    for (n, name) in names.iter().enumerate() {
        stands(&keeper, &Wanted::new("pro/ject", name), At::Latest, &format!(r#"- - NotBegun {{"n":{n}}} next -"#));
    }
    assert_eq!(keeper.list("pro/ject").unwrap().len(), names.len());
}

fn a_run_may_have_an_empty_name<K: Keeper>(keeper: K) {
    let run = Wanted::new("demo", "");
    tell(keeper.clone(), &run.run(), Opening::New, [placed(None, None, state! { n: 1 })]).unwrap();
    stands(&keeper, &run, At::Latest, r#"- - NotBegun {"n":1} next -"#);
}

fn a_run_is_not_begun_twice_and_not_written_twice_at_once<K: Keeper>(keeper: K) {
    let graph = Graph::new([script("ask")]).entry("ask").build().unwrap();
    let start = || graph.start(state! {}).project("demo").app_id("1").tracker(keeper.clone()).build();
    let app = start().unwrap();
    assert!(graph.resume_from(&keeper, &demo()).unwrap().build().is_err(), "it is being written");
    drop(app);
    assert!(start().is_err(), "it is there already");
    graph.resume_from(&keeper, &demo()).unwrap().build().unwrap();
}

/// Counts and fails in turns: a graph whose second step fails.
fn graph() -> Graph {
    let ask = script("ask").writes(["n"]).gives(state! { n: 1 });
    let answer = script("answer").reads(["n"]).writes(["text"]).fails("no model").gives(state! { text: "because" });
    Graph::new([ask, answer]).edge("ask", "answer").entry("ask").build().unwrap()
}

fn applications_go_on_where_they_stopped<K: Keeper>(keeper: K) {
    let graph = graph();
    let mut app = graph.start(state! { n: 0 }).project("demo").app_id("1").tracker(keeper.clone()).build().unwrap();
    app.step().blocking().unwrap();
    drop(app);

    let mut app = graph.resume_from(&keeper, &demo()).unwrap().build().unwrap();
    assert_eq!((app.next_action(), app.sequence()), (Some("answer"), Some(0)));
    app.step().blocking().unwrap_err();
    drop(app);

    let mut app = graph.resume_from(&keeper, &demo()).unwrap().build().unwrap();
    assert_eq!((app.next_action(), app.sequence()), (Some("answer"), Some(1)));
    app.run(after("answer")).blocking().unwrap();
    drop(app);
    stands(&keeper, &demo(), At::Latest, r#"2 answer Completed {"n":1,"text":"because"} next -"#);

    let app = graph.resume_from(&keeper, &demo()).unwrap().build().unwrap();
    assert_eq!((app.next_action(), app.state().to_json()), (None, r#"{"n":1,"text":"because"}"#.to_owned()));
}

fn applications_fork_and_leave_the_other_as_it_was<K: Keeper>(keeper: K) {
    let graph = graph();
    let mut app = graph.start(state! { n: 0 }).project("demo").app_id("1").tracker(keeper.clone()).build().unwrap();
    app.step().blocking().unwrap();
    app.step().blocking().unwrap_err();
    drop(app);
    let mut fork = graph.fork_from(&keeper, &demo(), 0).unwrap().app_id("2").set("n", 7).build().unwrap();
    assert_eq!(fork.next_action(), Some("answer"));
    fork.step().blocking().unwrap();
    drop(fork);
    let wanted = Wanted::new("demo", "2");
    stands(&keeper, &wanted, At::Latest, r#"1 answer Completed {"n":7,"text":"because"} next -"#);
    let parent = keeper.load(&wanted, At::Latest).unwrap().unwrap().record.parent.unwrap();
    assert_eq!((&*parent.app, parent.sequence), ("1", Some(0)));
    stands(&keeper, &demo(), At::Latest, r#"1 answer Failed {"n":1} next answer"#);
}

fn long_runs_load_at_every_step<K: Keeper>(keeper: K) {
    let mut state = state! { chat: [""; 0], n: 0 };
    let mut facts = vec![placed(None, Some("count"), state.clone())];
    for n in 0..200_i64 {
        state = state.append("chat", format!("message {n}")).set("n", n);
        let changes = vec![
            Change::Append("chat".into(), Value::from(format!("message {n}"))),
            Change::Set("n".into(), Value::encode(&n).unwrap()),
        ];
        facts.push(begun(key(n, 0), "count"));
        facts.push(ended(key(n, 0), "count", state.clone(), Some(changes), Some("count")));
    }
    keep(&keeper, facts);
    for n in [0, 1, 62, 63, 64, 65, 127, 128, 199] {
        let saved = keeper.load(&demo(), At::Step(n)).unwrap().unwrap();
        let chat: Vec<String> = saved.state.get("chat").unwrap();
        assert_eq!((saved.state.get::<i64>("n").unwrap(), chat.len() as i64), (n, n + 1), "{}", keeper.name());
        assert_eq!((saved.status, chat.last().unwrap()), (Status::Completed, &format!("message {n}")));
    }
}
