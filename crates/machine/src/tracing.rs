//! Where calls and steps stand in traces.

mod ids;
mod recorded;

use trackway::{Context, Span, StatusCode, TraceFlags, Tracer};
use trackway_model::{SpanId, StepKey, Text, Timestamp, TraceId, keys};

pub(crate) use self::{
    ids::Ids,
    recorded::{Recorded, add, attribute, origin},
};
use crate::{
    Error, Method, Place,
    application::Surroundings,
    error::{Panicked, chain},
    step::Placement,
};

/// A span of another application, or of this one in an earlier life.
type SpanName = (TraceId, SpanId);

/// Where a call stands in a trace.
pub(crate) struct CallPlace {
    tracer: Tracer,
    /// What its steps are a part of.
    around: Context,
    /// Of a call of several steps, while a tracer records it.
    span: Span,
    /// The trace of what no tracer records.
    trace_id: TraceId,
}

impl CallPlace {
    /// Begins a call, as a part of what is active on this thread.
    pub(crate) fn begin(surroundings: &Surroundings, method: Method, follows: &mut Option<SpanName>) -> Self {
        let tracer = surroundings.tracer.clone().unwrap_or_else(trackway::tracer);
        let mut around = trackway::current();
        let mut span = Span::none();
        if tracer.is_enabled() && method != Method::Step {
            span = tracer.span(surroundings.call_name.clone()).child_of(&around).start();
            around = span.context().clone();
            mark(&span, surroundings);
            if span.is_recording() {
                link(&span, follows.take());
            }
        }
        let trace_id = around.trace_id().unwrap_or_else(|| surroundings.ids.trace_id());
        Self { tracer, around, span, trace_id }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.tracer.now()
    }

    /// Begins a step of the call.
    pub(crate) fn step(
        &self,
        surroundings: &Surroundings,
        key: StepKey,
        action: &Text,
        begun: Timestamp,
        follows: Option<SpanName>,
    ) -> Placement {
        let tracer = self.tracer.clone();
        if !tracer.is_enabled() {
            return self.unrecorded(surroundings, tracer, follows);
        }
        let span = tracer.span(action.clone()).child_of(&self.around).starting_at(begun).start();
        let context = span.context().clone();
        let (Some(trace_id), Some(span_id), true) = (context.trace_id(), context.span_id(), span.is_recording()) else {
            let told = context.trace_id().map(|trace_id| told(trace_id, surroundings.ids.span_id(), None, follows));
            return Placement { tracer, span, context, told, tells_spans: false };
        };
        mark(&span, surroundings);
        link(&span, follows);
        span.attribute(keys::TRACKWAY_STEP_SEQUENCE, key.sequence);
        span.attribute(keys::TRACKWAY_STEP_ATTEMPT, key.attempt);
        let parent_id = self.around.span_id().filter(|_| self.around.trace_id() == Some(trace_id));
        let told = Place { trace_id, span_id, parent_id, is_told_here: false, follows: None };
        Placement { tracer, span, context, told: Some(told), tells_spans: false }
    }

    fn unrecorded(&self, surroundings: &Surroundings, tracer: Tracer, follows: Option<SpanName>) -> Placement {
        if surroundings.teller.is_none() {
            return Placement { tracer, ..nowhere() };
        }
        let span_id = surroundings.ids.span_id();
        let context = self.around.moved_to(self.trace_id, span_id, TraceFlags::SAMPLED);
        let told = told(self.trace_id, span_id, self.around.span_id(), follows);
        Placement { tracer, span: Span::none(), context, told: Some(told), tells_spans: true }
    }

    /// Ends the call.
    pub(crate) fn end(&self, error: Option<&Error>) {
        match error.filter(|_| self.span.is_recording()) {
            Some(Error::Cancelled { .. }) => cancel(&self.span),
            Some(error) => drop(self.span.status(StatusCode::Error, &chain(error))),
            None => {}
        }
        self.span.finish();
    }
}

fn told(trace_id: TraceId, span_id: SpanId, parent_id: Option<SpanId>, follows: Option<SpanName>) -> Place {
    Place { trace_id, span_id, parent_id, is_told_here: true, follows }
}

/// Says that a span goes on with the work of another one.
fn link(span: &Span, follows: Option<SpanName>) {
    if let Some((trace_id, span_id)) = follows {
        span.link(Context::remote(trace_id, span_id, TraceFlags::SAMPLED));
    }
}

/// Returns the place of a step that nobody hears of.
pub(crate) fn nowhere() -> Placement {
    let (tracer, span, context) = (Tracer::default(), Span::none(), Context::none());
    Placement { tracer, span, context, told: None, tells_spans: false }
}

/// Says which run a span belongs to.
fn mark(span: &Span, surroundings: &Surroundings) {
    let run = &surroundings.run;
    span.attribute(keys::TRACKWAY_PROJECT, &run.project).attribute(keys::TRACKWAY_APP_ID, &run.app);
    span.attribute(keys::TRACKWAY_APP_PARTITION, &run.partition);
}

/// Ends the span of a step.
pub(crate) fn end(span: &Span, time: Timestamp, error: Option<&Error>) {
    match error {
        Some(_) if !span.is_recording() => {}
        Some(Error::Action { source, .. }) => match source.downcast_ref::<Panicked>() {
            Some(panicked) => drop(span.record_error(panicked)),
            None => drop(span.record_error(source)),
        },
        Some(Error::Cancelled { .. }) => cancel(span),
        Some(error) => drop(span.record_error(error)),
        None => {}
    }
    span.finish_at(time);
}

fn cancel(span: &Span) {
    span.event("cancelled");
    span.status(StatusCode::Error, "cancelled");
}
