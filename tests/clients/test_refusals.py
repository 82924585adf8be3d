"""What clients are told when the server does not take what they send."""

import gzip
from threading import Event

import grpc
import pytest
import requests
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceStub
from opentelemetry.proto.trace.v1.trace_pb2 import ScopeSpans, Span
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.trace import SpanContext, TraceFlags

from kit import Client

RETRY_LOGS = ("WARNING Transient error",)


def request(trace, *spans):
    """One request; each span is a name, or a whole `Span`."""
    told = [span if isinstance(span, Span) else Span(name=span) for span in spans]
    for number, span in enumerate(told, start=1):
        span.trace_id = span.trace_id or trace
        span.span_id = span.span_id or number.to_bytes(8, "big")
        span.start_time_unix_nano = 1_795_244_400 * 10**9 + number
        span.end_time_unix_nano = span.start_time_unix_nano + 1_000
    body = ExportTraceServiceRequest()
    body.resource_spans.add().scope_spans.append(ScopeSpans(spans=told))
    return body


def post(server, body, **headers):
    headers = {"content-type": "application/x-protobuf"} | headers
    return requests.post(f"{server.otlp_http}/v1/traces", data=body, headers=headers, timeout=10)


def call(server, message, **options):
    with grpc.insecure_channel(server.otlp_grpc.removeprefix("http://")) as channel:
        return TraceServiceStub(channel).Export(message, timeout=10, **options)


def refused(server, message, **options):
    with pytest.raises(grpc.RpcError) as error:
        call(server, message, **options)
    return error.value


def details(error):
    """The `google.rpc.Status` of a refusal; `None` when there is none."""
    encoded = dict(error.trailing_metadata()).get("grpc-status-details-bin")
    return Status.FromString(encoded) if encoded else None


def message_of(response):
    assert response.headers["content-type"] == "application/x-protobuf"
    return Status.FromString(response.content)


def big(trace, size):
    return request(trace, Span(name="x" * size))


def test_one_bad_span_is_told_of_and_the_good_one_kept_over_http(server):
    trace = b"partial-http----"
    answer = post(server, request(trace, "good", Span(name="bad", trace_id=b"short")).SerializeToString())
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/x-protobuf")
    partial = ExportTraceServiceResponse.FromString(answer.content).partial_success
    assert partial.rejected_spans == 1
    assert '"bad"' in partial.error_message and "trace id" in partial.error_message
    assert [span["name"] for span in server.spans(trace.hex())] == ["good"]


def test_one_bad_span_is_told_of_and_the_good_one_kept_over_grpc(server):
    trace = b"partial-grpc----"
    partial = call(server, request(trace, "good", Span(name="bad", span_id=b"short"))).partial_success
    assert partial.rejected_spans == 1
    assert '"bad"' in partial.error_message and "span id" in partial.error_message
    assert [span["name"] for span in server.spans(trace.hex())] == ["good"]


def test_a_whole_success_has_no_partial_one(server):
    answer = post(server, request(b"whole-http------", "good").SerializeToString())
    assert (answer.status_code, answer.content) == (200, b"")
    assert not call(server, request(b"whole-grpc------", "good")).HasField("partial_success")


def test_the_sdk_takes_a_partial_success_without_a_complaint(server, protocol):
    def finished(name, trace):
        context = SpanContext(trace, 7, is_remote=False, trace_flags=TraceFlags(1))
        return ReadableSpan(name, context, resource=Resource.create({"service.name": "client"}),
                            start_time=1_795_244_400 * 10**9, end_time=1_795_244_401 * 10**9)

    good = 0x600D << 64 | len(protocol)
    rejected = server.counter("ingest.spans_rejected")
    told = Client(protocol, server.ui)
    assert told.exporter.export([finished("bad", 0), finished("good", good)]) == SpanExportResult.SUCCESS
    told.end()
    assert [span["name"] for span in server.spans(f"{good:032x}")] == ["good"]
    assert server.counter("ingest.spans_rejected") == rejected + 1


def test_what_is_no_request_is_refused_for_good(server):
    answer = post(server, b"\xff\xff\xff\xff")
    assert answer.status_code == 400 and message_of(answer).code == grpc.StatusCode.INVALID_ARGUMENT.value[0]
    assert "retry-after" not in answer.headers
    with grpc.insecure_channel(server.otlp_grpc.removeprefix("http://")) as channel:
        export = channel.unary_unary("/opentelemetry.proto.collector.trace.v1.TraceService/Export")
        with pytest.raises(grpc.RpcError) as error:
            export(b"\xff\xff\xff\xff", timeout=10)
    assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert details(error.value) is None


def test_a_message_that_is_too_large_is_not_to_come_again(start):
    server = start("--max-body-bytes", "100000")
    fits = request(b"fits------------", "small")
    assert post(server, fits.SerializeToString()).status_code == 200

    error = refused(server, big(b"large-----------", 100_000))
    assert error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert details(error) is None, "RetryInfo would make the client send it again and again"
    assert "100000 bytes" in error.details()

    answer = post(server, big(b"large-----------", 100_000).SerializeToString())
    assert answer.status_code == 413 and "retry-after" not in answer.headers
    assert "100000 bytes" in message_of(answer).message
    assert server.counter("ingest.refused_too_large") == 2
    assert call(server, fits) is not None


def test_a_bomb_is_given_up_at_the_limit(start):
    server = start("--max-body-bytes", "100000")
    bomb = big(b"bomb------------", 64 << 20)
    packed = gzip.compress(bomb.SerializeToString())
    assert len(packed) < 100_000

    error = refused(server, bomb, compression=grpc.Compression.Gzip)
    assert error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert details(error) is None

    answer = post(server, packed, **{"content-encoding": "gzip"})
    assert answer.status_code == 413 and "retry-after" not in answer.headers
    with open(f"/proc/{server.process.pid}/status") as status:
        [peak] = [int(line.split()[1]) for line in status if line.startswith("VmHWM:")]
    assert peak < 64 << 10, "kilobytes: the bomb was not unpacked"


def test_a_full_store_asks_to_come_again(start):
    # So much is to stay free on the disk that nothing is taken.
    server = start("--min-free-bytes", str(2**64 - 1))
    answer = post(server, request(b"second----------", "late").SerializeToString())
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert message_of(answer).code == grpc.StatusCode.UNAVAILABLE.value[0]

    error = refused(server, request(b"third-----------", "late"))
    assert error.code() == grpc.StatusCode.UNAVAILABLE
    status = details(error)
    assert (status.code, status.message) == (error.code().value[0], error.details())
    [detail] = status.details
    info = RetryInfo()
    assert detail.Unpack(info)
    assert info.retry_delay.ToTimedelta().total_seconds() == 2
    assert (server.counter("store.spans"), server.counter("store.refused_disk")) == (0, 2)


def test_the_sdk_loses_nothing_to_a_store_that_was_full_for_a_while(start, protocol, sdk_log):
    log = 1 << 20
    server = start("--max-log-bytes", str(log))
    # It fills the log but for some hundred bytes, until a request is refused and what is there becomes a segment.
    assert post(server, request(b"first-----------", "x" * (log - 500)).SerializeToString()).status_code == 200
    sdk_log.expect(*RETRY_LOGS)
    will_retry = Event()
    sdk_log.listener = lambda message: will_retry.set()

    told = Client(protocol, server.ui, timeout=30)
    trace = told.tell()
    with told.flushing():
        assert will_retry.wait(10), "the SDK was not told to come again"
    assert told.exporter.results == [SpanExportResult.SUCCESS]
    assert server.tree(trace) == Client.STORY


@pytest.mark.parametrize("port", ["ui", "otlp_http", "otlp_grpc"])
@pytest.mark.parametrize("method", [
    "/opentelemetry.proto.collector.trace.v1.TraceService/Import",
    "/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export",
    "/grpc.health.v1.Health/Check",
])
def test_an_unknown_method_is_unimplemented(server, port, method):
    with grpc.insecure_channel(getattr(server, port).removeprefix("http://")) as channel:
        with pytest.raises(grpc.RpcError) as error:
            channel.unary_unary(method)(b"", timeout=10)
    assert error.value.code() == grpc.StatusCode.UNIMPLEMENTED
    assert details(error.value) is None
