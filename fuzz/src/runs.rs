//! What holds of every file of an application, and of every line of records.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use jiff::tz::TimeZone;
use trackway_model::{Batch, RunFact, RunKey};
use trackway_wire::{
    burr::{Follower, Item, Zone, annotations, partition},
    records::{self, decode, decode_all, decode_run, encode, encode_run},
};

use crate::check;

/// The longest text of a remark.
const REMARKED: usize = 512;

/// Checks what a follower makes of a log, and of the same bytes as any other file.
pub fn burr(bytes: &[u8]) {
    let lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
    let singly = singly(&lines);
    let together = together(&lines);
    assert_eq!(held(&singly), held(&together), "lines noted at once tell what they tell one by one");

    let spans: Vec<_> = singly.iter().filter_map(span).collect();
    let known: HashSet<_> = spans.iter().map(|span| span.span_id).collect();
    for span in &spans {
        assert!(span.parent_id.is_none_or(|parent| known.contains(&parent)), "{} stands below nothing", span.name);
    }
    check::batch(&Batch { spans, ..Batch::default() });

    let mut follower = follower();
    let mut files = vec![follower.graph(bytes), follower.metadata(bytes)];
    files.extend((1..).zip(&lines).map(|(number, line)| follower.child_line(number, line)));
    for items in files {
        assert!(!items.is_empty(), "nothing goes unmentioned");
        lossless(&follower, &items);
    }
    assert!(partition(bytes).is_none_or(|partition| !partition.is_empty()));
    let found = annotations(&"fuzz".into(), &TimeZone::UTC, bytes);
    let least = usize::from(!bytes.is_empty());
    assert!(found.annotations.len() + found.remarks.len() >= least, "no line goes unmentioned");
}

fn follower() -> Follower {
    let run = RunKey { project: "fuzz".into(), partition: None, app: "app".into() };
    Follower::new(run, Zone::Inferred { fallback: TimeZone::UTC })
}

fn singly(lines: &[&[u8]]) -> Vec<Item> {
    let mut follower = follower();
    let mut all = Vec::new();
    for (number, line) in (1..).zip(lines) {
        let items = follower.log_line(number, line);
        lossless(&follower, &items);
        all.extend(items);
    }
    all
}

fn together(lines: &[&[u8]]) -> Vec<Item> {
    let mut follower = follower();
    let mut all: Vec<Item> = (1..).zip(lines).flat_map(|(number, line)| follower.note_line(number, line)).collect();
    all.extend(follower.settle());
    all
}

/// What a reader holds in the end.
fn held(items: &[Item]) -> BTreeMap<String, &Item> {
    let key = |item: &Item| match item {
        Item::Fact(record) => record.fact.key(),
        Item::Span(span) => span.span_id.to_string(),
    };
    items.iter().map(|item| (key(item), item)).collect()
}

fn span(item: &Item) -> Option<trackway_model::SpanRecord> {
    match item {
        Item::Fact(_) => None,
        Item::Span(span) => Some((**span).clone()),
    }
}

/// Checks that items survive as lines.
fn lossless(follower: &Follower, items: &[Item]) {
    for item in items {
        if let Item::Fact(record) = item
            && let RunFact::Remark(remark) = &record.fact
        {
            // A byte that is no text becomes a character of three.
            assert!(!remark.what.is_empty() && remark.text.len() <= 3 * REMARKED);
        }
        let line = encode(item);
        assert!(!line.contains(['\n', '\r']), "{line}");
        assert_eq!(decode(line.as_bytes(), follower.run()).as_ref(), Ok(item));
    }
}

/// Checks what is read of the log of a directory: every line says something, twice the same, and every state is one.
pub fn log(bytes: &[u8]) {
    let read = || {
        let mut follower =
            records::Follower::new(RunKey { project: "fuzz".into(), partition: None, app: "app".into() });
        let mut all = Vec::new();
        for (number, line) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
            let items = follower.line(number, line);
            assert!(!items.is_empty() || decode_run(line).is_ok(), "no line goes unmentioned");
            for item in &items {
                let line = encode(item);
                assert!(!line.contains(['\n', '\r']), "{line}");
                let (again, _) =
                    decode_all(line.as_bytes(), follower.run()).unwrap_or_else(|what| panic!("{what}: {line}"));
                assert_eq!(&again, item);
            }
            all.extend(items);
        }
        all
    };
    let items = read();
    assert_eq!(items, read(), "the same lines tell the same");
    for item in &items {
        if let Item::Fact(record) = item
            && let RunFact::End(end) = &record.fact
            && let Some(state) = &end.state
        {
            serde_json::from_str::<&serde_json::value::RawValue>(&state.0).expect("a state is JSON");
        }
    }
    check::batch(&Batch { spans: items.iter().filter_map(span).collect(), ..Batch::default() });
}

/// Checks what is read of a line of records.
pub fn records(line: &[u8]) {
    let run = Arc::new(RunKey { project: "fuzz".into(), partition: None, app: "app".into() });
    match decode(line, &run) {
        Ok(item) => {
            let again = encode(&item);
            assert_eq!(decode(again.as_bytes(), &run), Ok(item.clone()), "{again}");
            check::batch(&Batch { spans: span(&item).into_iter().collect(), ..Batch::default() });
        }
        Err(what) => assert!(!what.is_empty(), "a refusal says why"),
    }
    if let Ok(run) = decode_run(line) {
        assert_eq!(decode_run(encode_run(&run).as_bytes()), Ok(run));
    }
}
