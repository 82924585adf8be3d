//! A span that is active until its scope ends, and ends with it.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use crate::context::Scope;
use crate::scopes::{Activation, OnClose, ScopeManager};
use crate::span::{Span, SpanBuilder};

/// A span that is active where it was entered, and ends when this is dropped. [`SpanBuilder::enter`] and [`Span::enter`] make
/// it.
///
/// Dropped while a scope inside it is open, it changes nothing yet: the span is left, and ends, when the inner one does. It can
/// be closed only once, and stays on its thread, which a span itself need not: [`Traced::in_span`](crate::Traced::in_span) is for
/// futures.
///
/// ```compile_fail
/// let scope = trackway::tracer().span("work").enter();
/// std::thread::spawn(move || scope.close());
/// ```
///
/// ```
/// let (tracer, spans) = trackway::testing::tracer();
/// {
///     let request = tracer.span("request").enter();
///     request.attribute("http.request.method", "GET");
///     tracer.span("query").enter().attribute("db.system.name", "sqlite");
/// }
/// assert_eq!(spans.tree(), "request 3s http.request.method=GET\n  query 1s db.system.name=sqlite\n");
/// ```
#[must_use = "the span is active until this is dropped, which is at once unless it has a name"]
pub struct Entered<D = ()> {
    span: Span<D>,
    /// `None` once it is closed.
    hold: Option<Hold>,
}

enum Hold {
    Thread(Scope),
    Place(Activation),
}

impl<D> SpanBuilder<'_, D> {
    /// Begins the span and makes it the active one until the scope ends, which ends the span.
    pub fn enter(self) -> Entered<D> {
        self.start().enter()
    }
}

impl<D> Span<D> {
    /// Makes the span the active one until the scope ends, which ends the span: on this thread, or where the tracer's
    /// [`ScopeManager`] says. [`activate`](Self::activate) leaves it going on.
    pub fn enter(self) -> Entered<D> {
        let tracer = self.tracer().filter(|tracer| tracer.scope_manager().is_some());
        let place = tracer.map(|tracer| {
            let scope = |manager: &Arc<dyn ScopeManager>| manager.activate(self.context(), OnClose::Keep);
            let opened = tracer.ask_manager(|| tracer.scope_manager().map(scope)).flatten();
            opened.unwrap_or_else(|| Activation::nowhere(self.context(), OnClose::Keep))
        });
        let hold = place.map_or_else(|| Hold::Thread(self.activate()), Hold::Place);
        Entered { span: self, hold: Some(hold) }
    }
}

impl<D> Entered<D> {
    /// Ends the scope and the span, as dropping it does.
    pub fn close(self) {
        drop(self);
    }
}

impl<D> Drop for Entered<D> {
    fn drop(&mut self) {
        let span = self.span.leave();
        match self.hold.take() {
            // Whoever hears that the span has ended may still find it active, as in a block that is about to end.
            Some(Hold::Thread(scope)) => match scope.finish_later(span) {
                Some(span) => drop((span, scope)),
                None => drop(scope),
            },
            Some(Hold::Place(activation)) => activation.close_with(span),
            None => drop(span),
        }
    }
}

impl<D> Deref for Entered<D> {
    type Target = Span<D>;

    fn deref(&self) -> &Span<D> {
        &self.span
    }
}

impl<D> DerefMut for Entered<D> {
    fn deref_mut(&mut self) -> &mut Span<D> {
        &mut self.span
    }
}

impl<D> fmt::Debug for Entered<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Entered").field(&self.span).finish()
    }
}
