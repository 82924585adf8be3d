//! Listening to an application.

mod delivery;

use std::{
    fmt,
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
};

use trackway_model::{AppRecord, RunKey, Text};

pub(crate) use self::delivery::{Deliveries, Happened};
use crate::{ActionSpan, Choice, Error, Fault, State, Step, Value, error::Panicked, error::chain, voice};

/// Listens to an application. Every closure that takes an [`Event`] is a hook.
///
/// Hooks are called one after another, in the order in which the application was given them, at every kind of event. What a
/// hook fails with, and what it panics with, does not reach the application: it is counted, and told once on standard error.
/// A hook that was added as a strict one makes the step or the call fail instead.
///
/// ```
/// use trackway_machine::{Event, Hook, Reaction};
///
/// struct Ledger;
///
/// impl Ledger {
///     async fn write(&self, line: String) -> Result<(), std::io::Error> {
///         # drop(line);
///         Ok(())
///     }
/// }
///
/// impl Hook for Ledger {
///     fn on<'a>(&'a self, event: &'a Event<'a>) -> Reaction<'a> {
///         let Event::AfterStep { step, error, .. } = event else { return Reaction::DONE };
///         let line = format!("{} {} {}", step.sequence(), step.action(), error.is_none());
///         Reaction::later(async move { Ok(self.write(line).await?) })
///     }
/// }
/// ```
pub trait Hook: Send + Sync + 'static {
    /// Is told of an event, and does what it has to do at once, or returns what is to be done.
    fn on<'a>(&'a self, event: &'a Event<'a>) -> Reaction<'a>;
}

impl<F, R> Hook for F
where
    F: Fn(&Event<'_>) -> R + Send + Sync + 'static,
    R: IntoReaction,
{
    fn on<'a>(&'a self, event: &'a Event<'a>) -> Reaction<'a> {
        Reaction::Done(self(event).into_result())
    }
}

/// What a closure that is a hook may return: nothing, or whether it failed.
pub trait IntoReaction {
    /// Returns whether it failed.
    ///
    /// # Errors
    /// What it failed with.
    fn into_result(self) -> Result<(), Fault>;
}

impl IntoReaction for () {
    fn into_result(self) -> Result<(), Fault> {
        Ok(())
    }
}

impl<E: Into<Fault>> IntoReaction for Result<(), E> {
    fn into_result(self) -> Result<(), Fault> {
        self.map_err(Into::into)
    }
}

/// What a hook does about an event.
pub enum Reaction<'a> {
    /// It is done, or failed.
    Done(Result<(), Fault>),
    /// The application does this before it goes on; of what happens inside a step, while the step goes on.
    Later(Pin<Box<dyn Future<Output = Result<(), Fault>> + Send + 'a>>),
}

impl<'a> Reaction<'a> {
    /// Nothing is left to do.
    pub const DONE: Self = Self::Done(Ok(()));

    /// Has the application do this.
    pub fn later(work: impl Future<Output = Result<(), Fault>> + Send + 'a) -> Self {
        Self::Later(Box::pin(work))
    }
}

impl fmt::Debug for Reaction<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done(result) => f.debug_tuple("Done").field(result).finish(),
            Self::Later(_) => f.debug_tuple("Later").finish_non_exhaustive(),
        }
    }
}

/// What happens to an application, with the values themselves.
///
/// In order: `Created`; for every call `BeforeCall`, its steps, `AfterCall`; for every step `BeforeStep`, what happens in it,
/// `AfterStep`. A call whose inputs or halts are refused has not begun. Of what happens in a step hooks are told where it happens, on that thread; only one after another, and what they do
/// later is done by the step's own task, before `AfterStep`. When `BeforeStep` is told the trackers know of the step, and
/// when `AfterStep` is told they know its end.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The application was built.
    #[non_exhaustive]
    Created {
        /// Its run.
        run: &'a RunKey,
        /// What its trackers are told of it.
        record: &'a AppRecord,
        /// The state it starts with.
        state: &'a State,
        /// The action that comes first.
        next: Option<&'a str>,
    },
    /// A call begins.
    #[non_exhaustive]
    BeforeCall {
        /// The application's run.
        run: &'a RunKey,
        /// What is called.
        method: Method,
        /// The state.
        state: &'a State,
    },
    /// A call ends.
    #[non_exhaustive]
    AfterCall {
        /// The application's run.
        run: &'a RunKey,
        /// What was called.
        method: Method,
        /// The state now.
        state: &'a State,
        /// Why it failed.
        error: Option<&'a Error>,
    },
    /// A step begins.
    #[non_exhaustive]
    BeforeStep {
        /// The step, with its inputs.
        step: &'a Step,
        /// The state it begins with.
        state: &'a State,
    },
    /// A step has ended.
    #[non_exhaustive]
    AfterStep {
        /// The step.
        step: &'a Step,
        /// The state afterwards; of a failed step, the one before.
        state: &'a State,
        /// What the action gave.
        result: Option<&'a Value>,
        /// What comes next, and why; `None` of a failed step.
        choice: Option<&'a Choice>,
        /// Why it failed.
        error: Option<&'a Error>,
    },
    /// A span begins inside a step.
    #[non_exhaustive]
    SpanStarted {
        /// The step.
        step: &'a Step,
        /// The span.
        span: &'a ActionSpan,
        /// The spans whose work it needed, by name.
        dependencies: &'a [Text],
    },
    /// A span inside a step has ended.
    #[non_exhaustive]
    SpanEnded {
        /// The step.
        step: &'a Step,
        /// The span.
        span: &'a ActionSpan,
    },
    /// An attribute was recorded.
    #[non_exhaustive]
    Attribute {
        /// The step.
        step: &'a Step,
        /// The span that it is recorded of; `None` where it is the step.
        span: Option<&'a ActionSpan>,
        /// Its name.
        key: &'a str,
        /// What is said.
        value: &'a Value,
    },
}

impl Event<'_> {
    /// Returns what kind of event it is, in a word: `before_step`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Created { .. } => "created",
            Self::BeforeCall { .. } => "before_call",
            Self::AfterCall { .. } => "after_call",
            Self::BeforeStep { .. } => "before_step",
            Self::AfterStep { .. } => "after_step",
            Self::SpanStarted { .. } => "span_started",
            Self::SpanEnded { .. } => "span_ended",
            Self::Attribute { .. } => "attribute",
        }
    }
}

/// A way to have an application do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Method {
    /// One step.
    Step,
    /// Steps until a halt.
    Run,
    /// Steps until a halt, of which each is handed out.
    Iterate,
}

/// The hooks of an application.
#[derive(Default)]
pub(crate) struct Hooks {
    hooks: Vec<Listener>,
    failures: AtomicU64,
}

struct Listener {
    hook: Arc<dyn Hook>,
    is_strict: bool,
}

impl Hooks {
    pub(crate) fn add(&mut self, hook: Arc<dyn Hook>, is_strict: bool) {
        self.hooks.push(Listener { hook, is_strict });
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.hooks.is_empty()
    }

    /// Returns how often a hook failed.
    pub(crate) fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    /// Tells all hooks of an event, one after another, each when the one before is done.
    ///
    /// # Errors
    /// The first failure of a strict hook.
    pub(crate) async fn tell(&self, event: Event<'_>) -> Result<(), Error> {
        let mut failure = None;
        for listener in &self.hooks {
            let done = match call(&*listener.hook, &event) {
                Reaction::Done(done) => done,
                Reaction::Later(work) => Caught(work).await,
            };
            self.note(listener, event.name(), done, &mut failure);
        }
        failure.map_or(Ok(()), Err)
    }

    /// Tells all hooks of an event where nobody can wait: what they have to do later is begun, and given up.
    pub(crate) fn tell_now(&self, event: Event<'_>) {
        if !self.is_empty() {
            let told = std::pin::pin!(self.tell(event));
            let _ = told.poll(&mut Context::from_waker(std::task::Waker::noop())); // Nobody is there to fail.
        }
    }

    fn note(&self, listener: &Listener, event: &'static str, done: Result<(), Fault>, failure: &mut Option<Error>) {
        let Err(source) = done else { return };
        let is_first = self.failures.fetch_add(1, Ordering::Relaxed) == 0;
        if listener.is_strict {
            failure.get_or_insert(Error::Hook { event, source });
        } else if is_first {
            voice::say(&format!("a hook failed at {event}: {}; further failures are counted", chain(&*source)));
        }
    }
}

fn call<'a>(hook: &'a dyn Hook, event: &'a Event<'a>) -> Reaction<'a> {
    let called = catch_unwind(AssertUnwindSafe(|| hook.on(event)));
    called.unwrap_or_else(|payload| Reaction::Done(Err(Panicked::of(&*payload).into())))
}

/// Work of a hook whose panic is its failure.
struct Caught<'a>(Pin<Box<dyn Future<Output = Result<(), Fault>> + Send + 'a>>);

impl Future for Caught<'_> {
    type Output = Result<(), Fault>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let polled = catch_unwind(AssertUnwindSafe(|| self.0.as_mut().poll(context)));
        polled.unwrap_or_else(|payload| Poll::Ready(Err(Panicked::of(&*payload).into())))
    }
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hooks").field("hooks", &self.hooks.len()).field("failures", &self.failures).finish()
    }
}
