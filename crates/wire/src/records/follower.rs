//! The log of a directory, as it is read.

use std::sync::Arc;

use trackway_model::{RunFact, RunKey, RunRecord, Text};

use super::{Item, Line, Origin, decode_run, kind, state::Told};
use crate::remark::remark;

/// The longest line that is read, in bytes; a longer one becomes a remark, and whoever reads the file may skip the rest of it.
pub const LONGEST_LINE: usize = 64 << 20;

/// The file of a run in a directory.
const LOG: &str = "log.ndjson";

/// Reads the log of one run that a program keeps in a directory, in order and each line once, while it grows or long after.
///
/// It holds the state that was told last, which the next may be told by; so the states that it tells are whole. Lines that
/// cannot be used become remarks. What it tells depends on the lines alone: whoever reads a log again is told the same again.
///
/// ```
/// use trackway_model::{RunFact, RunKey};
/// use trackway_wire::records::{Follower, Item};
///
/// let mut follower = Follower::new(RunKey { project: "demo".into(), partition: None, app: "chat".into() });
/// let log = [
///     r#"{"type":"run","project":"demo","app":"chat 1"}"#,
///     r#"{"type":"end","sequence":0,"action":"ask","state":{"n":1,"chat":["hi"]}}"#,
///     r#"{"type":"end","sequence":1,"action":"ask","delta":{"set":{"n":2},"append":{"chat":["ho"]}}}"#,
/// ];
/// let items: Vec<Item> = (1..).zip(log).flat_map(|(number, line)| follower.line(number, line.as_bytes())).collect();
/// let [_, Item::Fact(record)] = &*items else { panic!("two steps") };
/// let RunFact::End(end) = &record.fact else { panic!("an end") };
/// assert_eq!(end.state.as_ref().map(|state| &*state.0), Some(r#"{"n":2,"chat":["hi","ho"]}"#));
/// assert_eq!(&*record.run.app, "chat 1");
/// ```
pub struct Follower {
    run: Arc<RunKey>,
    /// The project that the run is listed under, instead of the one that the log names.
    project: Option<Text>,
    told: Told,
    origin: Origin,
}

impl Follower {
    /// Makes a follower of a log; `run` is what the log is the run of, should its first line not say.
    pub fn new(run: RunKey) -> Self {
        Self { run: Arc::new(run), project: None, told: Told::default(), origin: Origin::default() }
    }

    /// Lists the run under a project, whatever the log says.
    #[must_use]
    pub fn listed_under(mut self, project: Text) -> Self {
        self.run = Arc::new(RunKey { project: project.clone(), ..RunKey::clone(&self.run) });
        self.project = Some(project);
        self
    }

    /// Returns the run, which the first line names.
    pub fn run(&self) -> &Arc<RunKey> {
        &self.run
    }

    /// Reads a line, counted from 1 and without its end, and tells what it says.
    pub fn line(&mut self, number: u64, line: &[u8]) -> Vec<Item> {
        let mut items = Vec::with_capacity(2);
        if let Err(what) = self.read(number, line, &mut items) {
            let place = format!("{LOG}:{number}");
            items.push(self.fact(RunFact::Remark(remark(place, what, line))));
        }
        items
    }

    fn read(&mut self, number: u64, line: &[u8], items: &mut Vec<Item>) -> Result<(), String> {
        if line.len() > LONGEST_LINE {
            self.told.lose();
            return Err(format!("it is longer than {LONGEST_LINE} bytes"));
        }
        let kind = kind(line).inspect_err(|_| self.told.lose())?;
        if kind == "run" {
            return self.name(number, line);
        }
        if kind == "span" {
            items.push(Item::Span(Box::new(self.origin.decode(&self.run, line)?)));
            return Ok(());
        }
        let is_of_state = matches!(&*kind, "end" | "state");
        let told = Line::of_kind(&kind, line, &self.run);
        let Line { item, span, delta } = told.inspect_err(|_| {
            if is_of_state {
                self.told.lose();
            }
        })?;
        let (item, outcome) = self.whole(item, delta.map(super::field::Raw::json));
        items.push(item);
        items.extend(span.map(Item::Span));
        outcome
    }

    /// Reads the line that names the run.
    fn name(&mut self, number: u64, line: &[u8]) -> Result<(), String> {
        let mut run = decode_run(line)?;
        if let Some(project) = &self.project {
            run.project = project.clone();
        }
        if number == 1 {
            self.run = Arc::new(run);
            return Ok(());
        }
        if run == *self.run { Ok(()) } else { Err("it names another run, in the middle of a log".into()) }
    }

    /// Makes a state whole that is told by a delta; a step whose delta cannot be used is told without its state.
    fn whole(&mut self, mut item: Item, delta: Option<trackway_model::Json>) -> (Item, Result<(), String>) {
        let Item::Fact(RunRecord { fact, .. }) = &mut item else { return (item, Ok(())) };
        let mut outcome = Ok(());
        match fact {
            RunFact::State(placed) => self.told.tell(&placed.state),
            RunFact::End(end) => match (&end.state, delta) {
                (Some(state), _) => self.told.tell(state),
                (None, Some(delta)) => match self.told.change(&delta) {
                    Ok(state) => end.state = Some(state),
                    Err(what) => outcome = Err(what),
                },
                (None, None) => {}
            },
            _ => {}
        }
        (item, outcome)
    }

    fn fact(&self, fact: RunFact) -> Item {
        Item::Fact(RunRecord { run: Arc::clone(&self.run), fact })
    }
}
