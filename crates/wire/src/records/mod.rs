//! Runs, and the spans of them, in a format of our own: JSON objects, one a line, each of which stands for itself.
//!
//! Programs send it to `POST /api/v1/projects/{project}/apps/{app}/records`, and a store can keep it as it came. The page
//! [`docs/records.md`](https://github.com/trackway/trackway/blob/main/docs/records.md) describes every field.
//!
//! ```
//! use std::sync::Arc;
//! use trackway_model::{RunFact, RunKey};
//! use trackway_wire::records::{Item, decode, encode};
//!
//! let run = Arc::new(RunKey { project: "demo".into(), partition: None, app: "chat".into() });
//! let line = r#"{"type":"end","sequence":0,"action":"ask","time":"2026-11-20T15:26:38.5Z","state":{"n":1}}"#;
//! let item = decode(line.as_bytes(), &run)?;
//! let Item::Fact(record) = &item else { panic!("an end is a fact") };
//! let RunFact::End(end) = &record.fact else { panic!("it is an end") };
//! assert_eq!(end.state.as_ref().map(|state| &*state.0), Some(r#"{"n":1}"#));
//! assert_eq!(decode(encode(&item).as_bytes(), &run)?, item);
//! # Ok::<(), String>(())
//! ```

mod choice;
mod fact;
mod field;
mod follower;
mod graph;
mod origin;
mod span;
mod state;
mod step;
mod value;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use trackway_model::{RunFact, RunKey, RunRecord, SpanRecord};

use self::field::{Raw, Words};

pub use self::{
    follower::{Follower, LONGEST_LINE},
    origin::Origin,
    state::StateText,
};

/// What a line tells.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "an item is moved once or twice; a box for each fact would cost more")]
pub enum Item {
    /// A fact of a run.
    Fact(RunRecord),
    /// A span of a run; what agents say in it is read from its attributes.
    Span(Box<SpanRecord>),
}

/// Writes what a line tells, without the end of the line.
///
/// Of JSON that a client wrote over several lines, the line breaks become spaces.
pub fn encode(item: &Item) -> String {
    match item {
        Item::Fact(record) => fact::encode(&record.fact),
        Item::Span(span) => span::encode(span),
    }
}

/// Reads a line of a run, without the span of a step that only this line tells of; unknown fields are left out.
///
/// # Errors
/// What is wrong with the line, as a sentence.
pub fn decode(line: &[u8], run: &Arc<RunKey>) -> Result<Item, String> {
    decode_all(line, run).map(|(item, _)| item)
}

/// Reads a line of a run, and the span of a step of which no tracer tells; unknown fields are left out.
///
/// The span of a step that begins is open, and the one of its end takes its place.
///
/// # Errors
/// What is wrong with the line, as a sentence.
pub fn decode_all(line: &[u8], run: &Arc<RunKey>) -> Result<(Item, Option<Box<SpanRecord>>), String> {
    let told = Line::of_kind(&kind(line)?, line, run)?;
    if told.delta.is_some() {
        return Err("a delta says nothing without the lines before it; tell the state whole".into());
    }
    Ok((told.item, told.span))
}

/// What one line tells.
struct Line {
    item: Item,
    /// The span of a step that nothing else tells of.
    span: Option<Box<SpanRecord>>,
    /// What became of the state that was told before.
    delta: Option<Raw>,
}

impl Line {
    fn of_kind(kind: &str, line: &[u8], run: &Arc<RunKey>) -> Result<Self, String> {
        let plain = |item: Item| Self { item, span: None, delta: None };
        let fact = |fact: RunFact| Item::Fact(RunRecord { run: Arc::clone(run), fact });
        let item = match kind {
            "span" => Item::Span(Box::new(span::decode(line, run, &Origin::default())?)),
            "app" => fact(fact::app(line)?),
            "begin" => {
                let (begin, span) = fact::begin(line)?;
                let span = step::begun(run, &begin, span).map(Box::new);
                return Ok(Self { item: fact(RunFact::Begin(begin)), span, delta: None });
            }
            "end" => {
                let ended = fact::end(line)?;
                let span = step::ended(run, &ended).map(Box::new);
                return Ok(Self { item: fact(RunFact::End(ended.end)), span, delta: ended.delta });
            }
            "state" => fact(fact::state(line)?),
            "attribute" => fact(fact::attribute(line)?),
            "stream" => fact(fact::stream(line)?),
            "child" => fact(fact::child(line)?),
            "remark" => fact(fact::remark(line)?),
            "run" => return Err("a line that names a run comes first, and only there".into()),
            other => return Err(format!("{other:?} is no type of line")),
        };
        Ok(plain(item))
    }
}

/// Writes the line that names a run, which stands before its others where nothing else says whose they are.
pub fn encode_run(run: &RunKey) -> String {
    let words = |text| Words::Borrowed(text);
    let fields =
        Run { project: words(&run.project), partition: run.partition.as_deref().map(words), app: words(&run.app) };
    field::line("run", &fields)
}

/// Reads the line that names a run.
///
/// # Errors
/// What is wrong with the line, as a sentence.
pub fn decode_run(line: &[u8]) -> Result<RunKey, String> {
    match &*kind(line)? {
        "run" => {
            let Run { project, partition, app } = field::read(line)?;
            let text = |words: Words<'_>| words.into_owned().into();
            Ok(RunKey { project: text(project), partition: partition.map(text), app: text(app) })
        }
        other => Err(format!("the first line names a run, and this is of the type {other:?}")),
    }
}

#[derive(Serialize, Deserialize)]
struct Run<'a> {
    project: Words<'a>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    partition: Option<Words<'a>>,
    app: Words<'a>,
}

/// Returns the type of a line.
fn kind(line: &[u8]) -> Result<String, String> {
    #[derive(Deserialize)]
    struct Kind {
        r#type: String,
    }
    field::read::<Kind>(line).map(|kind| kind.r#type)
}
