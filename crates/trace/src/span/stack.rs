//! Spans that are begun and ended in different places, one inside the other.

use std::fmt;
use std::time::Duration;

use super::Span;
use crate::context::Scope;
use crate::reference::Reference;
use crate::tracer::Tracer;

/// Spans that are open inside one another on this thread, begun and ended by calls instead of blocks: what hooks of a framework
/// need, which is told of beginnings and ends.
///
/// The span that began last is the active one. Where a span is open for a block, [`Span::activate`] is simpler.
///
/// ```
/// let (tracer, spans) = trackway::testing::tracer();
/// let mut open = tracer.stack();
/// open.start("request").attribute("path", "/orders");
/// open.start("query");
/// open.end(); // the query
/// assert_eq!(open.current().unwrap().record().unwrap().name, "request".into());
/// open.finish(std::time::Duration::from_secs(1));
/// assert_eq!(spans.tree(), "request 3s path=/orders\n  query 1s\n");
/// ```
pub struct SpanStack {
    open: Vec<(Span, Scope)>,
    /// What is active while no span of it is open.
    around: Option<Scope>,
    tracer: Tracer,
    /// Spans that are not recorded are handed out as this one when there is nothing else.
    none: Span,
}

impl Tracer {
    /// Returns a stack without a span, whose first span is a part of what is active where it begins.
    pub fn stack(&self) -> SpanStack {
        SpanStack { open: Vec::new(), around: None, tracer: self.clone(), none: Span::none() }
    }

    /// Returns a stack without a span, in a context that is active on this thread as long as the stack is there: of a request
    /// that came from elsewhere, for example. No context is as good as [`stack`](Self::stack).
    pub fn stack_in(&self, context: impl Reference) -> SpanStack {
        let mut stack = self.stack();
        stack.around = context.referred().map(|context| context.attach());
        stack
    }
}

impl SpanStack {
    /// Begins a span inside the active one, and makes it the active one.
    pub fn start(&mut self, name: &str) -> &Span {
        let span = self.tracer.span(name).start();
        self.push(span)
    }

    /// Makes a span the active one that was begun with more than a name.
    pub fn push(&mut self, span: Span) -> &Span {
        let scope = span.activate();
        self.open.push((span, scope));
        self.current().unwrap_or(&self.none)
    }

    /// Ends the span that began last, and makes the one around it the active one; returns false when there is none.
    pub fn end(&mut self) -> bool {
        let Some((span, scope)) = self.open.pop() else { return false };
        drop(scope);
        span.finish();
        true
    }

    /// Returns the span that began last; `None` when none is open.
    pub fn current(&self) -> Option<&Span> {
        self.open.last().map(|(span, _)| span)
    }

    /// Returns the open spans, the outermost first.
    pub fn open(&self) -> impl Iterator<Item = &Span> {
        self.open.iter().map(|(span, _)| span)
    }

    /// Ends what is open, the span that began last first, and has everything exported; returns whether that was done in time.
    pub fn finish(mut self, within: Duration) -> bool {
        while self.end() {}
        self.tracer.flush(within)
    }
}

/// Ends what is open, the span that began last first.
impl Drop for SpanStack {
    fn drop(&mut self) {
        while self.end() {}
        self.around.take();
    }
}

impl fmt::Debug for SpanStack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.open()).finish()
    }
}
