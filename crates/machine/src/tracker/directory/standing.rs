//! A run as the lines of its log tell it, one after another.

use trackway_model::{AppRecord, RunKey, SpanId, StepKey, Text, TraceId};
use trackway_wire::records::StateText;

use super::scan::{self, Kind};
use crate::{At, State, Status, loading::Saved};

/// Where a run stands after the lines so far.
pub(super) struct Standing {
    wanted: At,
    /// `None` until the first state that is told whole.
    state: Option<StateText>,
    /// The state that is wanted, where what was told since is not: it was set by hand after the step.
    kept: Option<StateText>,
    step: Option<StepKey>,
    action: Option<Text>,
    span: Option<(TraceId, SpanId)>,
    status: Status,
    chosen: Option<Text>,
    placed: Option<Text>,
    /// The first line that cannot be read: nothing that depends on it can follow.
    damage: Option<String>,
}

/// Whether more lines are needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum More {
    Yes,
    No,
}

impl Standing {
    pub(super) fn new(wanted: At) -> Self {
        Self {
            wanted,
            state: None,
            kept: None,
            step: None,
            action: None,
            span: None,
            status: Status::NotBegun,
            chosen: None,
            placed: None,
            damage: None,
        }
    }

    /// Reads the line that begins at a byte of the log.
    ///
    /// # Errors
    /// Why what stands there does not fit to the lines before, as a sentence.
    pub(super) fn read(&mut self, at: u64, line: &[u8]) -> Result<More, String> {
        let kind = scan::kind(line);
        let is_read = match kind {
            Some(Kind::Begin) => scan::read(line).map(|begin| self.begin(&begin)),
            Some(Kind::End) => match scan::read(line) {
                Ok(end) => return self.end(&end, at),
                Err(what) => Err(what),
            },
            Some(Kind::State) => match scan::read(line) {
                Ok(placed) => return self.place(&placed, at),
                Err(what) => Err(what),
            },
            Some(_) => Ok(More::Yes),
            None => Err("it is of no kind that a log has".into()),
        };
        is_read.or_else(|what| {
            self.damage.get_or_insert_with(|| format!("the line at byte {at} cannot be read: {what}"));
            Ok(More::Yes)
        })
    }

    fn begin(&mut self, begin: &scan::Begin<'_>) -> More {
        if self.is_beyond(begin.step()) {
            return More::No;
        }
        self.step_on(begin.step(), &begin.action, Status::Unfinished, begin.span);
        More::Yes
    }

    fn end(&mut self, end: &scan::End<'_>, at: u64) -> Result<More, String> {
        if self.is_beyond(end.step()) {
            return Ok(More::No);
        }
        if let Some(state) = end.state {
            self.whole(state.get(), at)?;
        } else if let Some(delta) = end.delta {
            if let Some(damage) = &self.damage {
                return Err(damage.clone());
            }
            let state = self.state.as_mut().ok_or_else(|| format!("nothing stands before the delta at byte {at}"))?;
            state
                .change(delta.get())
                .map_err(|what| format!("the line at byte {at} does not follow from those before it: {what}"))?;
        }
        let status = if end.error.is_some() { Status::Failed } else { Status::Completed };
        self.step_on(end.step(), &end.action, status, end.span);
        self.chosen = end.next.as_deref().map(Text::from);
        Ok(More::Yes)
    }

    fn place(&mut self, placed: &scan::Placed<'_>, at: u64) -> Result<More, String> {
        let after = placed.after.as_ref().map(scan::After::step);
        let is_wanted = match self.wanted {
            At::Latest => true,
            At::Step(sequence) => after.is_none_or(|after| after.sequence < sequence),
        };
        if is_wanted {
            let next = placed.next.as_deref().map(Text::from);
            if placed.chosen {
                (self.chosen, self.placed) = (next, None);
            } else {
                self.placed = next;
            }
        } else if self.kept.is_none() {
            self.kept = self.state.clone();
        }
        self.whole(placed.state.get(), at)?;
        Ok(More::Yes)
    }

    /// A state that is told whole depends on nothing before it.
    fn whole(&mut self, state: &str, at: u64) -> Result<(), String> {
        self.state = Some(StateText::whole(state).map_err(|what| format!("the state at byte {at}: {what}"))?);
        self.damage = None;
        Ok(())
    }

    fn step_on(&mut self, step: StepKey, action: &str, status: Status, span: Option<scan::Span<'_>>) {
        (self.step, self.status) = (Some(step), status);
        self.action = Some(action.into());
        self.span = span.and_then(scan::Span::ids);
        (self.chosen, self.placed, self.kept) = (None, None, None);
    }

    /// Returns the run as it stood then; `None` when it has no such step. A run whose writer died before it told a state has not
    /// begun: nobody knows what it would go on with.
    ///
    /// # Errors
    /// Why the state cannot be read, as a sentence.
    pub(super) fn saved(self, run: RunKey, record: AppRecord) -> Result<Option<Saved>, String> {
        let is_there = match self.wanted {
            At::Latest => self.state.is_some() || self.step.is_some() || self.damage.is_some(),
            At::Step(sequence) if sequence < 0 => self.step.is_none() && self.state.is_some(),
            At::Step(sequence) => self.step.is_some_and(|step| step.sequence == sequence),
        };
        if !is_there {
            return Ok(None);
        }
        if let (Some(damage), None) = (self.damage, &self.state) {
            return Err(damage);
        }
        let state = match self.kept.or(self.state) {
            Some(state) => State::from_json(&state.json().0).map_err(|error| error.to_string())?,
            None => State::default(),
        };
        let Self { step, action, span, status, placed, chosen, .. } = self;
        Ok(Some(Saved { run, record, step, action, span, status, state, next: placed, chosen, kept: None }))
    }

    fn is_beyond(&self, step: StepKey) -> bool {
        match self.wanted {
            At::Latest => false,
            At::Step(sequence) => {
                let was_there = self.step.is_some_and(|step| step.sequence == sequence);
                let has_ended = matches!(self.status, Status::Completed | Status::Failed);
                step.sequence > sequence || (was_there && has_ended && step.sequence != sequence)
            }
        }
    }
}
