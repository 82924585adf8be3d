//! Runs that are told fact by fact.

use std::{path::Path, sync::Arc};

use trackway_model::{AppRecord, RunKey, StepKey, Text, Timestamp};

use crate::{
    At, Begun, Change, Choice, Ended, Entry, Fact, Failed, Fault, Inputs, LoadError, Loader, Place, Placed, Saved,
    State, Tried, Wanted,
    tracker::{
        Directory, Opening, Sink,
        directory::{
            log::Refusal,
            names,
            sink::{Logs, Writer},
        },
    },
};

/// Makes a directory for thousands of logs: in memory, where there is such a place.
pub(super) fn quick_directory() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}

/// A run that is written here and now, without a thread.
pub(super) struct Run {
    pub(super) key: Arc<RunKey>,
    pub(super) state: State,
    writer: Writer,
    sequence: i64,
}

impl Run {
    pub(super) fn open(root: &Path, app: &str, how: Opening) -> Result<Self, Refusal> {
        let key = Arc::new(RunKey { project: "demo".into(), partition: None, app: app.into() });
        let logs = Arc::new(Logs::new(root.to_owned()));
        logs.open(&key, how)?;
        Ok(Self { key, state: State::default(), writer: Writer::new(logs), sequence: 0 })
    }

    pub(super) fn new(root: &Path, app: &str, state: State) -> Self {
        let mut run = Self::open(root, app, Opening::New).unwrap();
        run.tell([Fact::Opened(Arc::new(AppRecord::default()))]).unwrap();
        run.place(None, state);
        run
    }

    /// Goes on with a run at a step.
    pub(super) fn goes_on(root: &Path, app: &str, sequence: i64, state: State) -> Self {
        let mut run = Self::open(root, app, Opening::GoesOn).unwrap();
        (run.sequence, run.state) = (sequence, state);
        run.tell([Fact::Opened(Arc::new(AppRecord::default()))]).unwrap();
        run
    }

    pub(super) fn tell(&mut self, facts: impl IntoIterator<Item = Fact>) -> Result<(), Fault> {
        let entries = facts.into_iter().map(|fact| Entry { run: self.key.clone(), fact }).collect();
        self.writer.write(entries).into_iter().collect()
    }

    pub(super) fn sync(&mut self) {
        self.writer.sync().unwrap();
    }

    pub(super) fn place(&mut self, after: Option<StepKey>, state: State) {
        self.state = state.clone();
        self.tell([Fact::Placed(Placed {
            after,
            next: Some("act".into()),
            is_chosen: false,
            state,
            time: Timestamp(1),
        })])
        .unwrap();
    }

    /// Takes a step that makes these changes; returns its number.
    pub(super) fn step(&mut self, changes: Vec<Change>) -> Result<i64, Fault> {
        let state = changes.iter().fold(self.state.clone(), State::apply);
        self.step_to(state, Some(changes))
    }

    /// Takes a step that leads to a state.
    pub(super) fn step_to(&mut self, state: State, changes: Option<Vec<Change>>) -> Result<i64, Fault> {
        let sequence = self.sequence;
        self.sequence += 1;
        let told = self.tell([begun(sequence, 0), ended(sequence, 0, &state, changes)]);
        self.state = state;
        told.map(|()| sequence)
    }

    /// Takes a step that fails.
    pub(super) fn fail(&mut self) -> i64 {
        let sequence = self.sequence;
        self.sequence += 1;
        let Fact::Ended(mut end) = ended(sequence, 0, &self.state, Some(Vec::new())) else { unreachable!() };
        end.outcome = Err(Failed { text: "no luck".into() });
        end.choice = None;
        self.tell([begun(sequence, 0), Fact::Ended(end)]).unwrap();
        sequence
    }

    pub(super) fn sequence(&self) -> i64 {
        self.sequence
    }

    pub(super) fn close(mut self) {
        self.tell([Fact::Closed]).unwrap();
    }
}

pub(super) fn begun(sequence: i64, attempt: u32) -> Fact {
    Fact::Begun(Begun {
        step: StepKey { sequence, attempt },
        action: "act".into(),
        time: Timestamp(1_795_188_398_000_000_000),
        inputs: Inputs::default(),
        span: Some(span()),
    })
}

pub(super) fn ended(sequence: i64, attempt: u32, state: &State, changes: Option<Vec<Change>>) -> Fact {
    let tried = Tried { to: "act".into(), condition: "default".into(), held: Ok(true) };
    Fact::Ended(Box::new(Ended {
        step: StepKey { sequence, attempt },
        action: "act".into(),
        begun: Timestamp(1_795_188_398_000_000_000),
        time: Timestamp(1_795_188_398_000_000_999),
        outcome: Ok(None),
        state: state.clone(),
        changes,
        choice: Some(Choice { next: Some("act".into()), tried: vec![tried].into() }),
        span: Some(span()),
    }))
}

fn span() -> Place {
    Place {
        trace_id: "4bf92f3577b34da6a3ce929d0e0e4736".parse().unwrap(),
        span_id: "00f067aa0ba902b7".parse().unwrap(),
        parent_id: None,
        is_told_here: true,
        follows: None,
    }
}

pub(super) fn set(name: &str, value: impl Into<crate::Value>) -> Change {
    Change::Set(name.into(), value.into())
}

pub(super) fn append(name: &str, value: impl Into<crate::Value>) -> Change {
    Change::Append(name.into(), value.into())
}

pub(super) fn load(root: &Path, app: &str, at: At) -> Result<Option<Saved>, LoadError> {
    Directory::at(root).load(&Wanted::new("demo", app), at)
}

/// Returns the state at a step, as JSON.
pub(super) fn state_at(root: &Path, app: &str, sequence: i64) -> String {
    load(root, app, At::Step(sequence)).unwrap().unwrap().state.to_json()
}

pub(super) fn directory(root: &Path, app: &str) -> std::path::PathBuf {
    names::run(root, &RunKey { project: "demo".into(), partition: None, app: Text::from(app) })
}

pub(super) fn log(root: &Path, app: &str) -> std::path::PathBuf {
    directory(root, app).join("log.ndjson")
}
