//! What the code that `#[trace]` writes calls.

use std::future::Future;
use std::pin::Pin;
use std::task::{self, Poll, ready};

use pin_project_lite::pin_project;

pub use crate::active::{Active, active};
pub use crate::callsite::Callsite;
pub use crate::field::{Field, Key, debug, display};
pub use crate::future::InSpan;
pub use crate::guard::enter;
pub use trackway_model::{SpanKind as Kind, Value};

use crate::context::{Context, More, Scope, current};
use crate::future::{InContext, Traced};

/// Leaves the active span until the scope is dropped: what begins here begins a trace.
pub fn outside() -> Scope {
    without_span().attach()
}

/// Returns the work outside of the active span: what begins in it begins a trace.
pub fn run_outside<W>(work: W) -> InContext<W> {
    work.in_context(without_span())
}

/// Returns the active context with its tracer and its baggage, which are not part of any span.
fn without_span() -> Context {
    let here = current();
    Context { tracer: here.tracer, more: here.more.as_deref().and_then(More::only_baggage), ..Context::none() }
}

/// Returns a value on its own; `None` when it is absent.
pub fn owned(value: impl Field) -> Option<Value> {
    value.lend(|value| value.to_value())
}

/// What a failure is recorded of.
pub trait Failing {
    /// Records that it failed: of which type the error is, its message, and what it was caused by.
    fn failed(&self, kind: Option<&str>, message: &str, causes: Option<&str>);
}

impl Failing for Active {
    fn failed(&self, kind: Option<&str>, message: &str, causes: Option<&str>) {
        self.fail(kind, message, causes);
    }
}

/// Runs a body that may return from any place, so that its outcome can be looked into.
///
/// The bound makes the closure one that is called once, which may give away what it holds; a closure that is called
/// where it stands could not return a part of the `&mut` that it captured.
#[inline(always)]
pub fn call<R>(body: impl FnOnce() -> R) -> R {
    body()
}

/// Tells the compiler what an `async` block returns; never called.
#[cold]
pub fn never<R>() -> R {
    unreachable!("it only says what type there would be")
}

pin_project! {
    /// A future whose outcome is looked into, in the poll that brings it.
    pub struct Inspected<F, I> {
        #[pin]
        future: F,
        inspect: Option<I>,
    }
}

/// Returns the future with its outcome looked into.
#[inline(always)]
pub fn inspect<F: Future, I: FnOnce(&F::Output)>(future: F, inspect: I) -> Inspected<F, I> {
    Inspected { future, inspect: Some(inspect) }
}

impl<F: Future, I: FnOnce(&F::Output)> Future for Inspected<F, I> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, waker: &mut task::Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let outcome = ready!(this.future.poll(waker));
        if let Some(inspect) = this.inspect.take() {
            inspect(&outcome);
        }
        Poll::Ready(outcome)
    }
}

/// Records an error by as much as its type can tell.
///
/// The macro calls `(&&&&&Failed(error)).record(&active)`. Of the methods of that name the compiler takes the one that
/// needs the fewest references removed and whose bounds hold, so the traits come in the order in which they are written.
pub mod failed {
    use std::error::Error;
    use std::fmt::{Debug, Display};
    use std::ops::Deref;

    use super::Failing;
    use crate::errors::known_type;
    use crate::span::causes;

    /// An error to be recorded.
    #[derive(Debug)]
    pub struct Failed<'a, E>(pub &'a E);

    /// An error: its message, and what it was caused by.
    pub trait ByError {
        /// Records it.
        fn record(&self, active: &impl Failing);
    }

    impl<E: Error> ByError for &&&&Failed<'_, E> {
        #[cold]
        fn record(&self, active: &impl Failing) {
            fail::<E, _>(active, self.0);
        }
    }

    /// What holds an error and is none itself: `Box<dyn Error>`, and the error types of some libraries.
    pub trait ByHolder {
        /// Records it.
        fn record(&self, active: &impl Failing);
    }

    impl<E: Deref<Target: Error>> ByHolder for &&&Failed<'_, E> {
        #[cold]
        fn record(&self, active: &impl Failing) {
            fail::<E, _>(active, &**self.0);
        }
    }

    /// What can be shown: a text, for example.
    pub trait ByDisplay {
        /// Records it.
        fn record(&self, active: &impl Failing);
    }

    impl<E: Display> ByDisplay for &&Failed<'_, E> {
        #[cold]
        fn record(&self, active: &impl Failing) {
            active.failed(known_type::<E>(), &self.0.to_string(), None);
        }
    }

    /// What only its author can read.
    pub trait ByDebug {
        /// Records it.
        fn record(&self, active: &impl Failing);
    }

    impl<E: Debug> ByDebug for &Failed<'_, E> {
        #[cold]
        fn record(&self, active: &impl Failing) {
            active.failed(known_type::<E>(), &format!("{:?}", self.0), None);
        }
    }

    /// What tells nothing but its type.
    pub trait ByName {
        /// Records it.
        fn record(&self, active: &impl Failing);
    }

    impl<E> ByName for Failed<'_, E> {
        #[cold]
        fn record(&self, active: &impl Failing) {
            active.failed(known_type::<E>(), "", None);
        }
    }

    /// Records an error as one of the type `Named`, which is the error or holds it.
    fn fail<Named, E: Error + ?Sized>(active: &impl Failing, error: &E) {
        active.failed(known_type::<Named>(), &error.to_string(), causes(error).as_deref());
    }
}
