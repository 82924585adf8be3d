//! The formats that there are.

use trackway_wire::propagation::{Baggage, b3, census, cloud, jaeger, opentracing, opentracing_binary};

use super::{BinaryPropagator, Corrupt, Extract, Inject, Propagator, SpanContext};
use crate::context::Context;

/// The headers of [W3C Trace Context](https://www.w3.org/TR/trace-context-2/), level 2, and
/// [W3C Baggage](https://www.w3.org/TR/baggage/): `traceparent`, `tracestate` and `baggage`.
#[derive(Debug, Clone, Copy, Default)]
pub struct W3c;

impl Propagator for W3c {
    fn fields(&self) -> Vec<&'static str> {
        vec!["traceparent", "tracestate", "baggage"]
    }

    fn inject(&self, context: &Context, carrier: &mut dyn Inject) {
        context.inject(carrier);
    }

    fn extract(&self, carrier: &dyn Extract) -> Result<Option<Context>, Corrupt> {
        let context = Context::extract(carrier)?;
        let is_empty = context.trace_id().is_none() && context.baggage_entries().next().is_none();
        Ok(Some(context).filter(|_| !is_empty))
    }
}

/// The headers of [W3C Trace Context](https://www.w3.org/TR/trace-context-2/) without baggage: `traceparent` and
/// `tracestate`.
#[derive(Debug, Clone, Copy, Default)]
pub struct W3cTraceContext;

impl Propagator for W3cTraceContext {
    fn fields(&self) -> Vec<&'static str> {
        vec!["traceparent", "tracestate"]
    }

    fn inject(&self, context: &Context, carrier: &mut dyn Inject) {
        if let Some(context) = context.span_context() {
            context.inject(carrier);
        }
    }

    fn extract(&self, carrier: &dyn Extract) -> Result<Option<Context>, Corrupt> {
        Ok(SpanContext::extract(carrier)?.map(Context::from))
    }
}

/// The header of [W3C Baggage](https://www.w3.org/TR/baggage/) alone.
#[derive(Debug, Clone, Copy, Default)]
pub struct W3cBaggage;

impl Propagator for W3cBaggage {
    fn fields(&self) -> Vec<&'static str> {
        vec!["baggage"]
    }

    fn inject(&self, context: &Context, carrier: &mut dyn Inject) {
        context.carried().baggage.inject(carrier);
    }

    fn extract(&self, carrier: &dyn Extract) -> Result<Option<Context>, Corrupt> {
        let baggage = Baggage::extract(carrier);
        let is_empty = baggage.is_empty();
        Ok((!is_empty).then(|| Context::none().change(|more| more.baggage = baggage)))
    }
}

/// Zipkin's [B3](https://github.com/openzipkin/b3-propagation). Both of its forms are read, and the one of the constructor is
/// written. The decision may be [deferred](super::Decision::Deferred), a [debug](super::Decision::Debug) one, or come without a trace;
/// baggage is not part of the format.
#[derive(Debug, Clone, Copy)]
pub struct B3 {
    form: Form,
}

#[derive(Debug, Clone, Copy)]
enum Form {
    Single,
    Multi,
}

impl B3 {
    /// Writes one header, `b3`.
    pub const fn single() -> Self {
        Self { form: Form::Single }
    }

    /// Writes the headers `x-b3-traceid`, `x-b3-spanid` and `x-b3-sampled` or `x-b3-flags`.
    pub const fn multi() -> Self {
        Self { form: Form::Multi }
    }
}

impl Propagator for B3 {
    fn fields(&self) -> Vec<&'static str> {
        match self.form {
            Form::Single => b3::SINGLE_FIELDS.to_vec(),
            Form::Multi => b3::MULTI_FIELDS.to_vec(),
        }
    }

    fn inject(&self, context: &Context, carrier: &mut dyn Inject) {
        match self.form {
            Form::Single => b3::inject_single(&context.carried(), carrier),
            Form::Multi => b3::inject_multi(&context.carried(), carrier),
        }
    }

    fn extract(&self, carrier: &dyn Extract) -> Result<Option<Context>, Corrupt> {
        Ok(b3::extract(carrier)?.map(Context::from))
    }
}

/// Google Cloud's header [`X-Cloud-Trace-Context`](https://cloud.google.com/trace/docs/trace-context#legacy-http-header), from
/// before Google read the W3C's. It has no baggage.
#[derive(Debug, Clone, Copy, Default)]
pub struct CloudTrace;

impl Propagator for CloudTrace {
    fn fields(&self) -> Vec<&'static str> {
        cloud::FIELDS.to_vec()
    }

    fn inject(&self, context: &Context, carrier: &mut dyn Inject) {
        cloud::inject(&context.carried(), carrier);
    }

    fn extract(&self, carrier: &dyn Extract) -> Result<Option<Context>, Corrupt> {
        Ok(cloud::extract(carrier)?.map(Context::from))
    }
}

/// Jaeger's headers: [`uber-trace-id`](https://www.jaegertracing.io/docs/1.62/client-libraries/#propagation-format), `uberctx-` for
/// each entry of the baggage; and what people write by hand, `jaeger-debug-id` and `jaeger-baggage`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Jaeger;

impl Propagator for Jaeger {
    fn fields(&self) -> Vec<&'static str> {
        jaeger::FIELDS.to_vec()
    }

    fn inject(&self, context: &Context, carrier: &mut dyn Inject) {
        jaeger::inject(&context.carried(), carrier);
    }

    fn extract(&self, carrier: &dyn Extract) -> Result<Option<Context>, Corrupt> {
        Ok(jaeger::extract(carrier)?.map(Context::from))
    }
}

/// OpenCensus's texts: `opencensus-trace-traceid`, `-spanid` and `-traceoptions`.
#[derive(Debug, Clone, Copy, Default)]
pub struct CensusText;

impl Propagator for CensusText {
    fn fields(&self) -> Vec<&'static str> {
        census::TEXT_FIELDS.to_vec()
    }

    fn inject(&self, context: &Context, carrier: &mut dyn Inject) {
        census::inject_text(&context.carried(), carrier);
    }

    fn extract(&self, carrier: &dyn Extract) -> Result<Option<Context>, Corrupt> {
        Ok(census::extract_text(carrier)?.map(Context::from))
    }
}

/// The texts of OpenTracing's basic and mock tracers: `ot-tracer-traceid`, `-spanid` and `-sampled`, and `ot-baggage-` for each entry
/// of the baggage.
///
/// The format has 64 bits for the id of a trace: it gets the right half, as from OpenTelemetry's propagator for it.
#[derive(Debug, Clone, Copy, Default)]
pub struct OpenTracingText;

impl Propagator for OpenTracingText {
    fn fields(&self) -> Vec<&'static str> {
        opentracing::FIELDS.to_vec()
    }

    fn inject(&self, context: &Context, carrier: &mut dyn Inject) {
        opentracing::inject(&context.carried(), carrier);
    }

    fn extract(&self, carrier: &dyn Extract) -> Result<Option<Context>, Corrupt> {
        Ok(opentracing::extract(carrier)?.map(Context::from))
    }
}

/// OpenCensus's [bytes](https://github.com/census-instrumentation/opencensus-specs/blob/master/encodings/BinaryEncoding.md), which gRPC has
/// under `grpc-trace-bin`: both ids and the flags, 29 bytes. It has no baggage.
#[derive(Debug, Clone, Copy, Default)]
pub struct CensusBinary;

impl BinaryPropagator for CensusBinary {
    fn inject(&self, context: &Context, bytes: &mut Vec<u8>) {
        census::encode(&context.carried(), bytes);
    }

    fn extract(&self, bytes: &[u8]) -> Result<Option<Context>, Corrupt> {
        Ok(census::decode(bytes)?.map(Context::from))
    }
}

/// The bytes of OpenTracing's basic tracer: a length, and a protobuf message with ids, the decision and baggage.
///
/// The format has 64 bits for the id of a trace: it gets the right half.
#[derive(Debug, Clone, Copy, Default)]
pub struct OpenTracingBinary;

impl BinaryPropagator for OpenTracingBinary {
    fn inject(&self, context: &Context, bytes: &mut Vec<u8>) {
        opentracing_binary::encode(&context.carried(), bytes);
    }

    fn extract(&self, bytes: &[u8]) -> Result<Option<Context>, Corrupt> {
        Ok(opentracing_binary::decode(bytes)?.map(Context::from))
    }
}
