//! States in a database that Burr reads as well.
#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use trackway_machine::{At, Graph, Loader, Wanted, persister::Sqlite, state, testing::script};

fn graph() -> Graph {
    let ask = script("ask").writes(["n"]).gives(state! { n: 1 });
    let answer = script("answer").reads(["n"]).writes(["text"]).fails("no model").gives(state! { text: "wörd" });
    Graph::new([ask, answer]).edge("ask", "answer").entry("ask").build().unwrap()
}

#[test]
fn the_table_is_the_one_that_burr_has() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("states.db");
    let states = Sqlite::open(&path).unwrap();
    let mut app =
        graph().start(state! { n: 0 }).project("demo").partition("ada").app_id("1").tracker(states).build().unwrap();
    app.step().blocking().unwrap();
    app.step().blocking().unwrap_err();
    app.step().blocking().unwrap();

    let connection = rusqlite::Connection::open(&path).unwrap();
    let sql = "SELECT partition_key, app_id, sequence_id, position, status, state, created_at FROM burr_state ORDER BY sequence_id";
    let mut select = connection.prepare(sql).unwrap();
    let line = |row: &rusqlite::Row<'_>| {
        let text = |place| row.get::<_, String>(place).unwrap();
        let time = text(6);
        assert!(time.len() == "2026-11-21 17:00:00".len() && time.starts_with("20"), "{time}");
        Ok([text(0), text(1), row.get::<_, i64>(2)?.to_string(), text(3), text(4), text(5)].join(" "))
    };
    let rows: Vec<String> = select.query_map([], line).unwrap().collect::<Result<_, _>>().unwrap();
    assert_eq!(
        rows,
        [
            r#"ada 1 0 ask completed {"n":1}"#,
            r#"ada 1 1 answer failed {"n":1}"#,
            r#"ada 1 2 answer completed {"n":1,"text":"wörd"}"#,
        ]
    );
}

#[test]
fn applications_go_on_and_fork_from_states() {
    let directory = tempfile::tempdir().unwrap();
    let states = Sqlite::open(directory.path().join("states.db")).unwrap();
    let (graph, wanted) = (graph(), Wanted::new("demo", "1"));
    let mut app = graph.start(state! { n: 0 }).project("demo").app_id("1").tracker(states.clone()).build().unwrap();
    app.step().blocking().unwrap();
    app.step().blocking().unwrap_err();

    let app = graph.resume_from(&states, &wanted).unwrap().build().unwrap();
    assert_eq!((app.sequence(), app.next_action()), (Some(1), Some("answer")));
    let mut fork = graph.fork_from(&states, &wanted, 0).unwrap().app_id("2").build().unwrap();
    fork.step().blocking().unwrap();
    assert_eq!((fork.sequence(), fork.state().to_json()), (Some(1), r#"{"n":1,"text":"wörd"}"#.to_owned()));
    assert_eq!(states.list("demo").unwrap().len(), 2);
    assert!(states.load(&wanted, At::Step(7)).unwrap().is_none());
}

#[test]
fn states_that_burr_wrote_are_read_without_what_it_keeps_for_itself() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("states.db");
    let states = Sqlite::open(&path).unwrap();
    let row = r#"INSERT INTO burr_state VALUES ('', 'chat', 3, 'ask', 'completed',
        '{"n": 1, "__SEQUENCE_ID": 3, "__PRIOR_STEP": "ask", "text": "\u00e4"}', '2026-11-20 15:26:38')"#;
    rusqlite::Connection::open(&path).unwrap().execute_batch(row).unwrap();
    let saved = states.load(&Wanted::new("demo", "chat"), At::Latest).unwrap().unwrap();
    assert_eq!(saved.state.to_json(), r#"{"n":1,"text":"ä"}"#);
    assert_eq!(
        graph().resume_from(&states, &Wanted::new("demo", "chat")).unwrap().build().unwrap().next_action(),
        Some("answer")
    );
}
