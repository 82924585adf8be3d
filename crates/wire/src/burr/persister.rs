//! Rows of the table `burr_state`, in which Burr's SQLite persister keeps the state after each step.

use std::sync::Arc;

use trackway_model::{Json, RunFact, RunKey, RunRecord, StepBegin, StepEnd, StepKey, Text};

use super::{
    entries::{is_json, is_of_before},
    remark,
    time::Moment,
};
use crate::{records::Item, repair::repaired};

/// A row of `burr_state`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Row {
    /// The application's partition; empty for none.
    pub partition_key: Text,
    /// The application's id.
    pub app_id: Text,
    /// The number of the step.
    pub sequence_id: i64,
    /// The action that ran.
    pub position: Text,
    /// `completed` or `failed`.
    pub status: Text,
    /// The state afterwards, as JSON.
    pub state: Text,
    /// When the row was written, in UTC.
    pub created_at: Text,
}

/// Reads rows in order of `partition_key`, `app_id`, `sequence_id` and `created_at`.
#[derive(Debug)]
pub struct Persister {
    project: Text,
    last: Option<(Arc<RunKey>, StepKey)>,
}

impl Persister {
    /// Makes a reader of rows whose runs are to be in a project.
    pub fn new(project: Text) -> Self {
        Self { project, last: None }
    }

    /// Reads a row: the step that it was written after. Rows tell neither inputs, results nor why a step failed.
    pub fn row(&mut self, row: &Row) -> Vec<Item> {
        let (run, step) = self.step(row);
        let (state, odd) = state(&row.state);
        let time = match Moment::read(&row.created_at) {
            Some(Moment::Local(_)) => Moment::read(&format!("{}Z", row.created_at.replacen(' ', "T", 1))),
            other => other,
        };
        let time = time.and_then(|time| time.at(None, &jiff::tz::TimeZone::UTC));
        let error = match &*row.status {
            "completed" => None,
            "failed" => Some(Text::literal("the step failed; its persister does not keep why")),
            other => Some(format!("the step's status is {other:?}").into()),
        };
        let is_suspect = error.is_none() && is_of_before(state.as_ref(), &row.position);
        let action = row.position.clone();
        let mut facts = vec![
            RunFact::Begin(StepBegin { step, action: action.clone(), time: None, inputs: None, span: None }),
            RunFact::End(StepEnd { step, action, time, result: None, error, state, is_suspect, choice: None }),
        ];
        if let Some(what) = odd {
            let place = format!("burr_state:{}.{}", step.sequence, step.attempt);
            facts.push(RunFact::Remark(remark(place, what, row.state.as_bytes())));
        }
        facts.into_iter().map(|fact| Item::Fact(RunRecord { run: Arc::clone(&run), fact })).collect()
    }

    /// Finds the run and the step of a row; another row of the same step is another attempt.
    fn step(&mut self, row: &Row) -> (Arc<RunKey>, StepKey) {
        let partition = Some(row.partition_key.clone()).filter(|partition| !partition.is_empty());
        let last = self.last.take().filter(|(run, _)| run.app == row.app_id && run.partition == partition);
        let run = match &last {
            Some((run, _)) => Arc::clone(run),
            None => Arc::new(RunKey { project: self.project.clone(), partition, app: row.app_id.clone() }),
        };
        let before = last.map(|(_, step)| step).filter(|step| step.sequence == row.sequence_id);
        let attempt = before.map_or(0, |step| step.attempt.saturating_add(1));
        let step = StepKey { sequence: row.sequence_id, attempt };
        self.last = Some((Arc::clone(&run), step));
        (run, step)
    }
}

/// Reads a state, and says what is odd about it: Python writes numbers that JSON does not have.
fn state(text: &Text) -> (Option<Json>, Option<&'static str>) {
    if is_json(text) {
        return (Some(Json(text.clone())), None);
    }
    let repaired = repaired(text.as_bytes());
    if is_json(&repaired) {
        return (
            Some(Json(repaired.into())),
            Some("its state holds numbers that JSON does not have; they became texts"),
        );
    }
    (None, Some("its state is no JSON"))
}
