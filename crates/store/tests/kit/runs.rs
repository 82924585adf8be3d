//! Runs for tests: a world with a store of runs, and short ways to make facts and to show answers.

use std::{path::Path, sync::Arc};

use tempfile::TempDir;
use trackway_model::*;
use trackway_store::*;

use super::{Hands, all, config, decoder, wait};

/// A store of runs of one kind.
pub struct RunWorld {
    store: Option<Box<dyn Runs>>,
    pub hands: Hands,
    pub directory: Option<TempDir>,
    reopens: bool,
}

impl RunWorld {
    pub fn memory() -> Self {
        let hands = Hands::default();
        let store: Box<dyn Runs> = Box::new(Memory::with_run_ids(hands.clock(), ids()));
        Self { store: Some(store), hands, directory: None, reopens: false }
    }

    pub fn embedded() -> Self {
        let (hands, directory) = (Hands::default(), TempDir::new().unwrap());
        let store = open_runs(directory.path(), &hands);
        Self { store: Some(Box::new(store)), hands, directory: Some(directory), reopens: false }
    }

    /// An embedded store that is opened anew before every question.
    pub fn reopened() -> Self {
        Self { reopens: true, ..Self::embedded() }
    }

    pub fn reopen(&mut self) {
        let Some(directory) = &self.directory else { return };
        self.store = None;
        self.store = Some(Box::new(open_runs(directory.path(), &self.hands)));
    }

    /// The store, to be asked.
    pub fn store(&mut self) -> &dyn Runs {
        if self.reopens {
            self.reopen();
        }
        self.store.as_deref().unwrap()
    }

    /// Records facts of a run.
    pub fn tell(&mut self, run: &Arc<RunKey>, facts: impl IntoIterator<Item = RunFact>) -> RunAck {
        record(self.store.as_deref().unwrap(), run, facts).unwrap()
    }

    /// The list of runs, a line each.
    pub fn list(&mut self, query: &RunQuery) -> Vec<String> {
        self.store().runs(query, &all()).unwrap().items.iter().map(run_line).collect()
    }

    /// What a list shows of one run.
    pub fn line(&mut self, run: &RunKey) -> String {
        run_line(&self.store().run_summary(run).unwrap().unwrap())
    }

    /// The steps of a run, a line each.
    pub fn steps(&mut self, run: &RunKey) -> Vec<String> {
        self.store().steps(run, Order::Ascending, &all()).unwrap().items.iter().map(step_line).collect()
    }

    pub fn state(&mut self, run: &RunKey, sequence: i64) -> Option<String> {
        let step = self.store().locate(run, At::Sequence(sequence)).unwrap()?;
        self.store().state(run, step).unwrap().map(|json| json.0.to_string())
    }
}

/// Ids that tests can know: the first letters of the names.
pub fn ids() -> RunIds {
    Arc::new(|run| {
        let mut id = [1; 16];
        let names = run.app.bytes().chain([0]).chain(run.partition.as_deref().unwrap_or_default().bytes());
        id.iter_mut().zip(names).for_each(|(byte, letter)| *byte = letter);
        TraceId::new(id).unwrap()
    })
}

pub fn open_runs(path: &Path, hands: &Hands) -> Embedded {
    let config = Config { clock: hands.clock(), run_ids: Some(ids()), ..config(path) };
    let (store, recovery) = Embedded::open(config, decoder()).unwrap();
    assert_eq!(recovery.damaged, []);
    store
}

pub fn record(store: &dyn Runs, run: &Arc<RunKey>, facts: impl IntoIterator<Item = RunFact>) -> Result<RunAck, Error> {
    let records = facts.into_iter().map(|fact| RunRecord { run: Arc::clone(run), fact }).collect();
    wait(store.record(records))
}

pub fn run_key(app: &str) -> Arc<RunKey> {
    Arc::new(RunKey { project: "default".into(), partition: None, app: app.into() })
}

pub fn partitioned(app: &str, partition: &str) -> Arc<RunKey> {
    Arc::new(RunKey { partition: Some(partition.into()), ..RunKey::clone(&run_key(app)) })
}

pub fn pointer(app: &str, sequence: Option<i64>) -> RunPointer {
    RunPointer { app: app.into(), partition: None, sequence }
}

/// A step by its number, at the first attempt.
pub fn at(sequence: i64) -> StepKey {
    StepKey { sequence, attempt: 0 }
}

fn second(second: u64) -> Option<Timestamp> {
    Some(Timestamp(second * 1_000_000_000))
}

pub fn begin_of(step: StepKey, action: &str, time: u64) -> StepBegin {
    StepBegin { step, action: action.into(), time: second(time), inputs: None, span: None }
}

pub fn begin(sequence: i64, action: &str, time: u64) -> RunFact {
    RunFact::Begin(begin_of(at(sequence), action, time))
}

pub fn end_of(step: StepKey, action: &str, time: u64, state: &str) -> StepEnd {
    StepEnd {
        step,
        action: action.into(),
        time: second(time),
        result: None,
        error: None,
        state: Some(state).filter(|state| !state.is_empty()).map(|state| Json(state.into())),
        is_suspect: false,
        choice: None,
    }
}

pub fn end(sequence: i64, action: &str, time: u64, state: &str) -> RunFact {
    RunFact::End(end_of(at(sequence), action, time, state))
}

pub fn failed_end(sequence: i64, action: &str, time: u64, error: &str) -> RunFact {
    RunFact::End(StepEnd { error: Some(error.into()), ..end_of(at(sequence), action, time, "") })
}

pub fn attribute(sequence: i64, span: Option<&str>, key: &str, value: &str) -> RunFact {
    let (span, value) = (span.map(Into::into), Json(value.into()));
    RunFact::Attribute(StepAttribute { step: at(sequence), span, key: key.into(), value, tags: None, time: None })
}

pub fn stream(sequence: i64, moment: StreamMoment, time: u64) -> RunFact {
    RunFact::Stream(StreamEvent { step: at(sequence), moment, time: second(time) })
}

pub fn bring(sequence: i64, app: &str, event: ChildEvent) -> RunFact {
    RunFact::Child(ChildRecord { sequence: Some(sequence), child: pointer(app, None), event, time: None })
}

pub fn remark(place: &str, what: &str) -> RunFact {
    RunFact::Remark(Remark { place: place.into(), what: what.into(), text: "{".into() })
}

pub fn note(run: &Arc<RunKey>, sequence: i64, tag: &str) -> Annotation {
    Annotation {
        id: 0,
        run: Arc::clone(run),
        sequence,
        attempt: None,
        span: None,
        step_name: "step".into(),
        tags: vec![tag.into()],
        observations: Json("[]".into()),
        created: None,
        updated: None,
    }
}

fn seconds(time: Option<Timestamp>) -> String {
    time.map_or("?".into(), |time| (time.0 / 1_000_000_000).to_string())
}

/// Shows a run as a list does.
pub fn run_line(run: &RunSummary) -> String {
    let partition = run.key.partition.as_deref().map_or(String::new(), |name| format!("@{name}"));
    let trail: Vec<_> =
        run.trail.iter().map(|it| format!("{}{}", it.step.sequence, if it.failed { "!" } else { "" })).collect();
    format!(
        "{}/{}{partition} {}-{} {:?} {} steps {} errors {} suspect {} children {} forks {} remarks {} notes last {} [{}]",
        run.key.project,
        run.key.app,
        seconds(run.first),
        seconds(run.last),
        run.status,
        run.step_count,
        run.error_count,
        run.suspect_count,
        run.child_count,
        run.fork_count,
        run.remark_count,
        run.annotation_count,
        run.last_action.as_deref().unwrap_or("-"),
        trail.join(" "),
    )
}

/// Shows a step as a list does.
pub fn step_line(step: &Step) -> String {
    let changed: Vec<_> = step.changed.iter().map(|name| &**name).collect();
    let children: Vec<_> = step.children.iter().map(|it| &*it.app).collect();
    format!(
        "{}.{} {} {}-{} {:?} ({}) {} attributes [{}] {} notes{}{}",
        step.key.sequence,
        step.key.attempt,
        step.action,
        seconds(step.start),
        seconds(step.end),
        step.status,
        changed.join(" "),
        step.attribute_count,
        children.join(" "),
        step.annotation_count,
        step.stream.map_or(String::new(), |it| format!(" stream of {:?}", it.items)),
        step.error.as_deref().map_or(String::new(), |error| format!(" failed: {error}")),
    )
}
