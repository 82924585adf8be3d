"""All three signals of a program that is configured by its environment."""


from opentelemetry.trace import Link, SpanContext, SpanKind, TraceFlags
import pytest

from kit import attributes, client, instrumented, trace_id

APP = """\
shop: GET /orders (server)
  - log looking for orders
  shop: SELECT orders (client)
    - log the query was slow"""


def run_app(server, url, protocol, **env):
    counters = ["ingest.metrics_ignored", "ingest.logs_ignored", "ingest.log_events"]
    before = [server.counter(name) for name in counters]
    trace = instrumented("app.py", OTEL_EXPORTER_OTLP_ENDPOINT=url, OTEL_EXPORTER_OTLP_PROTOCOL=protocol,
                         OTEL_SERVICE_NAME="shop", **env).strip()
    return trace, {name: server.counter(name) - count for name, count in zip(counters, before)}


def test_traces_logs_and_metrics_over_http_need_only_the_environment(server):
    trace, counted = run_app(server, server.otlp_http, "http/protobuf")
    assert server.tree(trace) == APP
    assert counted == {"ingest.metrics_ignored": 2, "ingest.logs_ignored": 1, "ingest.log_events": 2}


def test_traces_logs_and_metrics_over_grpc_need_only_the_environment(server):
    trace, counted = run_app(server, server.otlp_grpc, "grpc")
    assert server.tree(trace) == APP
    assert counted == {"ingest.metrics_ignored": 2, "ingest.logs_ignored": 1, "ingest.log_events": 2}


@pytest.mark.parametrize("compression", ["gzip", "deflate"])
def test_traces_logs_and_metrics_may_be_compressed_over_http(server, compression):
    trace, counted = run_app(server, server.otlp_http, "http/protobuf", OTEL_EXPORTER_OTLP_COMPRESSION=compression)
    assert server.tree(trace) == APP
    assert counted["ingest.metrics_ignored"] == 2


def test_traces_logs_and_metrics_may_be_compressed_over_grpc(server):
    trace, counted = run_app(server, server.otlp_grpc, "grpc", OTEL_EXPORTER_OTLP_COMPRESSION="gzip")
    assert server.tree(trace) == APP
    assert counted["ingest.metrics_ignored"] == 2


def test_a_log_record_becomes_an_event_with_its_severity_and_attributes(server):
    trace, _ = run_app(server, server.otlp_http, "http/protobuf", OTEL_PYTHON_LOG_CODE_ATTRIBUTES="true")
    [query] = [span for span in server.spans(trace) if span["name"] == "SELECT orders"]
    [event] = query["events"]
    event = attributes(event)
    assert (event["severity_text"], event["severity_number"]) == ("WARN", "13")
    assert event["body"] == "the query was slow"
    assert event["code.line.number"] == "15"


def test_every_type_of_attribute_arrives_with_its_type(server, protocol):
    given = {
        "text": "grüße \U0001f44b",
        "long": "x" * 40_000,
        "yes": True,
        "int": -(2**63),
        "double": 0.1,
        "nan": float("nan"),
        "bytes": b"\x00\xff",
        "texts": ["a", "b"],
        "ints": [1, 2],
        "mixed": [True, 1.5, None],
        "map": {"deep": {"er": [1]}},
        "none": None,
    }
    with client(protocol, server.ui) as told:
        with told.tracer.start_as_current_span("attributes", attributes=given) as span:
            pass
    [span] = server.spans(trace_id(span))
    assert {attribute.pop("key"): attribute for attribute in span["attributes"]} == {
        "text": {"type": "string", "value": "grüße \U0001f44b"},
        "long": {"type": "string", "value": "x" * 40_000},
        "yes": {"type": "bool", "value": True},
        "int": {"type": "int", "value": "-9223372036854775808"},
        "double": {"type": "double", "value": 0.1},
        "nan": {"type": "double", "value": "NaN"},
        "bytes": {"type": "bytes", "value": "AP8="},
        "texts": {"type": "array", "value": [{"type": "string", "value": "a"}, {"type": "string", "value": "b"}]},
        "ints": {"type": "array", "value": [{"type": "int", "value": "1"}, {"type": "int", "value": "2"}]},
        "mixed": {"type": "array", "value": [
            {"type": "bool", "value": True}, {"type": "double", "value": 1.5}, {"type": "empty", "value": None}]},
        "map": {"type": "map", "value": [{"key": "deep", "type": "map", "value": [
            {"key": "er", "type": "array", "value": [{"type": "int", "value": "1"}]}]}]},
        "none": {"type": "empty", "value": None},
    }


def test_a_span_arrives_with_its_times_links_and_what_the_sdk_left_out(server, protocol, sdk_log):
    sdk_log.expect("WARNING Attributes dict is full")
    other = SpanContext(0xABC, 0xDEF, is_remote=True, trace_flags=TraceFlags(1))
    start = 1_795_244_400_123_456_789
    with client(protocol, server.ui) as told:
        span = told.tracer.start_span(
            "whole", kind=SpanKind.CONSUMER, start_time=start,
            links=[Link(other, {"why": "batch"})],
            attributes={f"key-{n}": n for n in range(130)},
        )
        span.add_event("half way", {"part": 0.5}, timestamp=start + 500)
        span.end(start + 1_001)
    [span] = server.spans(trace_id(span))
    assert (span["start"], span["end"]) == ("2026-11-21T07:00:00.123456789Z", "2026-11-21T07:00:00.123457790Z")
    assert (span["duration_ns"], span["kind"], span["parent_id"]) == (1_001, "consumer", None)
    [link] = span["links"]
    assert (link["trace_id"], link["span_id"]) == (f"{0xABC:032x}", f"{0xDEF:016x}")
    assert attributes(link) == {"why": "batch"}
    [event] = span["events"]
    assert (event["time"], event["name"], attributes(event)) == (
        "2026-11-21T07:00:00.123457289Z", "half way", {"part": 0.5})
    # The SDK keeps 128 attributes.
    assert (len(span["attributes"]), span["dropped"]["attributes"]) == (128, 2)
    assert (span["scope"]["name"], span["scope"]["version"]) == ("tests", "1.0")
    assert attributes(span["resource"])["telemetry.sdk.language"] == "python"


def test_a_thousand_spans_in_several_requests_form_one_tree(server, protocol):
    with client(protocol, server.ui) as told:
        with told.tracer.start_as_current_span("root") as root:
            for number in range(1_200):
                with told.tracer.start_as_current_span(f"step {number}"):
                    pass
    tree = server.tree(trace_id(root)).splitlines()
    assert len(tree) == 1_201
    assert tree[-1] == "  client: step 1199 (internal)"
    assert len(told.exporter.results) > 1
