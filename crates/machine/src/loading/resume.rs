//! Applications that go on from what was kept.

use trackway_model::{RunKey, RunPointer, StepKey, Text};

use super::{At, LoadError, Loader, Saved, Status, Wanted};
use crate::{Builder, Error, Graph, State, application::Origin, tracker::Directory};

/// Returns the state of a run, and the action that comes next there, from the logs in the
/// [default directory](Directory::default); the action is `None` where the machine ended.
///
/// ```no_run
/// use trackway_machine::{At, load_state};
///
/// let (state, next) = load_state("demo", "ticket-48213", 3)?;
/// println!("after step 3 {next:?} follows, with {}", state["question"]);
///
/// let (state, next) = load_state("demo", "ticket-48213", At::Latest)?;
/// # Ok::<(), trackway_machine::LoadError>(())
/// ```
///
/// # Errors
/// When there is no such run or step, or it cannot be read.
pub fn load_state(project: &str, app: &str, at: impl Into<At>) -> Result<(State, Option<Text>), LoadError> {
    let saved = load(&Directory::default(), &Wanted::new(project, app), at.into())?;
    let next = saved.next_action();
    Ok((saved.state, next))
}

impl Graph {
    /// Makes an application that goes on with a run where it stopped, from the logs in the
    /// [default directory](Directory::default). It is kept there unless another tracker is given.
    ///
    /// A failed step is run again under the next number. A step that began and has no end, for the program died, is run again under its
    /// own number, as its next attempt.
    ///
    /// ```no_run
    /// # let graph = trackway_machine::Graph::new([trackway_machine::Input::new(["prompt"])]).entry("input").build()?;
    /// let mut app = graph.resume("demo", "ticket-48213")?.build()?;
    /// app.step().input("prompt", "go on").blocking()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When there is no such run, or it cannot be read.
    pub fn resume(&self, project: &str, app: &str) -> Result<Builder, Error> {
        self.resume_from(&Directory::default(), &Wanted::new(project, app))
    }

    /// Makes an application that goes on with a run where it stopped.
    ///
    /// ```
    /// use trackway_machine::{Graph, Input, Wanted, state, tracker::Memory};
    ///
    /// let graph = Graph::new([Input::new(["prompt"])]).edge("input", "input").entry("input").build()?;
    /// let memory = Memory::default();
    /// let mut app = graph.start(state! {}).project("demo").app_id("chat").tracker(memory.clone()).build()?;
    /// app.step().input("prompt", "hi").blocking()?;
    /// drop(app);
    ///
    /// let mut app = graph.resume_from(&memory, &Wanted::new("demo", "chat"))?.build()?;
    /// assert_eq!(app.state()["prompt"], "hi");
    /// app.step().input("prompt", "again").blocking()?;
    /// assert_eq!(app.sequence(), Some(1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When there is no such run, or it cannot be read.
    pub fn resume_from(&self, loader: &dyn Loader, wanted: &Wanted) -> Result<Builder, Error> {
        let saved = load(loader, wanted, At::Latest)?;
        let upcoming = match (saved.step, saved.status) {
            (Some(StepKey { sequence, attempt }), Status::Unfinished) => {
                StepKey { sequence, attempt: attempt.saturating_add(1) }
            }
            _ => StepKey { sequence: first_sequence(&saved), attempt: 0 },
        };
        let leads_on = saved.status == Status::Completed && saved.next.is_none();
        let last = saved.step.zip(saved.action.clone()).map(|(step, action)| (step, action, leads_on));
        let builder = self.go_on(loader, &saved).app_id(saved.run.app.clone());
        Ok(builder.goes_on(upcoming, Origin::GoesOn { last, kept: saved.kept }))
    }

    /// Makes an application that goes on with a run where it stopped, or begins it with this state if there is no such run; it is
    /// kept in the [default directory](Directory::default) unless another tracker is given. What a service does for each
    /// conversation.
    ///
    /// ```no_run
    /// # let graph = trackway_machine::Graph::new([trackway_machine::Input::new(["prompt"])]).entry("input").build()?;
    /// use trackway_machine::state;
    ///
    /// let mut app = graph.resume_or_start("demo", "ada", state! { history: ["hello"] })?.build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When there is such a run, and it cannot be read.
    pub fn resume_or_start(&self, project: &str, app: &str, state: State) -> Result<Builder, Error> {
        self.resume_or_start_from(&Directory::default(), &Wanted::new(project, app), state)
    }

    /// Makes an application that goes on with a run where it stopped, or begins it with this state if there is no such run.
    ///
    /// ```
    /// use trackway_machine::{Graph, Input, Wanted, state, tracker::Memory};
    ///
    /// let graph = Graph::new([Input::new(["prompt"])]).edge("input", "input").entry("input").build()?;
    /// let (memory, ada) = (Memory::default(), Wanted::new("demo", "chat").in_partition("ada"));
    /// for sequence in 0..3 {
    ///     let mut app = graph.resume_or_start_from(&memory, &ada, state! {})?.build()?;
    ///     app.step().input("prompt", "hi").blocking()?;
    ///     assert_eq!(app.sequence(), Some(sequence));
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When there is such a run, and it cannot be read.
    pub fn resume_or_start_from(&self, loader: &dyn Loader, wanted: &Wanted, state: State) -> Result<Builder, Error> {
        match self.resume_from(loader, wanted) {
            Err(Error::Load(LoadError::Missing { .. })) => {}
            found => return found,
        }
        let mut builder = self.start(state).project(wanted.project.clone()).app_id(wanted.app.clone());
        if let Some(partition) = &wanted.partition {
            builder = builder.partition(partition.clone());
        }
        Ok(match loader.home() {
            Some(home) => builder.home(home),
            None => builder,
        })
    }

    /// Makes an application that starts from where another one was after a step, from the logs in the
    /// [default directory](Directory::default). It is kept there unless another tracker is given.
    ///
    /// It gets an id of its own, names the other as its parent, and counts its steps on from there.
    ///
    /// ```no_run
    /// # let graph = trackway_machine::Graph::new([trackway_machine::Input::new(["prompt"])]).entry("input").build()?;
    /// let app = graph.fork("demo", "ticket-48213", 3)?.set("timeout_ms", 8000).build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When there is no such run or step, or it cannot be read.
    pub fn fork(&self, project: &str, app: &str, at: impl Into<At>) -> Result<Builder, Error> {
        self.fork_from(&Directory::default(), &Wanted::new(project, app), at)
    }

    /// Makes an application that starts from where another one was after a step.
    ///
    /// # Errors
    /// When there is no such run or step, or it cannot be read.
    pub fn fork_from(&self, loader: &dyn Loader, wanted: &Wanted, at: impl Into<At>) -> Result<Builder, Error> {
        let saved = load(loader, wanted, at.into())?;
        let sequence = match (saved.step, saved.status) {
            // Never ended, so it is not behind what begins here.
            (Some(step), Status::Unfinished) => step.sequence,
            _ => first_sequence(&saved),
        };
        let RunKey { app, partition, .. } = saved.run.clone();
        let parent = RunPointer { app, partition, sequence: Some(sequence.saturating_sub(1)) };
        Ok(self.go_on(loader, &saved).first_sequence(sequence).parent(parent))
    }

    /// Makes an application with the state, the place and the names of a run.
    fn go_on(&self, loader: &dyn Loader, saved: &Saved) -> Builder {
        let state = self.restored(saved.state.clone());
        let mut builder = self.start(state).project(saved.run.project.clone()).follows(saved.span);
        if let Some(partition) = &saved.run.partition {
            builder = builder.partition(partition.clone());
        }
        if let Some(home) = loader.home() {
            builder = builder.home(home);
        }
        // The state may still be changed, so what follows a step is chosen when the application is built.
        match (&saved.next, &saved.action, saved.status) {
            (Some(next), ..) => builder.entry(next),
            (None, Some(action), Status::Completed) => builder.after(action.clone()),
            (None, Some(action), _) => builder.entry(action),
            (None, None, _) => builder,
        }
    }
}

fn load(loader: &dyn Loader, wanted: &Wanted, at: At) -> Result<Saved, LoadError> {
    match loader.load(wanted, at)? {
        Some(saved) => Ok(saved),
        None => Err(missing(loader, wanted, at)),
    }
}

/// Finds out what there is instead.
fn missing(loader: &dyn Loader, wanted: &Wanted, at: At) -> LoadError {
    if let At::Step(sequence) = at
        && let Ok(Some(saved)) = loader.load(wanted, At::Latest)
    {
        let last = saved.step.map(|step| step.sequence);
        return LoadError::NoStep { wanted: wanted.clone(), sequence, last };
    }
    let from = loader.home().map(|home| home.name());
    let partitions = if wanted.partition.is_some() { partitions(loader, wanted) } else { Vec::new() };
    LoadError::Missing { wanted: wanted.clone(), from, partitions }
}

/// Returns the partitions that have a run with that app id, as far as somebody can tell at once.
fn partitions(loader: &dyn Loader, wanted: &Wanted) -> Vec<Option<Text>> {
    match loader.load(&Wanted { partition: None, ..wanted.clone() }, At::Latest) {
        Ok(found) => found.map(|saved| saved.run.partition).into_iter().collect(),
        Err(LoadError::Ambiguous { partitions, .. }) => partitions.into_iter().map(|name| Some(name.into())).collect(),
        Err(_) => Vec::new(),
    }
}

/// Returns the number of the step after the last one.
fn first_sequence(saved: &Saved) -> i64 {
    let last = saved.step.map(|step| step.sequence);
    let of_parent = || saved.record.parent.as_ref().and_then(|parent| parent.sequence);
    last.or_else(of_parent).map_or(0, |sequence| sequence.saturating_add(1))
}
