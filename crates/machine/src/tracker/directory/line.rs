//! Facts as the lines of a log.

use trackway_model::{RunFact, RunKey, RunRecord, StepKey, Text};
use trackway_wire::records::{self, Item, Origin};

use super::{chain::Chain, index::Entry, stamp::Stamp};
use crate::{Begun, Choice, Ended, Fact, Noted, Number, Place, Placed, State, Value, json};

/// Writes the lines of one log, in their order.
#[derive(Debug, Clone, Default)]
pub(super) struct Lines {
    chain: Chain,
    stamp: Stamp,
    origin: Origin,
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
            Fact::Span(span) => line.extend_from_slice(self.origin.encode(run, span).as_bytes()),
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
            line.extend_from_slice(b",\"after\":{\"sequence\":");
            number(sequence, line);
            line.extend_from_slice(b",\"attempt\":");
            number(i64::from(attempt), line);
            line.push(b'}');
        }
        if let Some(next) = &placed.next {
            text("next", next, line);
        }
        if placed.is_chosen {
            line.extend_from_slice(b",\"chosen\":true");
        }
        self.chain.write_whole(&placed.state, at, line);
        self.time("time", placed.time, line);
        line.push(b'}');
    }

    fn noted(&mut self, noted: &Noted, line: &mut Vec<u8>) {
        start("attribute", noted.step, line);
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

fn head(kind: &str, step: StepKey, action: &Text, line: &mut Vec<u8>) {
    start(kind, step, line);
    text("action", action, line);
}

/// Begins a line about a step.
fn start(kind: &str, StepKey { sequence, attempt }: StepKey, line: &mut Vec<u8>) {
    line.extend_from_slice(b"{\"type\":\"");
    line.extend_from_slice(kind.as_bytes());
    line.extend_from_slice(b"\",\"sequence\":");
    number(sequence, line);
    line.extend_from_slice(b",\"attempt\":");
    number(i64::from(attempt), line);
}

fn number(number: i64, line: &mut Vec<u8>) {
    json::write_number(&Number::Int(number), line);
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
    digits(&place.trace_id.bytes(), line);
    line.extend_from_slice(b"\",\"span_id\":\"");
    digits(&place.span_id.bytes(), line);
    line.push(b'"');
    if let Some(parent) = place.parent_id {
        line.extend_from_slice(b",\"parent_id\":\"");
        digits(&parent.bytes(), line);
        line.push(b'"');
    }
    if let Some((trace_id, span_id)) = place.follows {
        line.extend_from_slice(b",\"follows\":{\"trace_id\":\"");
        digits(&trace_id.bytes(), line);
        line.extend_from_slice(b"\",\"span_id\":\"");
        digits(&span_id.bytes(), line);
        line.extend_from_slice(b"\"}");
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

/// Writes the bytes of an id as hexadecimal digits.
fn digits(id: &[u8], line: &mut Vec<u8>) {
    let digit = |half: u8| if half < 10 { b'0' + half } else { b'a' + half - 10 };
    line.extend(id.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]));
}

/// Writes a state as a JSON object.
pub(super) fn state(state: &State, line: &mut Vec<u8>) {
    json::write(&Value::Map(state.fields.clone()), line);
}
