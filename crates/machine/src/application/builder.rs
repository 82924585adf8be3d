//! Applications that are about to begin.

use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::Duration,
};

use serde::Serialize;
use trackway::Tracer;
use trackway_model::{
    AppRecord, ChildEvent, ChildRecord, DEFAULT_PROJECT, RunKey, RunPointer, SpanId, StepKey, Text, Timestamp, TraceId,
};

use super::{Application, Last, Surroundings, Upcoming};
use crate::{
    Durability, Error, Fact, Graph, Hook, State, Step, Takes, Target, Tracker,
    hook::{Deliveries, Happened, Hooks},
    tracing::Ids,
    tracker::{Opening, Tracking},
};

/// The highest number of a first step: beyond it, readers of JSON that have doubles only take two numbers for one.
const HIGHEST: i64 = 1 << 53;

/// How long a tracker may take unless somebody says.
const DEADLINE: Duration = Duration::from_secs(5);

/// An application that is about to begin. [`Graph::start`] makes it.
#[must_use = "`build` makes the application"]
pub struct Builder {
    graph: Graph,
    state: State,
    project: Option<Text>,
    app_id: Option<Text>,
    partition: Option<Text>,
    trackers: Vec<Arc<dyn Tracker>>,
    /// What keeps the run where no tracker is given: where it was loaded from.
    home: Option<Arc<dyn Tracker>>,
    durability: Durability,
    deadline: Duration,
    has_strict_trackers: bool,
    tracer: Option<Tracer>,
    hooks: Hooks,
    entry: Option<Text>,
    /// The action that was the last in what this goes on from.
    after: Option<Text>,
    first: StepKey,
    /// The span of the step that this goes on from.
    follows: Option<(TraceId, SpanId)>,
    parent: Option<RunPointer>,
    spawner: Option<Step>,
    origin: Origin,
    /// True when something was set since it was found out where the application comes from.
    is_altered: bool,
}

/// Where an application comes from.
#[derive(Debug, Clone, Default)]
pub(crate) enum Origin {
    /// It begins a run.
    #[default]
    New,
    /// It goes on with its own run, which was loaded.
    GoesOn {
        /// The step that ran last, its action, and whether what comes next follows from it.
        last: Option<(StepKey, Text, bool)>,
        /// How much was kept of it then.
        kept: Option<u64>,
    },
}

impl Builder {
    pub(super) fn new(graph: Graph, state: State) -> Self {
        Self {
            graph,
            state,
            project: None,
            app_id: None,
            partition: None,
            trackers: Vec::new(),
            home: None,
            durability: Durability::default(),
            deadline: DEADLINE,
            has_strict_trackers: false,
            tracer: None,
            hooks: Hooks::default(),
            entry: None,
            after: None,
            first: StepKey { sequence: 0, attempt: 0 },
            follows: None,
            parent: None,
            spawner: None,
            origin: Origin::default(),
            is_altered: false,
        }
    }

    /// Names the project that the run is listed under. Trackers need it.
    pub fn project(mut self, name: impl Into<Text>) -> Self {
        self.project = Some(name.into());
        self.is_altered = true;
        self
    }

    /// Names the application; a random UUID unless said.
    pub fn app_id(mut self, id: impl Into<Text>) -> Self {
        self.app_id = Some(id.into());
        self.is_altered = true;
        self
    }

    /// Says whom or what the run is for: a user, a tenant.
    pub fn partition(mut self, name: impl Into<Text>) -> Self {
        self.partition = Some(name.into());
        self.is_altered = true;
        self
    }

    /// Adds a tracker, which keeps the run.
    pub fn tracker(mut self, tracker: impl Tracker) -> Self {
        self.trackers.push(Arc::new(tracker));
        self
    }

    /// Says when a step counts as done; when every tracker has made it durable, unless said.
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// Says how long a tracker may take to accept a fact, or to make it durable, before it counts as failed; 5 s unless said.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Has calls fail when a tracker does; otherwise the application goes on without it.
    pub fn strict_trackers(mut self) -> Self {
        self.has_strict_trackers = true;
        self
    }

    /// Says what records calls and steps as spans; the program's tracer unless said.
    pub fn tracer(mut self, tracer: Tracer) -> Self {
        self.tracer = Some(tracer);
        self
    }

    /// Adds a hook. What it fails with is counted, and told once on standard error.
    pub fn hook(mut self, hook: impl Hook) -> Self {
        self.hooks.add(Arc::new(hook), false);
        self
    }

    /// Adds a hook whose failure is the step's, or the call's.
    pub fn strict_hook(mut self, hook: impl Hook) -> Self {
        self.hooks.add(Arc::new(hook), true);
        self
    }

    /// Says which number the first step has, from 0 to 2⁵³, which is as far as every reader of JSON counts; 0 unless said.
    pub fn first_sequence(mut self, number: i64) -> Self {
        self.first = StepKey { sequence: number, attempt: 0 };
        self
    }

    /// Says which action comes first; the one that the graph begins with unless said.
    pub fn entry(mut self, action: impl Into<Target>) -> Self {
        self.entry = Some(action.into().name().clone());
        self.is_altered = true;
        self
    }

    /// Sets a field of the state.
    pub fn set<V: Serialize>(mut self, key: impl Takes<V>, value: V) -> Self {
        self.state = self.state.set(key, value);
        self.is_altered = true;
        self
    }

    /// Says that the application is a part of that step's work. The step's own trackers are told of it.
    pub fn spawned_by(mut self, step: &Step) -> Self {
        self.spawner = Some(step.clone());
        self
    }

    /// Says which run this one goes on from, and at which step.
    pub(crate) fn parent(mut self, parent: RunPointer) -> Self {
        self.parent = Some(parent);
        self
    }

    /// Names the span of the step that this goes on from: the first span of this application is linked to it.
    pub(crate) fn follows(mut self, span: Option<(TraceId, SpanId)>) -> Self {
        self.follows = span;
        self
    }

    /// Says what keeps the run where no tracker is given.
    pub(crate) fn home(mut self, tracker: Arc<dyn Tracker>) -> Self {
        self.home = Some(tracker);
        self
    }

    /// Says that what comes first is what follows this action, with the state that the application begins with.
    pub(crate) fn after(mut self, action: Text) -> Self {
        self.after = Some(action);
        self
    }

    /// Says that this application goes on with a run, and which step of it comes next.
    pub(crate) fn goes_on(mut self, next: StepKey, origin: Origin) -> Self {
        self.first = next;
        self.origin = origin;
        self.is_altered = false;
        self
    }

    /// Builds the application, and tells its trackers of it.
    ///
    /// # Errors
    /// When the state was set wrongly, the action that comes first is not in the graph, there are trackers and no project,
    /// the first step has a number that it cannot have, or a tracker cannot be used that must be.
    pub fn build(mut self) -> Result<Application, Error> {
        if !(0..=HIGHEST).contains(&self.first.sequence) {
            return Err(Error::Sequence { number: self.first.sequence });
        }
        let state = self.graph.admit(std::mem::take(&mut self.state))?;
        let next = self.first_action(&state)?;
        let home = self.home.as_ref().map(|home| home.name());
        if self.trackers.is_empty() {
            self.trackers.extend(self.home.take());
        }
        if self.project.is_none() && !self.trackers.is_empty() {
            return Err(Error::NoProject);
        }
        let random = random()?;
        let time = self.tracer.clone().unwrap_or_else(trackway::tracer).now();
        let record = Arc::new(self.record(time));
        let run = Arc::new(RunKey {
            project: self.project.unwrap_or(Text::literal(DEFAULT_PROJECT)),
            partition: self.partition,
            app: self.app_id.unwrap_or_else(|| uuid(random)),
        });
        let (opening, last) = self.origin.opening();
        // Only the tracker that the run was loaded from knows how much that was.
        let of_others = if opening == Opening::New { opening } else { Opening::GoesOn };
        let how = |name: Text| if home.as_ref() == Some(&name) { opening } else { of_others };
        let trackers = self.trackers.into_iter().map(|tracker| (tracker.clone(), how(tracker.name())));
        let tracking = Tracking::open(
            trackers.collect(),
            self.durability,
            self.deadline,
            self.has_strict_trackers,
            run.clone(),
            record.clone(),
        )?;
        if let Some(step) = &self.spawner {
            tell_spawned(step, &run, time);
        }
        let around = Arc::new(Surroundings {
            call_name: format!("run {}", run.project).into(),
            run: run.clone(),
            tracer: self.tracer,
            teller: (!tracking.is_empty()).then(|| tracking.teller()),
            hooks: Arc::new(self.hooks),
            deliveries: Arc::<Deliveries>::default(),
            ids: Ids::new(halves(random)),
            origin: OnceLock::new(),
        });
        let app = Application {
            graph: self.graph,
            around,
            tracking,
            state,
            next,
            last,
            upcoming: self.first,
            follows_action: self.after.filter(|_| self.entry.is_none()),
            follows: self.follows,
            steps: 0,
            failed_steps: 0,
        };
        // What goes on as it was kept is known to whoever kept it, and perhaps to nobody else.
        let goes_on_as_kept = opening != Opening::New && !self.is_altered;
        app.tell_placed(home.as_ref().filter(|_| goes_on_as_kept));
        app.tell_created(record)?;
        Ok(app)
    }

    /// Finds what comes first: what was said, what follows the action that this goes on from, or what the graph begins with.
    fn first_action(&self, state: &State) -> Result<Upcoming, Error> {
        match (&self.entry, &self.after) {
            (Some(entry), _) => known(&self.graph, entry).map(|()| Upcoming::Action(entry.clone())),
            (None, Some(after)) => known(&self.graph, after).map(|()| Upcoming::of(&self.graph.choose(after, state))),
            (None, None) => Ok(Upcoming::Action(self.graph.entrypoint().clone())),
        }
    }

    fn record(&self, time: Timestamp) -> AppRecord {
        AppRecord {
            graph: Some(self.graph.record()),
            parent: self.parent.clone(),
            spawned_by: self.spawner.as_ref().map(pointer_to),
            created: Some(time),
        }
    }
}

impl Origin {
    /// Returns how the application comes to its run, and the step that ran last.
    fn opening(self) -> (Opening, Option<Last>) {
        let (opening, last) = match self {
            Self::New => return (Opening::New, None),
            Self::GoesOn { last, kept: None } => (Opening::GoesOn, last),
            Self::GoesOn { last, kept: Some(kept) } => (Opening::GoesOnFrom(kept), last),
        };
        (opening, last.map(|(step, action, leads_on)| Last { step, action, leads_on }))
    }
}

impl Application {
    fn tell_created(&self, record: Arc<AppRecord>) -> Result<(), Error> {
        let Surroundings { run, hooks, deliveries, .. } = &*self.around;
        if hooks.is_empty() {
            return Ok(());
        }
        let next = self.next_action().map(Text::from);
        deliveries.push(hooks, Happened::Created(run.clone(), record, self.state.clone(), next));
        deliveries.failure_in(None).map_or(Ok(()), Err)
    }
}

fn known(graph: &Graph, name: &Text) -> Result<(), Error> {
    if graph.node(name).is_none() {
        let known = graph.nodes().map(|node| node.name().clone()).collect();
        return Err(Error::UnknownAction { name: name.clone(), known });
    }
    Ok(())
}

fn pointer_to(step: &Step) -> RunPointer {
    let run = step.run();
    RunPointer { app: run.app.clone(), partition: run.partition.clone(), sequence: Some(step.sequence()) }
}

fn tell_spawned(step: &Step, child: &RunKey, time: Timestamp) {
    if let Some(teller) = &step.around().teller {
        let child = RunPointer { app: child.app.clone(), partition: child.partition.clone(), sequence: None };
        let (sequence, time) = (Some(step.sequence()), Some(time));
        teller.tell_now(Fact::Child(ChildRecord { sequence, child, event: ChildEvent::Spawn, time }));
    }
}

fn random() -> Result<u128, Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| Error::NoRandom(error.into()))?;
    Ok(u128::from_be_bytes(bytes))
}

fn halves(random: u128) -> [u64; 2] {
    [(random >> 64) as u64, random as u64]
}

/// Writes 122 bits of a random number as a [UUID](https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-4) of version 4.
fn uuid(random: u128) -> Text {
    let versioned = random & !(0xf << 76) | 0x4 << 76;
    let id = format!("{:032x}", versioned & !(0x3 << 62) | 0x2 << 62);
    let part = |from, to| id.get(from..to).unwrap_or_default();
    format!("{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)).into()
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut builder = f.debug_struct("Builder");
        builder.field("project", &self.project).field("app_id", &self.app_id).field("partition", &self.partition);
        builder.field("state", &self.state).field("entry", &self.entry).finish_non_exhaustive()
    }
}
