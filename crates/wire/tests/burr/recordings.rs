//! Every recorded application, persister and file of annotations against reviewed pictures.

use jiff::tz::TimeZone;
use trackway_model::RunFact;
use trackway_wire::burr::{Item, Persister, Row, annotations};

use crate::{
    given::{application, ends, fixtures, names, remarks},
    picture::picture,
};

/// Draws every application of a project.
fn project(name: &str) -> String {
    let is_directory = |app: &String| fixtures(&format!("store/{name}/{app}")).is_dir();
    let pictures = names(&format!("store/{name}")).into_iter().filter(is_directory).map(|app| {
        let (follower, items) = application(name, &app);
        assert!(!follower.is_stale());
        picture(follower.run(), &items)
    });
    pictures.collect::<Vec<_>>().join("\n")
}

macro_rules! pictures {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                insta::assert_snapshot!(stringify!($name), project(stringify!($name)));
            }
        )*

        #[test]
        fn every_project_has_a_picture() {
            assert_eq!(names("store"), [$(stringify!($name)),*]);
        }
    };
}

pictures! { fx_counter fx_errors fx_fork fx_otel fx_parallel fx_serde fx_spans fx_streaming }

#[test]
fn what_the_client_wrote_is_all_of_use() {
    let mut suspects = Vec::new();
    for project in names("store") {
        for app in names(&format!("store/{project}")).iter().filter(|app| !app.ends_with(".jsonl")) {
            let (_, items) = application(&project, app);
            assert_eq!(remarks(&items), Vec::<String>::new(), "{project}/{app}");
            let suspect = ends(&items).into_iter().filter(|end| end.is_suspect);
            suspects.extend(suspect.map(|end| format!("{app} {} {}", end.step.sequence, end.action)));
        }
    }
    // Actions without `async` that an asynchronous run called: their states are those of before.
    let expected = ["error-async 0 ok", "spans-all 0 sync_work", "spans-all 2 thread_work", "stream-async 0 ask"];
    assert_eq!(suspects, expected);
}

#[test]
fn annotations_of_a_project() {
    let file = std::fs::read(fixtures("store/fx_spans/annotations.jsonl")).unwrap();
    let found = annotations(&"fx_spans".into(), &TimeZone::UTC, &file);
    insta::assert_debug_snapshot!(found);
}

#[test]
fn rows_of_a_persister() {
    let row = |partition: &str, app: &str, sequence_id, position: &str, status: &str, state: &str| Row {
        partition_key: partition.into(),
        app_id: app.into(),
        sequence_id,
        position: position.into(),
        status: status.into(),
        state: state.into(),
        created_at: "2026-11-20 15:38:02".into(),
    };
    let done = r#"{"n": 1, "text": "\u017e\ud83e\udd80", "tup": "(1, 2)", "__SEQUENCE_ID": 0, "__PRIOR_STEP": "inc"}"#;
    let rows = [
        row("", "no-pk", 0, "inc", "completed", done),
        row("", "no-pk", 0, "again", "completed", done),
        row("user-p", "with-pk", 0, "inc", "completed", r#"{"n": NaN, "__PRIOR_STEP": "inc"}"#),
        row("user-p", "failed", 0, "bad", "failed", r#"{"n": 5, "__SEQUENCE_ID": 0}"#),
        row("user-p", "failed", 1, "bad", "paused", "no JSON"),
    ];
    let mut persister = Persister::new("demo".into());
    let items: Vec<Item> = rows.iter().flat_map(|row| persister.row(row)).collect();
    let shown = items.iter().map(|item| {
        let Item::Fact(record) = item else { panic!("rows are facts") };
        let run = format!("{}/{}", record.run.partition.as_deref().unwrap_or("-"), record.run.app);
        match &record.fact {
            RunFact::Begin(begin) => format!("{run} {} {} {:?}", record.fact.key(), begin.action, begin.time),
            RunFact::End(end) => {
                format!("{run} {} {:?} {:?} {}", record.fact.key(), end.error, end.state, end.is_suspect)
            }
            other => format!("{run} {other:?}"),
        }
    });
    insta::assert_snapshot!(shown.collect::<Vec<_>>().join("\n"));
    assert_eq!(ends(&items)[0].time.unwrap().0, 1_795_189_082_000_000_000);
}
