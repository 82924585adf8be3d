//! What holds for runs in every store.

use std::{collections::HashMap, time::Duration};

use trackway_model::{AppRecord, Elapsed, Json, RunFact, RunKey, RunPointer, State, StepKey, Text, Timestamp};

use super::{RunStatus, Step, StepStatus, Trail};
use crate::{
    SpanState,
    clock::{Moment, is_over},
};

/// A time that lies so far back was not told as it happened: more than any two clocks on earth can differ by their zones.
const TOLD_LATER: Duration = Duration::from_secs(24 * 60 * 60);

/// Returns when a run was alive, by a fact that came at `arrival` and tells of `time`.
pub(super) fn heard(arrival: Timestamp, time: Option<Timestamp>) -> Timestamp {
    match time {
        Some(time) if is_over(TOLD_LATER, time, arrival) => time,
        _ => arrival,
    }
}

/// Adds what is said later to what is known of a run.
pub(super) fn merge(known: &mut AppRecord, later: AppRecord) {
    known.graph = later.graph.or(known.graph.take());
    known.parent = later.parent.or(known.parent.take());
    known.spawned_by = later.spawned_by.or(known.spawned_by.take());
    known.created = [known.created, later.created].into_iter().flatten().min();
}

/// Returns the fields of a state that differ from the state before, those that are gone last.
pub(super) fn changed(before: Option<&Json>, after: &Json) -> Vec<Text> {
    let before = before.map_or("{}", |json| &json.0);
    let (Some(before), Some(after)) = (State::read(before), State::read(&after.0)) else { return Vec::new() };
    let mut old: HashMap<_, _> = before.fields().iter().copied().collect();
    let differs = |(name, value): &&(&str, &str)| old.remove(*name) != Some(*value);
    let mut names: Vec<_> = after.fields().iter().filter(differs).map(|(name, _)| *name).collect();
    names.extend(before.fields().iter().filter(|(name, _)| old.contains_key(name)).map(|(name, _)| *name));
    names.truncate(Step::MOST_CHANGED);
    names.into_iter().map(State::unquoted).collect()
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    Open,
    Well,
    Failed,
}

impl Ending {
    /// How a run stands whose last step ended so.
    pub(super) fn of_run(self, news: Timestamp, moment: Moment) -> RunStatus {
        match self {
            Self::Open if moment.stored(news) == SpanState::Lost => RunStatus::Lost,
            Self::Open => RunStatus::Running,
            Self::Well => RunStatus::Ok,
            Self::Failed => RunStatus::Failed,
        }
    }

    /// How a step stands that ended so.
    pub(super) fn of_step(self, is_last: bool, news: Timestamp, moment: Moment) -> StepStatus {
        match self {
            Self::Open if is_last && moment.stored(news) != SpanState::Lost => StepStatus::Running,
            Self::Open => StepStatus::Lost,
            Self::Well => StepStatus::Done,
            Self::Failed => StepStatus::Failed,
        }
    }
}

/// Returns which of so many steps are in the picture of a run.
pub(super) fn trail_places(steps: u64) -> impl Iterator<Item = u64> {
    let most = Trail::MOST as u64;
    let shown = steps.min(most);
    (0..shown).map(move |number| if steps <= most { number } else { number * (steps - 1) / (most - 1) })
}

/// Returns how long something took.
pub(super) fn between(start: Option<Timestamp>, end: Option<Timestamp>) -> Option<Elapsed> {
    Some(end?.since(start?))
}

/// Returns what a list shows of a long text.
pub(super) fn cut(text: &str) -> Text {
    let end = (0..=text.len().min(Step::MOST_SHOWN_BYTES)).rev().find(|at| text.is_char_boundary(*at));
    text.get(..end.unwrap_or(0)).unwrap_or_default().into()
}

/// Returns the run that a pointer names.
pub(super) fn pointed(project: &Text, pointer: &RunPointer) -> RunKey {
    RunKey { project: project.clone(), partition: pointer.partition.clone(), app: pointer.app.clone() }
}

/// Returns what a query for a part of the name looks for.
pub(super) fn has_name(key: &RunKey, part: Option<&str>) -> bool {
    part.is_none_or(|part| crate::query::contains_any_case(&key.app, part))
}

/// Returns the step that a fact is about.
pub(super) fn step_of(fact: &RunFact) -> Option<StepKey> {
    match fact {
        RunFact::Begin(it) => Some(it.step),
        RunFact::End(it) => Some(it.step),
        RunFact::Attribute(it) => Some(it.step),
        RunFact::Stream(it) => Some(it.step),
        RunFact::App(_) | RunFact::State(_) | RunFact::Child(_) | RunFact::Remark(_) => None,
    }
}

/// Returns the time that a fact tells of.
pub(super) fn time_of(fact: &RunFact) -> Option<Timestamp> {
    match fact {
        RunFact::App(it) => it.created,
        RunFact::Begin(it) => it.time,
        RunFact::End(it) => it.time,
        RunFact::Attribute(it) => it.time,
        RunFact::Stream(it) => it.time,
        RunFact::State(it) => it.time,
        RunFact::Child(it) => it.time,
        RunFact::Remark(_) => None,
    }
}
