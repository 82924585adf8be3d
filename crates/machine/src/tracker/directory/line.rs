//! Facts as the lines of a log.

use std::fmt::Write;

use trackway_model::{RunFact, RunKey, RunRecord, StepKey, Text};
use trackway_wire::records::{self, Item};

use super::{chain::Chain, index::Entry, stamp::Stamp};
use crate::{Begun, Choice, Ended, Fact, Noted, Place, Placed, State, Value, json};

/// Writes the lines of one log, in their order.
#[derive(Debug, Clone, Default)]
pub(super) struct Lines {
    chain: Chain,
    stamp: Stamp,
}

impl Lines {
    /// Writes the line of a fact, with its end, behind what is there; nothing for the last fact. The line will
    /// begin at byte `at` of the log. Returns what an index should know of it.
    pub(super) fn write(
        &mut self,
        run: &std::sync::Arc<RunKey>,
        fact: &Fact,
        at: u64,
        line: &mut Vec<u8>,
    ) -> Option<Entry> {
        let fact_of = |fact| Item::Fact(RunRecord { run: run.clone(), fact });
        let mut entry = None;
        match fact {
            Fact::Opened(record) => wire(&fact_of(RunFact::App((**record).clone())), line),
            Fact::Child(child) => wire(&fact_of(RunFact::Child(child.clone())), line),
            Fact::Span(span) => wire(&Item::Span(span.clone()), line),
            Fact::Placed(placed) => self.placed(placed, at, line),
            Fact::Begun(begun) => self.begun(begun, line),
            Fact::Ended(ended) => entry = Some(self.ended(ended, at, line)),
            Fact::Noted(noted) => self.noted(noted, line),
            Fact::Closed => return None,
        }
        line.push(b'\n');
        entry
    }

    fn begun(&mut self, begun: &Begun, line: &mut Vec<u8>) {
        head("begin", begun.step, &begun.action, line);
        self.time("time", begun.time, line);
        line.extend_from_slice(b",\"inputs\":");
        json::write(&Value::Map(begun.inputs.clone()), line);
        span(begun.span.as_ref(), line);
        line.push(b'}');
    }

    fn ended(&mut self, ended: &Ended, at: u64, line: &mut Vec<u8>) -> Entry {
        head("end", ended.step, &ended.action, line);
        self.time("begun", ended.begun, line);
        self.time("time", ended.time, line);
        match &ended.outcome {
            Ok(Some(result)) => {
                line.extend_from_slice(b",\"result\":");
                json::write(result, line);
            }
            Ok(None) => {}
            Err(failed) => text("error", &failed.text, line),
        }
        let whole = self.chain.write(&ended.state, ended.changes.as_deref(), at, line);
        if let Some(choice) = &ended.choice {
            chosen(choice, line);
        }
        span(ended.span.as_ref(), line);
        line.push(b'}');
        Entry { step: ended.step, end: at, whole }
    }

    fn placed(&mut self, placed: &Placed, at: u64, line: &mut Vec<u8>) {
        line.extend_from_slice(b"{\"type\":\"state\"");
        if let Some(StepKey { sequence, attempt }) = placed.after {
            push(line, format_args!(",\"after\":{{\"sequence\":{sequence},\"attempt\":{attempt}}}"));
        }
        if let Some(next) = &placed.next {
            text("next", next, line);
        }
        self.chain.write_whole(&placed.state, at, line);
        self.time("time", placed.time, line);
        line.push(b'}');
    }

    fn noted(&mut self, noted: &Noted, line: &mut Vec<u8>) {
        let StepKey { sequence, attempt } = noted.step;
        push(line, format_args!("{{\"type\":\"attribute\",\"sequence\":{sequence},\"attempt\":{attempt}"));
        if let Some(span) = &noted.span {
            text("span", span, line);
        }
        text("key", &noted.key, line);
        line.extend_from_slice(b",\"value\":");
        json::write(&noted.value, line);
        self.time("time", noted.time, line);
        line.push(b'}');
    }

    fn time(&mut self, name: &str, time: trackway_model::Timestamp, line: &mut Vec<u8>) {
        line.extend_from_slice(b",\"");
        line.extend_from_slice(name.as_bytes());
        line.extend_from_slice(b"\":");
        self.stamp.write(time, line);
    }
}

/// Writes the line that names the run, with its end.
pub(super) fn run(run: &RunKey, line: &mut Vec<u8>) {
    line.extend_from_slice(records::encode_run(run).as_bytes());
    line.push(b'\n');
}

fn wire(item: &Item, line: &mut Vec<u8>) {
    line.extend_from_slice(records::encode(item).as_bytes());
}

fn head(kind: &str, StepKey { sequence, attempt }: StepKey, action: &Text, line: &mut Vec<u8>) {
    push(line, format_args!("{{\"type\":\"{kind}\",\"sequence\":{sequence},\"attempt\":{attempt}"));
    text("action", action, line);
}

fn chosen(choice: &Choice, line: &mut Vec<u8>) {
    if let Some(next) = &choice.next {
        text("next", next, line);
    }
    line.extend_from_slice(b",\"tried\":[");
    for (at, tried) in choice.tried.iter().enumerate() {
        line.extend_from_slice(if at == 0 { b"{\"to\":" } else { b",{\"to\":" });
        json::write_text(&tried.to, line);
        text("condition", &tried.condition, line);
        match &tried.held {
            Ok(true) => line.extend_from_slice(b",\"held\":true"),
            Ok(false) => line.extend_from_slice(b",\"held\":false"),
            Err(why) => text("error", why, line),
        }
        line.push(b'}');
    }
    line.push(b']');
}

fn span(place: Option<&Place>, line: &mut Vec<u8>) {
    let Some(place) = place else { return };
    line.extend_from_slice(b",\"span\":{\"trace_id\":\"");
    push(line, format_args!("{}\",\"span_id\":\"{}\"", place.trace_id, place.span_id));
    if let Some(parent) = place.parent_id {
        push(line, format_args!(",\"parent_id\":\"{parent}\""));
    }
    if place.is_told_here {
        line.extend_from_slice(b",\"told_here\":true");
    }
    line.push(b'}');
}

/// Writes a field of text behind others.
fn text(name: &str, value: &str, line: &mut Vec<u8>) {
    line.extend_from_slice(b",\"");
    line.extend_from_slice(name.as_bytes());
    line.extend_from_slice(b"\":");
    json::write_text(value, line);
}

fn push(line: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    struct Bytes<'a>(&'a mut Vec<u8>);

    impl Write for Bytes<'_> {
        fn write_str(&mut self, text: &str) -> std::fmt::Result {
            self.0.extend_from_slice(text.as_bytes());
            Ok(())
        }
    }

    Bytes(line).write_fmt(text).unwrap_or_default(); // Memory takes all that is written to it.
}

/// Writes a state as a JSON object.
pub(super) fn state(state: &State, line: &mut Vec<u8>) {
    json::write(&Value::Map(state.fields.clone()), line);
}
