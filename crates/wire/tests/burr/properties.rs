//! What holds of any log.

use std::collections::BTreeMap;

use proptest::{prelude::*, sample::select};
use trackway_wire::{
    burr::Item,
    records::{decode, encode},
};

use crate::given::{application, fixtures, follower, names};

/// What a reader holds in the end: for each fact and each span what was told last.
fn held<'a>(items: impl IntoIterator<Item = &'a Item>) -> BTreeMap<String, &'a Item> {
    let key = |item: &Item| match item {
        Item::Fact(record) => record.fact.key(),
        Item::Span(span) => span.span_id.to_string(),
    };
    items.into_iter().map(|item| (key(item), item)).collect()
}

/// A line of any type about one of a few steps and spans, with fields that may be missing.
fn line() -> impl Strategy<Value = String> {
    let kinds = vec![
        "begin_entry",
        "end_entry",
        "begin_span",
        "end_span",
        "attribute",
        "begin_stream",
        "first_item_stream",
        "end_stream",
    ];
    let span = select(vec![r#""0:0""#, r#""0:0.0""#, r#""1:0""#, "null", r#""odd""#]);
    let value = select(vec!["1", "null", r#"{"a":[1,"x"]}"#, "1180591720617411303424", r#""text""#]);
    let (second, sequence) = (0u32..60, 0i64..3);
    (select(kinds), second, sequence, span.clone(), span, value, any::<u16>()).prop_map(
        |(kind, second, sequence, span, parent, value, without)| {
            let time = format!(r#""2026-11-20T10:00:{second:02}""#);
            let utc = format!(r#""2026-11-20T15:00:{second:02}Z""#);
            let number = sequence.to_string();
            let fields = [
                ("start_time", &*time),
                ("end_time", &*time),
                ("time_logged", &*utc),
                ("stream_init_time", &*utc),
                ("action", r#""a""#),
                ("sequence_id", &*number),
                ("action_sequence_id", &*number),
                ("span_id", span),
                ("parent_span_id", parent),
                ("span_name", r#""s""#),
                ("key", r#""k""#),
                ("value", value),
                ("inputs", value),
                ("state", value),
                ("result", value),
                ("exception", "null"),
            ];
            let fields = fields.iter().enumerate().filter(|(bit, _)| without & (1 << bit) == 0 || without % 3 > 0);
            let fields: Vec<String> = fields.map(|(_, (name, value))| format!(r#""{name}":{value}"#)).collect();
            format!(r#"{{"type":"{kind}",{}}}"#, fields.join(","))
        },
    )
}

proptest! {
    #[test]
    fn no_bytes_break_it(lines in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 0..8)) {
        let mut follower = follower();
        for (number, line) in (1..).zip(&lines) {
            let items = [follower.log_line(number, line), follower.child_line(number, line), follower.graph(line), follower.metadata(line)];
            prop_assert!(items.iter().all(|items| !items.is_empty()), "nothing is dropped in silence");
        }
    }

    #[test]
    fn reading_again_from_any_line_tells_the_same(lines in prop::collection::vec(line(), 0..40), at in 0usize..40) {
        let all = |lines: &[String]| -> Vec<Item> {
            let mut follower = follower();
            (1..).zip(lines).flat_map(|(number, line)| follower.log_line(number, line.as_bytes())).collect()
        };
        let whole = all(&lines);
        let first = all(&lines[..at.min(lines.len())]);
        prop_assert_eq!(held(first.iter().chain(&whole)), held(&whole));
    }

    #[test]
    fn noting_many_lines_tells_the_same_as_one_by_one(lines in prop::collection::vec(line(), 0..60), batch in 1usize..20) {
        let (mut one, mut many) = (follower(), follower());
        let mut singly = Vec::new();
        let mut together = Vec::new();
        let numbered: Vec<(u64, &String)> = (1..).zip(&lines).collect();
        for lines in numbered.chunks(batch) {
            for (number, line) in lines {
                singly.extend(one.log_line(*number, line.as_bytes()));
                together.extend(many.note_line(*number, line.as_bytes()));
            }
            together.extend(many.settle());
        }
        prop_assert_eq!(held(&singly), held(&together));
    }

    #[test]
    fn what_is_told_survives_as_records(lines in prop::collection::vec(line(), 0..20)) {
        let mut follower = follower();
        for (number, line) in (1..).zip(&lines) {
            for item in follower.log_line(number, line.as_bytes()) {
                prop_assert_eq!(decode(encode(&item).as_bytes(), follower.run()), Ok(item));
            }
        }
    }
}

#[test]
fn recorded_applications_survive_as_records() {
    for project in names("store") {
        let is_directory = |app: &&String| fixtures(&format!("store/{project}/{app}")).is_dir();
        for app in names(&format!("store/{project}")).iter().filter(is_directory) {
            let (follower, items) = application(&project, app);
            for item in items {
                assert_eq!(decode(encode(&item).as_bytes(), follower.run()), Ok(item));
            }
        }
    }
}
