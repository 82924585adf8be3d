//! Applications: graphs at work.

mod builder;
mod call;
mod iterate;
mod open;
mod run;
mod settle;
mod step;

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use trackway::Tracer;
use trackway_model::{Resource, RunKey, Scope, SpanId, StepKey, Text, TraceId};

pub(crate) use self::builder::Origin;
pub use self::{
    builder::Builder,
    iterate::{Iterate, Next},
    run::{Halted, RunCall, Why},
    settle::SettleCall,
    step::{StepCall, Stepped},
};
use crate::{
    Choice, Error, Fact, Graph, Halt, Placed, State, Stats, Undecided,
    hook::{Deliveries, Hooks},
    tracing::{self, Ids},
    tracker::{Teller, Tracking},
};

/// A graph at work on a state. [`Graph::start`] makes it.
///
/// Every call is a future that belongs to no runtime; its `blocking()` does the same without one. A call that fails leaves
/// the application as it was before the step that failed, and so does one whose future is dropped: to call again is to try again.
///
/// ```
/// use trackway_machine::{Graph, State, action, after, when};
///
/// let count = action("count").reads(["n"]).writes(["n"]).run_sync(|state: State, _| state.increment("n", 1));
/// let done = action("done").run_sync(|state: State, _| state);
/// let graph = Graph::new([count, done])
///     .edge_if("count", "count", when("n").lt(3))
///     .otherwise("count", "done")
///     .entry("count")
///     .build()?;
///
/// let mut app = graph.start(trackway_machine::state! { n: 0 }).build()?;
/// let halted = app.run(after("done")).blocking()?;
/// assert_eq!((&*halted.action, app.state().get::<i64>("n")?), ("done", 3));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Application {
    graph: Graph,
    around: Arc<Surroundings>,
    tracking: Tracking,
    state: State,
    next: Upcoming,
    last: Option<Last>,
    /// The action of the run that this is a fork of, while what comes first here follows from it.
    follows_action: Option<Text>,
    /// The step that would be next.
    upcoming: StepKey,
    /// The span of the step that this goes on from, until a span is linked to it.
    follows: Option<(TraceId, SpanId)>,
    steps: u64,
    failed_steps: u64,
}

/// What the steps of an application, and the spans in them, have around them.
pub(crate) struct Surroundings {
    pub(crate) run: Arc<RunKey>,
    /// What a call of several steps is called in a trace.
    pub(crate) call_name: Text,
    /// `None` where it is the program's.
    pub(crate) tracer: Option<Tracer>,
    /// `None` where nobody wants to hear anything.
    pub(crate) teller: Option<Teller>,
    pub(crate) hooks: Arc<Hooks>,
    pub(crate) deliveries: Arc<Deliveries>,
    pub(crate) ids: Ids,
    pub(crate) origin: OnceLock<(Arc<Scope>, Arc<Resource>)>,
}

/// What comes next.
#[derive(Debug, Clone)]
enum Upcoming {
    Action(Text),
    Nothing,
    /// A condition failed: it is asked again before the next step.
    Unclear(Undecided),
}

/// The step that was the last.
#[derive(Debug, Clone)]
struct Last {
    step: StepKey,
    action: Text,
    /// True when what comes next follows from it, and not when it failed or somebody said what comes next.
    leads_on: bool,
}

impl Graph {
    /// Begins an application that starts with that state.
    pub fn start(&self, state: State) -> Builder {
        Builder::new(self.clone(), state)
    }
}

impl Application {
    /// Returns the state.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Returns the action that ran last; `None` before the first step.
    pub fn current_action(&self) -> Option<&str> {
        self.last.as_ref().map(|last| &*last.action)
    }

    /// Returns the action that comes next; `None` where there is nothing to do any more, or a condition failed.
    pub fn next_action(&self) -> Option<&str> {
        match &self.next {
            Upcoming::Action(action) => Some(action),
            Upcoming::Nothing | Upcoming::Unclear(_) => None,
        }
    }

    /// Returns the number of the step that ran last, failed ones too; `None` before the first.
    pub fn sequence(&self) -> Option<i64> {
        self.last.as_ref().map(|last| last.step.sequence)
    }

    /// Returns the run: its project, its partition and the application's id.
    pub fn run_key(&self) -> &Arc<RunKey> {
        &self.around.run
    }

    /// Returns the application's id.
    pub fn app_id(&self) -> &str {
        &self.around.run.app
    }

    /// Returns the graph.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// Returns what became of its work so far.
    pub fn stats(&self) -> Stats {
        Stats {
            steps: self.steps,
            failed_steps: self.failed_steps,
            hook_failures: self.around.hooks.failures(),
            trackers: self.tracking.reports(),
        }
    }

    /// Takes one step: runs the action that comes next. Without one, nothing is done.
    pub fn step(&mut self) -> StepCall<'_> {
        StepCall::new(self)
    }

    /// Takes steps until the halt, or until there is nothing to do any more.
    pub fn run(&mut self, until: impl Into<Halt>) -> RunCall<'_> {
        RunCall::new(self, until.into())
    }

    /// Takes steps until the halt, or until there is nothing to do any more, and hands out each.
    pub fn iterate(&mut self, until: impl Into<Halt>) -> Iterate<'_> {
        Iterate::new(self, until.into())
    }

    /// Sets the state by hand. What comes next is chosen anew, unless the last step failed or somebody said what comes next.
    ///
    /// # Errors
    /// [`Error::State`] when something in it was set wrongly, or does not fit the graph's schema.
    pub fn update_state(&mut self, state: State) -> Result<(), Error> {
        self.state = self.graph.admit(state)?;
        if self.last.as_ref().map_or(self.follows_action.is_some(), |last| last.leads_on) {
            self.choose();
        }
        self.tell_placed(None);
        Ok(())
    }

    /// Goes back to the action that comes first; the state stays as it is.
    pub fn reset_to_entrypoint(&mut self) {
        self.next = Upcoming::Action(self.graph.entrypoint().clone());
        self.follows_action = None;
        if let Some(last) = &mut self.last {
            last.leads_on = false;
        }
        self.tell_placed(None);
    }

    /// Chooses what comes after the last step.
    fn choose(&mut self) -> Option<Choice> {
        let after = self.last.as_ref().map(|last| &last.action).or(self.follows_action.as_ref())?;
        let choice = self.graph.choose(after, &self.state);
        self.next = Upcoming::of(&choice);
        Some(choice)
    }

    /// Tells the state and what comes next, except to the tracker that knows both.
    fn tell_placed(&self, known_to: Option<&Text>) {
        if self.tracking.is_empty() {
            return;
        }
        let tracer = self.around.tracer.clone().unwrap_or_else(trackway::tracer);
        let next = self.next_action().map(Text::from);
        let after = self.last.as_ref().map(|last| last.step);
        let is_chosen = self.last.as_ref().is_some_and(|last| last.leads_on);
        let (state, time) = (self.state.clone(), tracer.now());
        self.tracking.tell_all_but(known_to, Fact::Placed(Placed { after, next, is_chosen, state, time }));
    }
}

impl Drop for Application {
    fn drop(&mut self) {
        self.around.deliveries.close();
    }
}

impl fmt::Debug for Application {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut application = f.debug_struct("Application");
        application.field("run", &self.around.run).field("state", &self.state).field("next", &self.next);
        application.field("last", &self.last).finish_non_exhaustive()
    }
}

impl Upcoming {
    fn of(choice: &Choice) -> Self {
        match (&choice.next, choice.failure()) {
            (Some(action), _) => Self::Action(action.clone()),
            (None, Some(undecided)) => Self::Unclear(undecided),
            (None, None) => Self::Nothing,
        }
    }
}

impl Surroundings {
    /// Returns what is around a step outside of every application.
    pub(crate) fn detached() -> Arc<Self> {
        let run = RunKey { project: Text::literal("default"), partition: None, app: Text::literal("detached") };
        Arc::new(Self {
            run: Arc::new(run),
            call_name: Text::default(),
            tracer: None,
            teller: None,
            hooks: Arc::default(),
            deliveries: Arc::default(),
            ids: Ids::new([0, 0]),
            origin: OnceLock::new(),
        })
    }

    pub(crate) fn origin(&self) -> (Arc<Scope>, Arc<Resource>) {
        self.origin.get_or_init(tracing::origin).clone()
    }
}
