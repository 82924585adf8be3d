//! The macros under a tracer that works without a collector: every guard is an owned span.

use std::cell::RefCell;

use trackway_model::Text;

use crate::callsite::Callsite;
use crate::context::Scope;
use crate::slot::Slot;
use crate::span::Span;
use crate::tracer::Tracer;

struct Open {
    token: u64,
    span: Span,
    scope: Scope,
}

/// What a guard is to remember of its span.
pub(crate) struct Entered {
    pub(crate) token: u64,
    pub(crate) is_recorded: bool,
}

struct Stack {
    open: Vec<Open>,
    tokens: u64,
}

thread_local! {
    static STACK: RefCell<Stack> = const { RefCell::new(Stack { open: Vec::new(), tokens: 0 }) };
}

/// Begins a span inside the active one; returns what its guard is to remember.
pub(crate) fn enter(slot: &Slot, site: &'static Callsite) -> Option<Entered> {
    let owner = slot.more().and_then(|more| more.owner.clone())?;
    push(span_at(&owner, site))
}

/// Begins a span where nothing is active.
pub(crate) fn root(tracer: &Tracer, site: &'static Callsite) -> Option<Entered> {
    push(span_at(tracer, site))
}

pub(crate) fn span_at(tracer: &Tracer, site: &'static Callsite) -> Span {
    tracer.span(Text::literal(site.name)).kind(site.kind).start()
}

fn push(span: Span) -> Option<Entered> {
    let (scope, is_recorded) = (span.activate(), span.is_recording());
    let pushed = STACK.try_with(|stack| {
        let mut stack = stack.borrow_mut();
        stack.tokens += 1;
        let token = stack.tokens;
        stack.open.push(Open { token, span, scope });
        Entered { token, is_recorded }
    });
    pushed.ok()
}

fn take(token: u64) -> Option<Open> {
    let taken = STACK.try_with(|stack| {
        let open = &mut stack.borrow_mut().open;
        open.iter().rposition(|open| open.token == token).map(|at| open.remove(at))
    });
    taken.ok().flatten()
}

/// Ends the guard's span.
pub(crate) fn exit(token: u64) {
    if let Some(Open { span, scope, .. }) = take(token) {
        drop(span);
        drop(scope);
    }
}

/// Ends the guard's span and begins its sibling; returns false when that is not the innermost span.
pub(crate) fn next(token: u64, site: &'static Callsite) -> bool {
    let Some(open) = take(token) else { return false };
    if crate::current().span_id() != open.span.context().span_id() {
        put_back(open);
        return false;
    }
    let Open { span, scope, .. } = open;
    let tracer = span.tracer();
    drop(span);
    drop(scope);
    let Some(tracer) = tracer else { return false };
    let span = span_at(&tracer, site);
    let scope = span.activate();
    put_back(Open { token, span, scope });
    true
}

fn put_back(open: Open) {
    let _ = STACK.try_with(|stack| stack.borrow_mut().open.push(open)); // At the thread's end the span has ended.
}

/// Calls `work` with the guard's span.
pub(crate) fn with(token: u64, work: impl FnOnce(&Span)) {
    // Taken out meanwhile, for what `work` calls may begin spans of its own.
    let Some(open) = take(token) else { return };
    work(&open.span);
    put_back(open);
}
