//! `opentracing.tags` and `opentracing.logs`: the names of the semantic conventions.

use trackway::tags::{self, fields};
use trackway::testing::MockTracer;
use trackway::{SpanKind, StatusCode, Value};

#[test]
fn the_standard_tags_have_the_names_of_the_conventions() {
    let names = [
        (tags::SPAN_KIND, "span.kind"),
        (tags::SPAN_KIND_RPC_CLIENT, "client"),
        (tags::SPAN_KIND_RPC_SERVER, "server"),
        (tags::SPAN_KIND_CONSUMER, "consumer"),
        (tags::SPAN_KIND_PRODUCER, "producer"),
        (tags::SERVICE, "service"),
        (tags::ERROR, "error"),
        (tags::COMPONENT, "component"),
        (tags::SAMPLING_PRIORITY, "sampling.priority"),
        (tags::PEER_SERVICE, "peer.service"),
        (tags::PEER_HOSTNAME, "peer.hostname"),
        (tags::PEER_ADDRESS, "peer.address"),
        (tags::PEER_HOST_IPV4, "peer.ipv4"),
        (tags::PEER_HOST_IPV6, "peer.ipv6"),
        (tags::PEER_PORT, "peer.port"),
        (tags::HTTP_URL, "http.url"),
        (tags::HTTP_METHOD, "http.method"),
        (tags::HTTP_STATUS_CODE, "http.status_code"),
        (tags::DATABASE_INSTANCE, "db.instance"),
        (tags::DATABASE_STATEMENT, "db.statement"),
        (tags::DATABASE_TYPE, "db.type"),
        (tags::DATABASE_USER, "db.user"),
        (tags::MESSAGE_BUS_DESTINATION, "message_bus.destination"),
        (fields::EVENT, "event"),
        (fields::MESSAGE, "message"),
        (fields::STACK, "stack"),
        (fields::ERROR_KIND, "error.kind"),
        (fields::ERROR_OBJECT, "error.object"),
    ];
    assert!(names.iter().all(|(constant, name)| constant == name), "{names:?}");
}

#[test]
fn an_address_a_port_and_a_status_are_recorded_as_they_are() {
    let tracer = MockTracer::new();
    let span = tracer.span("call").kind(SpanKind::Client).attribute(tags::PEER_PORT, 7241u16).start();
    span.attribute(tags::PEER_HOST_IPV4, std::net::Ipv4Addr::LOCALHOST).attribute(tags::HTTP_STATUS_CODE, 200);
    span.finish();
    let span = &tracer.finished_spans()[0];
    assert_eq!(span.kind, SpanKind::Client);
    assert_eq!(span.attributes.get(tags::PEER_PORT), Some(&Value::Int(7241)));
    assert_eq!(span.attributes.text(tags::PEER_HOST_IPV4), Some("127.0.0.1"));
    assert_eq!(span.attributes.get(tags::HTTP_STATUS_CODE), Some(&Value::Int(200)));
}

/// The `error` tag is a status here, which nothing but the program says.
#[test]
fn that_a_span_failed_is_its_status() {
    let tracer = MockTracer::new();
    tracer.span("failed").start().status(StatusCode::Error, "declined").finish();
    tracer.span("logged").start().event("error").field(fields::ERROR_KIND, "Timeout");
    let codes: Vec<_> = tracer.finished_spans().iter().map(|span| span.status.code).collect();
    assert_eq!(codes, [StatusCode::Error, StatusCode::Unset]);
}
