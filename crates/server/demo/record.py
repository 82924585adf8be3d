"""Records the demo: `shop.pb`, a small web shop, and `agents.pb`, runs of language-model agents.

    pip install opentelemetry-sdk==1.45.1 opentelemetry-exporter-otlp-proto-http==1.45.1
    python crates/server/demo/record.py

The shop's spans go through the OpenTelemetry SDK and its OTLP exporter to an HTTP server that keeps the bodies.
Chance and time are given, never taken: the same versions write the same bytes.
"""

import base64
import json
import random
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import IdGenerator

from shop import SERVICES, World, open_for_business

HERE = Path(__file__).parent
AGENTS = HERE.parents[2] / "fixtures/openai-agents/otlp-openinference.json"
SEED = 7241
# 2026-11-21T07:00:00Z, in nanoseconds: the moment at which the recordings end, which the server moves to now.
END = 1_795_244_400 * 10**9
# A fake model answers at once; this brings its calls to the length of real ones.
AGENTS_SLOWER = 20
AGENTS_APART = 75 * 10**9


class Recorder:
    """An OTLP/HTTP server on a free loopback port that keeps the bodies of the requests."""

    def __init__(self):
        self.bodies = bodies = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                bodies.append(self.rfile.read(int(self.headers["content-length"])))
                self.send_response(200)
                self.send_header("content-type", "application/x-protobuf")
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.thread = Thread(target=self.server.serve_forever)
        self.endpoint = f"http://127.0.0.1:{self.server.server_port}/v1/traces"

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class SeededIds(IdGenerator):
    def __init__(self, chance):
        self.chance = chance

    def generate_span_id(self):
        return self.chance.randrange(1, 1 << 64)

    def generate_trace_id(self):
        return self.chance.randrange(1, 1 << 128)


def provider_of(service, ids, endpoint):
    """A service of its own, as if in its own process; sends everything at once when flushed."""
    resource = Resource.create({
        "service.name": service.name,
        "service.version": service.version,
        "service.instance.id": service.instance,
        "deployment.environment.name": "demo",
        "host.name": service.host,
        "host.arch": "amd64",
        "os.type": "linux",
    })
    provider = TracerProvider(resource=resource, id_generator=ids, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(
        OTLPSpanExporter(endpoint=endpoint),
        max_queue_size=10_000,
        max_export_batch_size=10_000,
        schedule_delay_millis=3_600_000,
    ))
    return provider


def record_shop():
    """The shop's day, as one request."""
    with Recorder() as recorder:
        ids = SeededIds(random.Random(SEED))
        providers = {service.name: provider_of(service, ids, recorder.endpoint) for service in SERVICES}
        tracers = {name: provider.get_tracer(f"shop.{name}", "1.0.0") for name, provider in providers.items()}
        open_for_business(World(tracers, random.Random(SEED), END))
        for provider in providers.values():
            provider.shutdown()
    # Protobuf messages merge by concatenation.
    return ExportTraceServiceRequest.FromString(b"".join(recorder.bodies))


def record_agents():
    """The scenarios of the recorded agents, one after another, ending a minute before the shop closes."""
    scenarios = json.loads(AGENTS.read_text())["scenarios"]
    requests = [merged(recordings) for recordings in scenarios.values()]
    end = END - 60 * 10**9
    for request in reversed(requests):
        first = min(span.start_time_unix_nano for span in spans_of(request))
        last = max(span.end_time_unix_nano for span in spans_of(request))
        start = end - (last - first) * AGENTS_SLOWER
        for span in spans_of(request):
            span.start_time_unix_nano = start + (span.start_time_unix_nano - first) * AGENTS_SLOWER
            span.end_time_unix_nano = start + (span.end_time_unix_nano - first) * AGENTS_SLOWER
            for event in span.events:
                event.time_unix_nano = start + (event.time_unix_nano - first) * AGENTS_SLOWER
        for group in request.resource_spans:
            for attribute in group.resource.attributes:
                if attribute.key == "service.name":
                    attribute.value.string_value = "agents"
        end = start - AGENTS_APART
    union = ExportTraceServiceRequest()
    for request in requests:
        union.MergeFrom(request)
    return union


def merged(recordings):
    bodies = [base64.b64decode(recording["body_base64"]) for recording in recordings]
    return ExportTraceServiceRequest.FromString(b"".join(bodies))


def spans_of(request):
    return [span for group in request.resource_spans for scope in group.scope_spans for span in scope.spans]


def write(name, request):
    spans = spans_of(request)
    traces = {span.trace_id for span in spans}
    body = request.SerializeToString(deterministic=True)
    (HERE / name).write_bytes(body)
    print(f"{name}: {len(traces)} traces, {len(spans)} spans, {len(body)} bytes")


if __name__ == "__main__":
    write("shop.pb", record_shop())
    write("agents.pb", record_agents())
