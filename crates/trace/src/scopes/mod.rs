//! Where a tracer looks for what is active, when that is not the thread: tasks, requests, fibers, or nowhere at all.
//!
//! A tracer takes the parent of its spans from the thread's own scopes, which [`Span::activate`](crate::Span::activate),
//! [`enter`](crate::SpanBuilder::enter) and [`span!`](macro@crate::span) share, and which
//! [futures carry along](crate::Traced). That is right for most programs. A [`ScopeManager`] puts another place there:
//!
//! | manager | keeps what is active |
//! |---|---|
//! | [`PerThread`] | by thread, and apart from that of every other tracer |
//! | [`PerTask`] | by whatever a closure says that the work is: a task, a request, a fiber |
//! | [`PerFuture`] | in a future, under any executor; [`Scopes::around`] hands it down to the futures that it spawns |
//! | [`Explicit`] | nowhere: parents are named |
//! | your own | wherever its [`here`](ScopeManager::here) finds it |
//!
//! The macros, [`current`](crate::current), [`active`](crate::active()), `activate` and `in_span` know of the thread's own scopes
//! alone; `enter` and `run` go by the tracer's manager.
//!
//! ```
//! use trackway::scopes::{OnClose, PerTask, ScopeManager};
//! use trackway::testing;
//!
//! // In a program on tokio: || tokio::task::try_id()
//! let tasks = PerTask::new(|| std::thread::current().name().map(str::to_owned));
//! let (tracer, spans) = testing::tracer_of(trackway::builder().scope_manager(tasks));
//!
//! let span = tracer.span("request").start();
//! let scope = tracer.scope_manager().unwrap().activate(span.context(), OnClose::Finish); // may be held across an await
//! tracer.span("query").start().finish();
//! scope.close();
//! assert_eq!(spans.tree(), "request 3s\n  query 1s\n");
//! ```

mod futures;
mod managers;
mod stack;

pub use futures::{InScopes, PerFuture};
pub use managers::{Explicit, PerTask, PerThread};
pub use stack::{Activation, Scopes};

use std::sync::Arc;

use crate::context::Context;

/// Says where the scopes are kept in which a tracer's spans begin.
///
/// One question is all that an implementation answers; what becomes of scopes that close out of order is settled by
/// [`Scopes`], alike for all. It is asked at the start of every span that names no parent, so it is to be quick.
/// Spans that it makes are not recorded; a panic in it is caught and counted, and then nothing is active.
///
/// ```
/// use std::cell::RefCell;
/// use std::sync::Arc;
/// use trackway::scopes::{ScopeManager, Scopes};
///
/// thread_local! {
///     static REQUEST: RefCell<Option<Arc<Scopes>>> = const { RefCell::new(None) };
/// }
///
/// /// The scopes of the request that this thread works on.
/// struct Requests;
///
/// impl ScopeManager for Requests {
///     fn here(&self) -> Option<Arc<Scopes>> {
///         REQUEST.with_borrow(Clone::clone)
///     }
/// }
///
/// let tracer = trackway::builder().scope_manager(Requests).build();
/// # assert!(tracer.active_span().is_none());
/// ```
pub trait ScopeManager: Send + Sync + 'static {
    /// Returns the scopes of the place from which this is called; `None` where nothing is kept.
    fn here(&self) -> Option<Arc<Scopes>>;

    /// Returns what is active here; `None` when nothing is.
    fn active(&self) -> Option<Context> {
        self.here()?.active()
    }

    /// Makes a span the active one here until the scope is closed or dropped, or nothing, when it is given
    /// [`Context::none`]. Where nothing is kept, the scope only does what is to be done when it closes.
    fn activate(&self, span: &Context, on_close: OnClose) -> Activation {
        match self.here() {
            Some(scopes) => scopes.activate(span, on_close),
            None => Activation::nowhere(span, on_close),
        }
    }
}

/// What becomes of a span when the scope closes in which it was active.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnClose {
    /// It is finished.
    Finish,
    /// It goes on.
    Keep,
}
