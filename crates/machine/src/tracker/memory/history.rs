//! Where a run stood at a step, from its facts.

use trackway_model::{AppRecord, RunKey, StepKey, Text};

use crate::{At, Fact, Place, Saved, State, Status};

/// The facts of one run, in their order.
pub(super) struct History {
    pub(super) run: RunKey,
    pub(super) facts: Vec<Fact>,
}

/// Where a run stands after the facts so far.
#[derive(Default)]
struct Standing {
    record: AppRecord,
    last: Option<(StepKey, Text, Status)>,
    span: Option<Place>,
    state: Option<State>,
    next: Option<Text>,
    chosen: Option<Text>,
}

impl History {
    /// Returns the run as it stood then; `None` when it has no such step.
    pub(super) fn saved(&self, at: At) -> Option<Saved> {
        let mut standing = Standing::default();
        let mut found = None;
        for fact in &self.facts {
            // Before a step is the last moment at which what was set by hand comes before it.
            if matches!(fact, Fact::Begun(_)) && at == At::Step(-1) && standing.last.is_none() {
                found = standing.saved(&self.run);
            }
            standing.add(fact);
            let is_there = matches!((at, fact), (At::Step(sequence), Fact::Begun(_) | Fact::Ended(_))
                if standing.last.as_ref().is_some_and(|(step, ..)| step.sequence == sequence));
            if is_there {
                found = standing.saved(&self.run);
            }
        }
        match at {
            At::Latest => standing.saved(&self.run),
            At::Step(-1) if standing.last.is_none() => standing.saved(&self.run),
            At::Step(_) => found,
        }
    }
}

impl Standing {
    fn add(&mut self, fact: &Fact) {
        match fact {
            Fact::Opened(record) if self.record == AppRecord::default() => self.record = (**record).clone(),
            Fact::Placed(placed) => {
                self.state = Some(placed.state.clone());
                self.next = placed.next.clone().filter(|_| !placed.is_chosen);
                if placed.is_chosen {
                    self.chosen.clone_from(&placed.next);
                }
            }
            Fact::Begun(begun) => self.step_on(begun.step, &begun.action, Status::Unfinished, begun.span),
            Fact::Ended(ended) => {
                let status = if ended.outcome.is_ok() { Status::Completed } else { Status::Failed };
                self.step_on(ended.step, &ended.action, status, ended.span);
                self.state = Some(ended.state.clone());
                self.chosen = ended.choice.as_ref().and_then(|choice| choice.next.clone());
            }
            Fact::Opened(_) | Fact::Noted(_) | Fact::Child(_) | Fact::Span(_) | Fact::Closed => {}
        }
    }

    fn step_on(&mut self, step: StepKey, action: &Text, status: Status, span: Option<Place>) {
        self.span = span;
        self.last = Some((step, action.clone(), status));
        (self.next, self.chosen) = (None, None);
    }

    fn saved(&self, run: &RunKey) -> Option<Saved> {
        let (step, action, status) = match self.last.clone() {
            Some((step, action, status)) => (Some(step), Some(action), status),
            None => (None, None, Status::NotBegun),
        };
        Some(Saved {
            run: run.clone(),
            record: self.record.clone(),
            step,
            action,
            span: self.span.map(|place| (place.trace_id, place.span_id)),
            status,
            state: self.state.clone().unwrap_or_default(),
            next: self.next.clone(),
            chosen: self.chosen.clone(),
            kept: None,
        })
    }
}
