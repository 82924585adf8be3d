//! Contexts in every format, by a tracer's registry: precedence, decisions that flags cannot say, and the three errors.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::BTreeMap;
use std::env;
use std::process::Command;
use std::sync::Arc;

use trackway::export::Memory;
use trackway::propagation::{
    B3, CensusBinary, CensusText, CloudTrace, Composite, Corrupt, Extract, Format, Getter, Incoming, Inject, Jaeger,
    OpenTracingBinary, OpenTracingText, Outgoing, PropagationError, Propagator, Setter, W3c, W3cBaggage,
    W3cTraceContext,
};
use trackway::{Context, Decision, Sampler, Tracer, span};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "00f067aa0ba902b7";
const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

type Texts = BTreeMap<String, String>;

fn texts<const N: usize>(pairs: [(&str, &str); N]) -> Texts {
    pairs.into_iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect()
}

fn b3(text: &str) -> Context {
    B3::single().extract(&texts([("b3", text)])).unwrap().unwrap()
}

fn sent(propagator: &impl Propagator, context: &Context) -> Texts {
    let mut texts = Texts::new();
    propagator.inject(context, &mut texts);
    texts
}

fn tracer(sampler: Sampler) -> (Tracer, Memory) {
    let memory = Memory::new();
    (Tracer::builder().sampler(sampler).exporter(memory.clone()).build(), memory)
}

fn names(tracer: &Tracer, memory: &Memory) -> Vec<String> {
    assert!(tracer.flush(std::time::Duration::from_secs(5)));
    let mut names: Vec<_> = memory.spans().iter().map(|span| span.name.to_string()).collect();
    names.sort();
    names
}

#[test]
fn a_composite_writes_all_of_its_formats_and_reads_the_first_that_is_there() {
    let composite = Composite::new().and(W3c).and(B3::single()).and(Jaeger);
    assert_eq!(composite.fields(), ["traceparent", "tracestate", "baggage", "b3", "uber-trace-id"]);
    let context = W3c.extract(&texts([("traceparent", TRACEPARENT)])).unwrap().unwrap();
    let headers = sent(&composite, &context);
    assert_eq!(headers.keys().collect::<Vec<_>>(), ["b3", "traceparent", "uber-trace-id"]);
    assert_eq!(composite.extract(&headers).unwrap().unwrap(), context);
    let mut others = headers.clone();
    others.insert("b3".to_owned(), "0".to_owned());
    assert_eq!(composite.extract(&others).unwrap().unwrap(), context, "the first one counts");
    others.remove("traceparent");
    assert_eq!(composite.extract(&others).unwrap().unwrap().decision(), Decision::Drop, "and then the second one");
}

#[test]
fn baggage_is_gathered_from_all_formats_and_the_first_one_has_the_last_word() {
    let composite = Composite::new().and(W3cTraceContext).and(W3cBaggage).and(Jaeger).and(OpenTracingText);
    let headers = texts([
        ("baggage", "tier=gold,a=w3c"),
        ("uberctx-a", "jaeger"),
        ("uberctx-b", "jaeger"),
        ("ot-baggage-b", "ot"),
        ("ot-baggage-c", "ot"),
        ("uber-trace-id", "1:2:0:1"),
    ]);
    let context = composite.extract(&headers).unwrap().unwrap();
    let entries: Texts = context.baggage_entries().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    assert_eq!(entries, texts([("a", "w3c"), ("b", "jaeger"), ("c", "ot"), ("tier", "gold")]));
    assert_eq!(context.span_id().unwrap().to_string(), "0000000000000002");
}

#[test]
fn what_is_corrupt_in_one_format_does_not_hide_what_another_one_says() {
    let composite = Composite::new().and(Arc::new(W3c)).and(B3::multi());
    let good = format!("{TRACE}-{SPAN}-1");
    let headers = texts([("traceparent", "broken"), ("b3", &good)]);
    assert_eq!(composite.extract(&headers).unwrap().unwrap().span_id().unwrap().to_string(), SPAN);
    let corrupt = composite.extract(&texts([("traceparent", "broken"), ("baggage", "a=1")])).unwrap_err();
    assert_eq!(corrupt.name(), "traceparent");
    assert_eq!(composite.extract(&texts([("other", "x")])), Ok(None));
}

#[test]
fn a_deferred_decision_is_made_by_our_own_sampler() {
    let context = b3(&format!("{TRACE}-{SPAN}"));
    assert_eq!((context.decision(), context.is_sampled()), (Decision::Deferred, false));
    assert_eq!(sent(&B3::single(), &context)["b3"], format!("{TRACE}-{SPAN}"), "it is passed on as it came");
    for (sampler, is_recorded) in [(Sampler::default(), true), (Sampler::always_off().parent_based(), false)] {
        let (tracer, memory) = tracer(sampler);
        let _scope = tracer.activate();
        let owned = tracer.span("owned").child_of(&context).start();
        assert_eq!(owned.is_recording(), is_recorded);
        let decision = if is_recorded { Decision::Record } else { Decision::Drop };
        assert_eq!(owned.context().decision(), decision, "whoever is called next learns of it");
        owned.finish();
        context.run(|| drop(span!("guard")));
        assert_eq!(names(&tracer, &memory).len(), if is_recorded { 2 } else { 0 });
    }
}

#[test]
fn debug_is_recorded_whatever_samplers_say_and_travels_on() {
    let (tracer, memory) = tracer(Sampler::always_off());
    let _scope = tracer.activate();
    let context = b3(&format!("{TRACE}-{SPAN}-d"));
    let owned = tracer.span("owned").child_of(&context).start();
    let child = tracer.span("child").child_of(owned.context()).start();
    assert!(sent(&B3::single(), child.context())["b3"].ends_with("-d"));
    assert_eq!(sent(&B3::multi(), child.context())["x-b3-flags"], "1");
    assert!(sent(&Jaeger, child.context())["uber-trace-id"].ends_with(":0:3"));
    assert!(child.context().traceparent().unwrap().ends_with("-01"), "other formats are told that it is recorded");
    child.finish();
    owned.finish();
    context.run(|| {
        let _guard = span!("guard");
        let _inner = span!("inner");
        assert_eq!(trackway::current().decision(), Decision::Debug);
    });
    assert_eq!(names(&tracer, &memory), ["child", "guard", "inner", "owned"]);
}

#[test]
fn a_decision_without_a_trace_is_followed() {
    for (text, is_recorded) in [("0", false), ("1", true), ("d", true)] {
        let (tracer, memory) = tracer(Sampler::default());
        let _scope = tracer.activate();
        let context = b3(text);
        assert_eq!(context.span_id(), None, "nobody is the parent of what happens here");
        let owned = tracer.span("owned").child_of(&context).start();
        assert_eq!(owned.is_recording(), is_recorded);
        assert!(owned.context().span_id().is_some() && owned.context().flags().is_random());
        assert_eq!(owned.record().and_then(|record| record.parent_id), None);
        owned.finish();
        context.run(|| drop(span!("guard")));
        assert_eq!(names(&tracer, &memory).len(), if is_recorded { 2 } else { 0 });
        assert!(
            memory.spans().iter().all(|span| span.parent_id.is_none() && Some(span.trace_id) == context.trace_id())
        );
    }
}

#[test]
fn a_trace_without_a_span_is_joined_by_a_root() {
    let (tracer, memory) = tracer(Sampler::default());
    let _scope = tracer.activate();
    let context = CloudTrace.extract(&texts([("x-cloud-trace-context", &format!("{TRACE};o=1"))])).unwrap().unwrap();
    assert_eq!(context.traceparent(), None, "the W3C's header needs a span");
    tracer.span("owned").child_of(&context).start().finish();
    context.run(|| drop(span!("guard")));
    assert_eq!(names(&tracer, &memory), ["guard", "owned"]);
    for span in memory.spans() {
        assert_eq!((span.trace_id.to_string().as_str(), span.parent_id), (TRACE, None));
        assert_eq!(span.flags & 0x202, 0, "there is no remote parent, and nobody says that the id is random");
    }
}

#[test]
fn a_debug_id_begins_a_trace_that_can_be_found_by_it() {
    let (tracer, memory) = tracer(Sampler::always_off());
    let _scope = tracer.activate();
    let context = Jaeger.extract(&texts([("Jaeger-Debug-Id", "ticket 7")])).unwrap().unwrap();
    assert_eq!((context.debug_id(), context.decision()), (Some("ticket 7"), Decision::Debug));
    let owned = tracer.span("owned").child_of(&context).start();
    tracer.span("child").child_of(owned.context()).start().finish();
    owned.finish();
    context.run(|| {
        let _guard = span!("guard");
        drop(span!("inner"));
    });
    assert_eq!(names(&tracer, &memory), ["child", "guard", "inner", "owned"]);
    for span in memory.spans() {
        let is_first = ["owned", "guard"].contains(&&*span.name);
        assert_eq!(span.attributes.text("jaeger-debug-id"), is_first.then_some("ticket 7"), "{}", span.name);
    }
}

#[test]
fn a_program_decides_for_a_context_that_it_was_sent() {
    let context = b3(&format!("{TRACE}-{SPAN}-0"));
    let (tracer, _) = tracer(Sampler::default());
    let begins = |context: &Context| tracer.span("x").child_of(context).start().is_recording();
    assert!(!begins(&context));
    assert!(begins(&context.with_decision(Decision::Record)));
    assert!(begins(&context.with_decision(Decision::Deferred)));
    assert!(!begins(&context.with_decision(Decision::Debug).with_decision(Decision::Drop)));
    assert_eq!(Context::none().with_decision(Decision::Debug), Context::none());
    let recorded = context.with_decision(Decision::Record);
    assert_ne!(recorded.with_decision(Decision::Debug), recorded, "the flags are the same, and what they mean is not");
    assert_eq!(recorded.with_decision(Decision::Debug).with_decision(Decision::Record), recorded);
}

#[test]
fn the_three_formats_work_from_the_start_and_there_are_three_errors() {
    let (tracer, _) = trackway::testing::tracer();
    for tracer in [tracer, Tracer::builder().build(), Tracer::default()] {
        let context = Context::extract(&texts([("traceparent", TRACEPARENT)])).unwrap();
        for format in [Format::TEXT_MAP, Format::HTTP_HEADERS] {
            let mut carrier = Texts::new();
            tracer.inject(&context, &format, &mut carrier).unwrap();
            assert_eq!(tracer.extract(&format, &carrier).unwrap().unwrap(), context);
            assert_eq!(tracer.extract(&format, &Texts::new()), Ok(None));
            let bytes = tracer.inject(&context, &format, &mut Vec::<u8>::new());
            assert_eq!(bytes, Err(PropagationError::InvalidCarrier(format.clone())));
        }
        let mut bytes = b"before".to_vec();
        tracer.inject(&context, Format::BINARY, &mut bytes).unwrap();
        assert_eq!(bytes.len(), 6 + 29, "what is there stays");
        assert_eq!(tracer.extract(Format::BINARY, &bytes[6..]).unwrap().unwrap(), context);
        let texts_for_bytes = tracer.extract(Format::BINARY, &Texts::new());
        assert_eq!(texts_for_bytes, Err(PropagationError::InvalidCarrier(Format::BINARY)));
        let unknown = tracer.inject(&context, "kiss", &mut bytes).unwrap_err();
        assert_eq!(unknown.to_string(), "no propagator was registered for the format kiss");
        assert!(matches!(tracer.extract("kiss", &bytes), Err(PropagationError::UnsupportedFormat(_))));
        let corrupted = tracer.extract(Format::TEXT_MAP, &texts([("traceparent", "x")])).unwrap_err();
        assert!(matches!(corrupted, PropagationError::Corrupted(corrupt) if corrupt.header() == "x"));
    }
}

/// A format of nobody else's.
struct Plain;

impl Propagator for Plain {
    fn fields(&self) -> Vec<&'static str> {
        vec!["plain"]
    }
    fn inject(&self, context: &Context, carrier: &mut dyn Inject) {
        carrier.put("plain", context.traceparent().unwrap_or_default());
    }
    fn extract(&self, carrier: &dyn Extract) -> Result<Option<Context>, Corrupt> {
        let mut renamed = Vec::new();
        carrier.each("plain", &mut |text| renamed.push(("traceparent", text.to_owned())));
        W3c.extract(&renamed)
    }
}

#[test]
fn any_format_is_registered_before_or_while_the_tracer_is_used() {
    let tracer = Tracer::builder()
        .propagator(Format::HTTP_HEADERS, B3::multi())
        .propagator("plain", Box::new(Plain) as Box<dyn Propagator>)
        .binary_propagator(Format::BINARY, OpenTracingBinary)
        .build();
    let context = Context::extract(&texts([("traceparent", TRACEPARENT)])).unwrap().with_baggage("a", "1");
    let written = |format: Format| {
        let mut carrier = Texts::new();
        tracer.inject(&context, format, &mut carrier).unwrap();
        carrier.into_keys().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(written("plain".into()), "plain");
    assert_eq!(written(Format::HTTP_HEADERS), "x-b3-sampled x-b3-spanid x-b3-traceid");
    assert_eq!(written(Format::TEXT_MAP), "baggage traceparent", "what nobody spoke of stays");
    tracer.register_propagator("plain", CensusText);
    assert!(written("plain".into()).starts_with("opencensus-trace-spanid "), "the last one counts");
    let mut bytes: Vec<u8> = Vec::new();
    tracer.inject(&context, Format::BINARY, &mut bytes).unwrap();
    assert_eq!(tracer.extract(Format::BINARY, &bytes).unwrap().unwrap().baggage("a"), Some("1"));
    tracer.register_binary_propagator(Format::BINARY, CensusBinary);
    bytes.clear();
    tracer.inject(&context, Format::BINARY, &mut bytes).unwrap();
    assert_eq!(bytes.len(), 29);
}

#[test]
fn lists_closures_and_types_of_ones_own_are_carriers() {
    struct Mine(Texts);
    impl Extract for Mine {
        fn each(&self, name: &str, each: &mut dyn FnMut(&str)) {
            self.0.each(name, each);
        }
    }
    impl Inject for Mine {
        fn put(&mut self, name: &str, text: String) {
            self.0.insert(name.to_owned(), text);
        }
    }
    let tracer = Tracer::builder().build();
    let context = Context::extract(&texts([("traceparent", TRACEPARENT)])).unwrap();
    let mut mine = Mine(Texts::new());
    tracer.inject(&context, Format::HTTP_HEADERS, Outgoing::Texts(&mut mine)).unwrap();
    assert_eq!(tracer.extract(Format::HTTP_HEADERS, Incoming::Texts(&mine)).unwrap().unwrap(), context);
    let mut list = Vec::<(String, String)>::new();
    tracer
        .inject(&context, Format::HTTP_HEADERS, &mut Setter::new(|name, text| list.push((name.to_owned(), text))))
        .unwrap();
    assert_eq!(tracer.extract(Format::HTTP_HEADERS, &list).unwrap().unwrap(), context);
    let getter = Getter::new(|name| (name == "traceparent").then_some(TRACEPARENT));
    assert_eq!(tracer.extract(Format::HTTP_HEADERS, &getter).unwrap().unwrap(), context);
}

#[cfg(feature = "http")]
#[test]
fn headers_of_the_crate_http_carry_every_format() {
    let all = Composite::new().and(W3c).and(B3::multi()).and(Jaeger).and(CloudTrace).and(OpenTracingText);
    let tracer = Tracer::builder().propagator(Format::HTTP_HEADERS, all).build();
    let context = Context::extract(&texts([("traceparent", TRACEPARENT)])).unwrap().with_baggage("Tier", "gold");
    let mut headers = http::HeaderMap::new();
    tracer.inject(&context, Format::HTTP_HEADERS, &mut headers).unwrap();
    assert_eq!(headers["x-cloud-trace-context"], format!("{TRACE}/{};o=1", 0x00f0_67aa_0ba9_02b7_u64));
    assert_eq!(
        (&headers["uberctx-tier"], &headers["ot-baggage-tier"]),
        (&"gold".parse().unwrap(), &"gold".parse().unwrap())
    );
    headers.remove("traceparent");
    headers.remove("baggage");
    let again = tracer.extract(Format::HTTP_HEADERS, &headers).unwrap().unwrap();
    assert_eq!((again.span_id(), again.baggage("tier")), (context.span_id(), Some("gold")));
}

/// Runs the test of that name in a process of its own, with `OTEL_PROPAGATORS`; returns true in that process.
fn with_propagators(test: &str, list: &str) -> bool {
    if env::var_os("PROPAGATION_CHILD").is_some() {
        return true;
    }
    let mut program = Command::new(env::current_exe().unwrap());
    program.args(["--exact", test, "--nocapture"]).env("PROPAGATION_CHILD", "1").env("OTEL_PROPAGATORS", list);
    let output = program.output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    assert_eq!(told.contains("OTEL_PROPAGATORS"), list.contains("xray"), "{told}");
    false
}

fn headers_of_a_tracer() -> String {
    let context = Context::extract(&texts([("traceparent", TRACEPARENT)])).unwrap().with_baggage("a", "1");
    let mut carrier = Texts::new();
    Tracer::builder().build().inject(&context, Format::HTTP_HEADERS, &mut carrier).unwrap();
    carrier.into_keys().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_environment_names_the_formats_of_headers() {
    if with_propagators("the_environment_names_the_formats_of_headers", "B3, jaeger,xray,b3,baggage") {
        assert_eq!(headers_of_a_tracer(), "b3 baggage uber-trace-id uberctx-a");
        let tracer = Tracer::builder().propagator(Format::HTTP_HEADERS, W3cTraceContext).build();
        let mut carrier = Texts::new();
        let context = Context::extract(&texts([("traceparent", TRACEPARENT)])).unwrap();
        tracer.inject(&context, Format::HTTP_HEADERS, &mut carrier).unwrap();
        assert_eq!(carrier, texts([("traceparent", TRACEPARENT)]), "what the program says counts more");
    }
}

#[test]
fn every_name_that_the_environment_may_have_is_known() {
    let list = "tracecontext,baggage,b3,b3multi,jaeger,ottrace,gcp";
    if with_propagators("every_name_that_the_environment_may_have_is_known", list) {
        let headers = headers_of_a_tracer();
        for name in [
            "traceparent",
            "baggage",
            "b3",
            "x-b3-traceid",
            "uber-trace-id",
            "ot-tracer-traceid",
            "x-cloud-trace-context",
        ] {
            assert!(headers.split(' ').any(|header| header == name), "{name} is not in {headers}");
        }
    }
}

#[test]
fn none_in_the_environment_carries_nothing() {
    if with_propagators("none_in_the_environment_carries_nothing", "none") {
        assert_eq!(headers_of_a_tracer(), "");
    }
}
