//! The files of one application, as they are read.

use std::{
    borrow::Cow,
    collections::{HashSet, VecDeque},
    sync::Arc,
};

use trackway_model::{AppRecord, ChildRecord, RunFact, RunKey, RunRecord, StepKey, Text, TraceId};

use super::{
    LONGEST_LINE,
    attempts::Attempts,
    fields::Fields,
    files, remark,
    spans::Origin,
    step::{BeginSpan, Phase, Step},
    time::Moment,
    zone::{Clock, Zone},
};
use crate::records::Item;

/// How many steps that are over are kept for what is still said of them.
const KEPT: usize = 16;
/// How many steps are kept at all: those of programs that died never end.
const MOST_KEPT: usize = 64;
/// How many names of unknown fields are told.
const MOST_UNKNOWN: usize = 64;

pub(super) const LOG: &str = "log.jsonl";
const CHILDREN: &str = "children.jsonl";

/// Reads the files of one application, in order and each line once.
///
/// It holds the steps that are not over, the last few that are, and their spans; the log may be of any length. What it told
/// before can come again with more in it: a span with its end, a step whose zone the log has shown. The latest counts.
///
/// A follower that is dropped leaves nothing to save: a new one that reads the same lines tells the same.
pub struct Follower {
    pub(super) origin: Origin,
    pub(super) clock: Clock,
    pub(super) attempts: Attempts,
    steps: VecDeque<Step>,
    pub(super) told: Vec<Item>,
    unknown: HashSet<(Text, Text)>,
}

impl Follower {
    /// Makes a follower of an application; [`partition`](super::partition) finds its partition.
    pub fn new(run: RunKey, zone: Zone) -> Self {
        Self::with(Origin::new(run), Clock::new(zone))
    }

    fn with(origin: Origin, clock: Clock) -> Self {
        Self {
            origin,
            clock,
            attempts: Attempts::default(),
            steps: VecDeque::new(),
            told: Vec::new(),
            unknown: HashSet::new(),
        }
    }

    /// Returns the run that the application is.
    pub fn run(&self) -> &Arc<RunKey> {
        &self.origin.run
    }

    /// Returns the id of the run, and of the trace of its spans.
    pub fn run_id(&self) -> TraceId {
        self.origin.trace
    }

    /// Returns true when the log has shown a zone after steps were told in another one.
    ///
    /// Reading all files again with [`rewound`](Self::rewound) tells these steps anew, at their right times.
    pub fn is_stale(&self) -> bool {
        self.clock.is_stale()
    }

    /// Returns a follower that has read nothing yet, and knows the zone that this one has found.
    #[must_use]
    pub fn rewound(self) -> Self {
        let clock = self.clock.rewound();
        Self::with(self.origin, clock)
    }

    /// Reads `graph.json`.
    pub fn graph(&mut self, file: &[u8]) -> Vec<Item> {
        self.app("graph.json", file, files::graph)
    }

    /// Reads `metadata.json`.
    pub fn metadata(&mut self, file: &[u8]) -> Vec<Item> {
        self.app("metadata.json", file, files::metadata)
    }

    fn app(
        &mut self,
        name: &'static str,
        file: &[u8],
        read: fn(&mut Fields<'_>) -> Result<AppRecord, String>,
    ) -> Vec<Item> {
        let place = || Text::literal(name);
        let text = String::from_utf8_lossy(file);
        match object(&text).and_then(|mut fields| Ok((read(&mut fields)?, fields))) {
            Ok((app, mut fields)) => {
                self.tell(RunFact::App(app));
                self.unknown(&place, name, &mut fields);
            }
            Err(what) => self.remark(place(), what, file),
        }
        std::mem::take(&mut self.told)
    }

    /// Reads a line of `log.jsonl`, counted from 1 and without its end, and tells all that it changed.
    ///
    /// Whoever reads many lines at once tells less with [`note_line`](Self::note_line).
    pub fn log_line(&mut self, number: u64, line: &[u8]) -> Vec<Item> {
        let mut items = self.note_line(number, line);
        self.settle_into(&mut items);
        items
    }

    /// Reads a line of `log.jsonl` and tells its facts; spans that it changed wait for [`settle`](Self::settle).
    pub fn note_line(&mut self, number: u64, line: &[u8]) -> Vec<Item> {
        let place = || Text::from(format!("{LOG}:{number}"));
        let read = readable(line).and_then(|text| {
            self.entry(&place, &mut object(&text)?)?;
            match text {
                Cow::Owned(_) => Err("it holds bytes that are no text, which were replaced".into()),
                Cow::Borrowed(_) => Ok(()),
            }
        });
        if let Err(what) = read {
            self.remark(place(), what, line);
        }
        std::mem::take(&mut self.told)
    }

    /// Tells the spans that changed since they were told, each once and as it is now.
    pub fn settle(&mut self) -> Vec<Item> {
        let mut items = Vec::new();
        self.settle_into(&mut items);
        items
    }

    fn settle_into(&mut self, items: &mut Vec<Item>) {
        self.steps.iter_mut().for_each(|step| step.settle(&self.clock, items));
    }

    /// Reads a line of `children.jsonl`, counted from 1 and without its end.
    pub fn child_line(&mut self, number: u64, line: &[u8]) -> Vec<Item> {
        let place = || Text::from(format!("{CHILDREN}:{number}"));
        let read = readable(line).and_then(|text| {
            let mut fields = object(&text)?;
            let (child, moment) = files::child(&mut fields)?;
            self.clock.tell(moment);
            let time = moment.and_then(|moment| self.clock.at(moment));
            self.tell(RunFact::Child(ChildRecord { time, ..child }));
            self.unknown(&place, "children.jsonl", &mut fields);
            Ok(())
        });
        if let Err(what) = read {
            self.remark(place(), what, line);
        }
        std::mem::take(&mut self.told)
    }

    pub(super) fn tell(&mut self, fact: RunFact) {
        self.told.push(Item::Fact(RunRecord { run: Arc::clone(&self.origin.run), fact }));
    }

    pub(super) fn remark(&mut self, place: Text, what: String, bytes: &[u8]) {
        self.tell(RunFact::Remark(remark(place, what, bytes)));
    }

    /// Tells of fields that nobody here knows, each name once; what they hold is in the remark.
    pub(super) fn unknown(&mut self, place: &dyn Fn() -> Text, kind: &str, fields: &mut Fields<'_>) {
        for (name, value) in std::mem::take(fields).rest() {
            let is_new = self.unknown.len() < MOST_UNKNOWN && self.unknown.insert((kind.into(), name.clone()));
            if is_new {
                let what = format!("the field {name:?} of {kind} is unknown here");
                self.remark(format!("{}:{name}", place()).into(), what, value.as_bytes());
            }
        }
    }

    /// Notes a time of a step; where it shows that local times are others than was told, tells again what is open.
    pub(super) fn see(&mut self, key: StepKey, moment: Option<Moment>) {
        let Some(step) = self.steps.iter_mut().rfind(|step| step.key == key) else { return };
        step.see(moment);
        let Some(moment) = moment else { return };
        if self.clock.learn(&mut step.bracket, moment) {
            self.tell_again();
        }
    }

    fn tell_again(&mut self) {
        let mut begins = Vec::new();
        for step in &mut self.steps {
            step.change_all();
            if let Some((begin, Some(moment))) = step.begin.as_mut().filter(|_| step.phase == Phase::Open) {
                begin.time = self.clock.at(*moment);
                begins.push(begin.clone());
            }
        }
        begins.into_iter().for_each(|begin| self.tell(RunFact::Begin(begin)));
    }

    /// Finds the latest attempt at a step of those that are kept, by what is asked of it.
    pub(super) fn latest(&mut self, sequence: i64, is_it: impl Fn(&Step) -> bool) -> Option<&mut Step> {
        self.steps.iter_mut().rfind(|step| step.key.sequence == sequence && is_it(step))
    }

    pub(super) fn step(&mut self, key: StepKey) -> Option<&mut Step> {
        self.steps.iter_mut().rfind(|step| step.key == key)
    }

    pub(super) fn begin_span_in(&mut self, key: StepKey, begin: BeginSpan) {
        if let Some(step) = self.steps.iter_mut().rfind(|step| step.key == key) {
            step.begin_span(&self.origin, begin);
        }
    }

    /// Begins another attempt at a step.
    pub(super) fn another(&mut self, sequence: i64) -> StepKey {
        let key = StepKey { sequence, attempt: self.attempts.next(sequence) };
        self.steps.push_back(Step::new(key, &self.origin));
        if self.steps.len() > KEPT {
            self.release();
        }
        key
    }

    /// Lets go of the oldest step that is over, or of the oldest at all when too many are open.
    fn release(&mut self) {
        let is_over = |step: &Step| step.phase == Phase::Done || matches!(step.phase, Phase::EndedUnbegun(_));
        let before = self.steps.len() - KEPT;
        let over = self.steps.iter().take(before).position(is_over);
        let oldest = over.or((self.steps.len() > MOST_KEPT).then_some(0));
        if let Some(mut step) = oldest.and_then(|oldest| self.steps.remove(oldest)) {
            step.settle(&self.clock, &mut self.told);
        }
    }
}

/// Returns the text of a line.
///
/// # Errors
/// Why there is none.
fn readable(line: &[u8]) -> Result<Cow<'_, str>, String> {
    if line.len() > LONGEST_LINE {
        return Err(format!("it is longer than {LONGEST_LINE} bytes"));
    }
    let text = String::from_utf8_lossy(line);
    if text.trim().is_empty() { Err("it is blank".into()) } else { Ok(text) }
}

fn object(text: &str) -> Result<Fields<'_>, String> {
    Fields::read(text).map_err(|error| format!("it is no JSON object: {error}"))
}
