//! A run as a text.

use std::fmt::Write;

use trackway_model::{ChildEvent, RunPointer, SpanRecord, StatusCode, StepKey, Text};

use super::history::History;
use crate::{Begun, Choice, Ended, Fact, Noted, Placed, State, Value};

/// Writes a line for each thing that was told of a run.
pub(super) fn of(history: &History) -> String {
    let run = &history.run;
    let mut picture = Picture { text: format!("run {} of {}", run.app, run.project), state: State::default() };
    if let Some(partition) = &run.partition {
        picture.push(format_args!(" for {partition}"));
    }
    let mut is_first = true;
    for fact in &history.facts {
        picture.add(fact, is_first);
        is_first = false;
    }
    picture.text
}

struct Picture {
    text: String,
    /// The state that was told last.
    state: State,
}

impl Picture {
    fn push(&mut self, text: std::fmt::Arguments<'_>) {
        self.text.write_fmt(text).unwrap_or_default(); // A string takes all that is written to it.
    }

    fn line(&mut self, text: std::fmt::Arguments<'_>) {
        self.push(format_args!("  {text}\n"));
    }

    fn add(&mut self, fact: &Fact, is_first: bool) {
        match fact {
            Fact::Opened(record) if is_first => {
                for (what, pointer) in [("forked from", &record.parent), ("spawned by", &record.spawned_by)] {
                    if let Some(pointer) = pointer {
                        self.push(format_args!(", {what} {}", place(pointer)));
                    }
                }
                self.text.push('\n');
            }
            Fact::Opened(_) => self.line(format_args!("goes on")),
            Fact::Placed(placed) => self.placed(placed),
            Fact::Begun(begun) => self.begun(begun),
            Fact::Ended(ended) => self.ended(ended),
            Fact::Noted(Noted { span, key, value, .. }) => {
                let span = span.as_ref().map_or_else(String::new, |span| format!("{span} "));
                self.line(format_args!("  @{span}{key} = {}", value.to_json()));
            }
            Fact::Child(child) => {
                let verb = match child.event {
                    ChildEvent::Fork => "fork",
                    ChildEvent::Spawn => "spawn",
                };
                self.line(format_args!("  {verb} {}", place(&child.child)));
            }
            Fact::Span(span) => self.span(span),
            Fact::Closed => {}
        }
    }

    fn placed(&mut self, placed: &Placed) {
        self.state = placed.state.clone();
        let next = placed.next.as_ref().map_or_else(String::new, |next| format!(" next {next}"));
        self.line(format_args!("state {}{next}", placed.state.to_json()));
    }

    fn begun(&mut self, begun: &Begun) {
        let inputs = Value::Map(begun.inputs.clone());
        let inputs = if begun.inputs.is_empty() { String::new() } else { format!(" {}", inputs.to_json()) };
        self.line(format_args!("{} {}{inputs}", number(begun.step), begun.action));
    }

    fn ended(&mut self, ended: &Ended) {
        match &ended.outcome {
            Ok(Some(result)) => self.line(format_args!("  result {}", result.to_json())),
            Ok(None) => {}
            Err(failed) => self.line(format_args!("  FAILED {}", failed.text)),
        }
        let before = std::mem::replace(&mut self.state, ended.state.clone());
        for name in before.keys().filter(|name| !ended.state.contains(name)) {
            self.line(format_args!("  {name} is gone"));
        }
        for name in ended.state.keys() {
            let value = ended.state.value(name);
            if value != before.value(name) {
                self.line(format_args!("  {name} = {}", value.map_or_else(String::new, Value::to_json)));
            }
        }
        if let Some(choice) = &ended.choice {
            self.chosen(choice);
        }
    }

    fn chosen(&mut self, Choice { next, tried }: &Choice) {
        let mut line = next.as_ref().map_or_else(|| "end".to_owned(), |next| format!("-> {next}"));
        let shown = tried.iter().map(|tried| {
            let held = match &tried.held {
                Ok(true) => "holds".to_owned(),
                Ok(false) => "does not hold".to_owned(),
                Err(why) => format!("cannot be told: {why}"),
            };
            format!("{} {held}", tried.condition)
        });
        let shown: Vec<String> = shown.filter(|shown| shown != "default holds").collect();
        if !shown.is_empty() {
            line.push_str(&format!(" ({})", shown.join(", ")));
        }
        self.line(format_args!("  {line}"));
    }

    fn span(&mut self, span: &SpanRecord) {
        let mut line = format!("  span {}", span.name);
        if span.status.code == StatusCode::Error {
            line.push_str(" ERROR");
            if !span.status.message.is_empty() {
                line.push_str(&format!(" {}", span.status.message));
            }
        }
        self.line(format_args!("{line}"));
    }
}

fn number(StepKey { sequence, attempt }: StepKey) -> String {
    if attempt == 0 { sequence.to_string() } else { format!("{sequence} (attempt {attempt})") }
}

fn place(pointer: &RunPointer) -> String {
    let RunPointer { app, partition, sequence } = pointer;
    let partition = partition.as_ref().map(|name: &Text| format!(" for {name}")).unwrap_or_default();
    let sequence = sequence.map(|sequence| format!(" at {sequence}")).unwrap_or_default();
    format!("{app}{partition}{sequence}")
}
