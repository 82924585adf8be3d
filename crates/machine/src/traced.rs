//! What the code that `#[trace]` writes calls: a span of the step that runs, or any other where none does.

use std::{
    future::Future,
    pin::Pin,
    task::{Context as Waker, Poll, ready},
};

use futures_core::Stream;
use pin_project_lite::pin_project;
pub use trackway::__private::{
    Callsite, Failing, Key, Kind, call, debug, display, failed, inspect, never, outside, run_outside,
};
use trackway::Scope;
use trackway_model::Text;

use crate::{Number, Step, StepSpan, Value};

/// The span of a call.
#[derive(Debug)]
pub enum Guard {
    /// One that is no step's.
    Plain(trackway::Guard),
    /// The span of a step, which ends before it is left.
    Step(StepSpan, Scope),
}

/// Begins the span of a call.
pub fn enter(site: &'static Callsite) -> Guard {
    match Step::current() {
        None => Guard::Plain(trackway::enter(site)),
        Some(step) => {
            let span = begin(&step, site);
            let scope = span.activate();
            Guard::Step(span, scope)
        }
    }
}

fn begin(step: &Step, site: &'static Callsite) -> StepSpan {
    step.span(Text::literal(site.name())).kind(site.kind()).start()
}

impl Guard {
    /// Returns whether anybody hears of it.
    pub fn is_recording(&self) -> bool {
        match self {
            Self::Plain(guard) => guard.is_recording(),
            Self::Step(span, _) => span.is_recording(),
        }
    }

    /// Records an attribute.
    pub fn attribute(&self, key: &'static Key, value: impl trackway::Field) {
        match self {
            Self::Plain(guard) => {
                guard.attribute(key, value);
            }
            Self::Step(span, _) => {
                if let Some(value) = lent(value) {
                    span.attribute(Text::literal(key.name()), value);
                }
            }
        }
    }
}

/// What is active, as the macro writes to it.
#[derive(Debug)]
pub struct Active(crate::Active);

/// Returns what is active.
pub fn active() -> Active {
    Active(crate::active())
}

impl Active {
    /// Returns whether anybody hears of it.
    pub fn is_recording(&self) -> bool {
        self.0.is_recording()
    }

    /// Records an attribute.
    pub fn attribute(&self, key: &'static Key, value: impl trackway::Field) {
        if let Some(value) = lent(value) {
            self.0.note(Text::literal(key.name()), value);
        }
    }
}

impl Failing for Active {
    fn failed(&self, kind: Option<&str>, message: &str, causes: Option<&str>) {
        self.0.fail(kind, message, causes);
    }
}

fn lent(value: impl trackway::Field) -> Option<Value> {
    value.lend(|value| {
        Some(match value {
            trackway::ValueRef::Bool(value) => Value::from(value),
            trackway::ValueRef::I64(value) => Value::from(value),
            trackway::ValueRef::F64(value) => Value::Number(Number::from(value)),
            trackway::ValueRef::Text(value) => Value::from(value),
            trackway::ValueRef::Bytes(value) => bytes(value),
            trackway::ValueRef::Value(value) => of_attribute(value),
            _ => return None,
        })
    })
}

fn bytes(bytes: &[u8]) -> Value {
    Value::List(bytes.iter().map(|byte| Value::from(*byte)).collect())
}

/// Returns an attribute's value as states hold it.
fn of_attribute(value: &trackway::Value) -> Value {
    use trackway::Value as Attribute;
    match value {
        Attribute::Empty => Value::Null,
        Attribute::Bool(value) => Value::from(*value),
        Attribute::Int(value) => Value::from(*value),
        Attribute::Double(value) => Value::Number(Number::from(*value)),
        Attribute::Text(value) => Value::Text(value.clone()),
        Attribute::Bytes(value) => bytes(value),
        Attribute::Array(values) => Value::List(values.iter().map(of_attribute).collect()),
        Attribute::Map(fields) => {
            Value::Map(fields.0.iter().map(|(key, value)| (key.clone(), of_attribute(value))).collect())
        }
    }
}

pin_project! {
    /// A future or a stream that runs inside a span of its own.
    #[derive(Debug)]
    pub struct InSpan<F> {
        #[pin]
        work: Placed<F>,
    }
}

pin_project! {
    #[project = Projected]
    #[derive(Debug)]
    enum Placed<F> {
        // In a span that is no step's.
        Plain { #[pin] work: trackway::InSpan<F> },
        // In a span of a step, which begins with the first poll.
        Step { #[pin] work: F, site: &'static Callsite, step: Step, span: Option<StepSpan> },
    }
}

impl<F> InSpan<F> {
    /// Returns the work as a span of that callsite, which begins with the first poll.
    pub fn new(site: &'static Callsite, work: F) -> Self {
        let work = match Step::current() {
            None => Placed::Plain { work: trackway::InSpan::new(site, work) },
            Some(step) => Placed::Step { work, site, step, span: None },
        };
        Self { work }
    }
}

/// Polls work inside the span, which ends with it, and where it panics.
fn poll<R>(
    span: &mut Option<StepSpan>,
    step: &Step,
    site: &'static Callsite,
    work: impl FnOnce() -> Poll<R>,
    is_end: impl FnOnce(&R) -> bool,
) -> Poll<R> {
    struct Ending<'a>(&'a mut Option<StepSpan>);
    impl Drop for Ending<'_> {
        fn drop(&mut self) {
            if std::thread::panicking() {
                *self.0 = None;
            }
        }
    }
    let context = span.get_or_insert_with(|| begin(step, site)).context().clone();
    let ending = Ending(span);
    let output = ready!(context.run(work));
    if is_end(&output) {
        *ending.0 = None;
    }
    Poll::Ready(output)
}

impl<F: Future> Future for InSpan<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, waker: &mut Waker<'_>) -> Poll<Self::Output> {
        match self.project().work.project() {
            Projected::Plain { work } => work.poll(waker),
            Projected::Step { work, site, step, span } => poll(span, step, site, || work.poll(waker), |_| true),
        }
    }
}

impl<S: Stream> Stream for InSpan<S> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, waker: &mut Waker<'_>) -> Poll<Option<Self::Item>> {
        match self.project().work.project() {
            Projected::Plain { work } => work.poll_next(waker),
            Projected::Step { work, site, step, span } => {
                poll(span, step, site, || work.poll_next(waker), Option::is_none)
            }
        }
    }
}
