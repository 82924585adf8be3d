//! The scopes of one place: one inside the other, closed in any order.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::OnClose;
use crate::collector;
use crate::context::Context;
use crate::span::Span;

/// The scopes that are open in one place: a thread, a task, a request.
///
/// The innermost one is active. A scope that closes while another one inside it is open changes nothing yet: it is left,
/// and its span finished, when the inner one closes.
///
/// ```
/// use std::sync::Arc;
/// use trackway::scopes::{OnClose, Scopes};
///
/// # let tracer = trackway::Tracer::builder().build();
/// let scopes = Arc::new(Scopes::new());
/// let (outer, inner) = (tracer.span("outer").root().start(), tracer.span("inner").root().start());
/// let around = scopes.activate(outer.context(), OnClose::Keep);
/// let within = scopes.activate(inner.context(), OnClose::Keep);
/// around.close();
/// assert_eq!(scopes.active().as_ref(), Some(inner.context()));
/// within.close();
/// assert_eq!(scopes.active(), None);
/// ```
#[derive(Default)]
pub struct Scopes {
    stack: Mutex<Stack>,
}

#[derive(Default)]
struct Stack {
    /// What is active outside of all scopes.
    around: Context,
    opened: u64,
    open: Vec<Open>,
}

struct Open {
    number: u64,
    context: Context,
    /// Set once the scope was closed with another one inside it.
    closed: Option<Ending>,
}

/// What is done when a scope is left.
pub(crate) enum Ending {
    None,
    /// The context's span is finished.
    Finish(Context),
    /// The span is dropped, which finishes it.
    Drop(Span),
}

impl Ending {
    fn of(span: &Context, on_close: OnClose) -> Self {
        match on_close {
            OnClose::Finish => Self::Finish(span.clone()),
            OnClose::Keep => Self::None,
        }
    }

    fn run(self) {
        match self {
            Self::None => {}
            Self::Finish(context) => context.finish(),
            Self::Drop(span) => drop(span),
        }
    }
}

impl Scopes {
    /// Returns the scopes of a place where nothing is active yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the scopes of a place where that is active from the beginning: what a task finds that was spawned inside of a
    /// span. The span need not be open any more.
    pub fn around(context: Context) -> Self {
        Self { stack: Mutex::new(Stack { around: context, ..Stack::default() }) }
    }

    /// Returns what is active; `None` when nothing is.
    pub fn active(&self) -> Option<Context> {
        let context = self.with(|stack| stack.active().clone());
        (context.trace != 0 || context.more.is_some()).then(|| context.fresh())
    }

    /// Makes a span the active one until the scope is closed or dropped, on whatever thread that is.
    pub fn activate(self: &Arc<Self>, span: &Context, on_close: OnClose) -> Activation {
        self.open(span, Ending::of(span, on_close))
    }

    pub(crate) fn open(self: &Arc<Self>, span: &Context, ending: Ending) -> Activation {
        let number = self.with(|stack| stack.open(span.clone()));
        Activation { place: Some((self.clone(), number)), ending }
    }

    fn with<R>(&self, work: impl FnOnce(&mut Stack) -> R) -> R {
        collector::unforked(|| work(&mut self.stack.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    /// Leaves the scope, or notes that it is to be left when the ones inside it are.
    fn close(&self, number: u64, ending: Ending) {
        let left = self.with(|stack| stack.close(number, ending));
        // With the lock free: whoever hears that a span has ended may look at what is active, and a context may be the last
        // to have a tracer.
        left.into_iter().filter_map(|open| open.closed).for_each(Ending::run);
    }
}

impl Stack {
    fn active(&self) -> &Context {
        self.open.last().map_or(&self.around, |open| &open.context)
    }

    /// Opens a scope; returns its number.
    fn open(&mut self, context: Context) -> u64 {
        self.opened += 1;
        self.open.push(Open { number: self.opened, context, closed: None });
        self.opened
    }

    /// Returns the scopes that are left, from the inside to the outside.
    fn close(&mut self, number: u64, ending: Ending) -> Vec<Open> {
        if let Some(open) = self.open.iter_mut().rfind(|open| open.number == number) {
            open.closed = Some(ending);
        }
        let mut left = Vec::new();
        while let Some(open) = self.open.pop_if(|open| open.closed.is_some()) {
            left.push(open);
        }
        left
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scopes").field("active", &self.active()).finish_non_exhaustive()
    }
}

/// A span's time of being active in the place that a [`ScopeManager`](super::ScopeManager) names.
///
/// It closes when it is dropped, may be held across an `await`, and be closed on another thread. It can be closed only once:
///
/// ```compile_fail
/// # use trackway::scopes::{OnClose, PerThread, ScopeManager};
/// # let span = trackway::Tracer::default().span("work").start();
/// let scope = PerThread::new().activate(span.context(), OnClose::Keep);
/// scope.close();
/// scope.close();
/// ```
#[must_use = "the span is active until this is dropped, which is at once unless it has a name"]
pub struct Activation {
    place: Option<(Arc<Scopes>, u64)>,
    ending: Ending,
}

impl Activation {
    pub(crate) fn nowhere(span: &Context, on_close: OnClose) -> Self {
        Self { place: None, ending: Ending::of(span, on_close) }
    }

    /// Closes the scope, as dropping it does.
    pub fn close(self) {
        drop(self);
    }

    /// Has a span dropped when the scope is left.
    pub(crate) fn close_with(mut self, span: Span) {
        self.ending = Ending::Drop(span);
    }
}

impl Drop for Activation {
    fn drop(&mut self) {
        let ending = std::mem::replace(&mut self.ending, Ending::None);
        match self.place.take() {
            Some((scopes, number)) => scopes.close(number, ending),
            None => ending.run(),
        }
    }
}

impl fmt::Debug for Activation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Activation").finish_non_exhaustive()
    }
}
