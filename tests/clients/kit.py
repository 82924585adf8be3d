"""The server as a process, and clients as the SDK makes them."""

import json
import os
import select
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import requests
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import SpanKind, Status, StatusCode

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
BINARY = Path(os.environ.get("TRACKWAY_BIN", ROOT / "target/debug/trackway"))
READY_WITHIN = 20
ENDS_WITHIN = 10


class Server:
    """A running `trackway serve` on free ports, with a directory of its own."""

    def __init__(self, directory, *flags, addresses=("127.0.0.1:0",) * 3):
        self.directory = directory
        self.flags = flags
        main, otlp_http, otlp_grpc = addresses
        self.errors = directory / f"stderr-{len(list(directory.glob('stderr-*')))}"
        self.process = subprocess.Popen(
            [BINARY, "serve", "--json", "--no-open", "--listen", main, "--otlp-http", otlp_http,
             "--otlp-grpc", otlp_grpc, "--data-dir", directory / "data", *flags],
            stdout=subprocess.PIPE, stderr=self.errors.open("wb"), env=environment(), text=True,
        )
        if not select.select([self.process.stdout], [], [], READY_WITHIN)[0]:
            self.process.kill()
            raise AssertionError(f"not ready in {READY_WITHIN} s: {self.stderr()}")
        line = self.process.stdout.readline()
        assert line, f"ended before it was ready: {self.stderr()}"
        self.ready = json.loads(line)
        self.ui, self.otlp_http, self.otlp_grpc = (self.ready[name] for name in ("ui", "otlp_http", "otlp_grpc"))

    def addresses(self):
        return tuple(url.removeprefix("http://") for url in (self.ui, self.otlp_http, self.otlp_grpc))

    def stderr(self):
        return self.errors.read_text(errors="replace")

    def check(self):
        assert self.process.poll() is None, f"the server ended by itself: {self.stderr()}"
        assert "panicked" not in self.stderr(), self.stderr()

    def signal(self, number):
        """Sends the signal and waits for the end."""
        self.process.send_signal(number)
        status = self.process.wait(ENDS_WITHIN)
        assert "panicked" not in self.stderr(), self.stderr()
        return status

    def end(self):
        try:
            if self.process.poll() is None:
                assert self.signal(signal.SIGTERM) == 0, self.stderr()
            assert "panicked" not in self.stderr(), self.stderr()
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            self.process.stdout.close()

    def get(self, path, **params):
        response = requests.get(f"{self.ui}/api/v1/{path}", params=params, timeout=10)
        response.raise_for_status()
        return response.json()

    def delete(self, path):
        response = requests.delete(f"{self.ui}/api/v1/{path}", timeout=10)
        response.raise_for_status()
        return response.json()

    def counter(self, name):
        return next(counter["value"] for counter in self.get("stats")["counters"] if counter["name"] == name)

    def spans(self, trace_id):
        page = self.get(f"traces/{trace_id}", limit=10_000)
        assert page["next"] is None
        return page["spans"]

    def tree(self, trace_id):
        """The trace as text: a line for each span, `service: name (kind) ERROR message`, its events behind it."""
        spans = self.spans(trace_id)
        children = {}
        for span in spans:
            children.setdefault(span["parent_id"], []).append(span)
        lines = []

        def walk(span, depth):
            status = span["status"]
            error = f" ERROR {status['message']}".rstrip() if status["code"] == "error" else ""
            lines.append("  " * depth + f"{span['service']}: {span['name']} ({span['kind']}){error}")
            for event in span["events"]:
                text = attributes(event).get("body") or attributes(event).get("exception.message") or ""
                lines.append("  " * depth + f"  - {event['name']} {text}".rstrip())
            for child in children.get(span["span_id"], []):
                walk(child, depth + 1)

        for root in children.get(None, []):
            walk(root, 0)
        assert len([line for line in lines if not line.lstrip().startswith("- ")]) == len(spans), "a span has no parent"
        return "\n".join(lines)


def attributes(item):
    return {attribute["key"]: attribute["value"] for attribute in item["attributes"]}


def environment(**more):
    """This process's environment without what would configure an SDK or send it through a proxy."""
    inherited = {key: value for key, value in os.environ.items()
                 if not key.startswith(("OTEL_", "TRACKWAY_")) and "proxy" not in key.lower()}
    return inherited | {"NO_PROXY": "127.0.0.1,localhost"} | more


class Watched(SpanExporter):
    """An exporter that remembers what its calls returned."""

    def __init__(self, exporter):
        self.exporter = exporter
        self.results = []

    def export(self, spans):
        self.results.append(self.exporter.export(spans))
        return self.results[-1]

    def shutdown(self):
        self.exporter.shutdown()


class Client:
    """A service that is traced by the SDK with its usual settings."""

    STORY = "\n".join([
        "client: GET /orders (server)",
        "  client: SELECT orders (client)",
        "  client: render (internal) ERROR no template",
        "    - exception no template",
    ])

    def __init__(self, protocol, url, **options):
        if protocol == "grpc":
            self.exporter = Watched(GrpcExporter(endpoint=url, **options))
        else:
            self.exporter = Watched(HttpExporter(endpoint=f"{url}/v1/traces", **options))
        resource = Resource.create({"service.name": "client"})
        self.provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self.provider.add_span_processor(BatchSpanProcessor(self.exporter))
        self.tracer = self.provider.get_tracer("tests", "1.0")

    def tell(self):
        """Does what `STORY` shows; returns the trace's id."""
        with self.tracer.start_as_current_span("GET /orders", kind=SpanKind.SERVER) as root:
            with self.tracer.start_as_current_span("SELECT orders", kind=SpanKind.CLIENT) as query:
                query.set_attribute("db.system.name", "postgresql")
            with self.tracer.start_as_current_span("render") as render:
                render.record_exception(LookupError("no template"))
                render.set_status(Status(StatusCode.ERROR, "no template"))
        return trace_id(root)

    def flush(self):
        assert self.provider.force_flush()
        return self.exporter.results

    @contextmanager
    def flushing(self):
        """Sends what was told while the block runs; at its end the exporter is done, one way or the other."""
        thread = Thread(target=self.flush)
        thread.start()
        try:
            yield
        finally:
            thread.join()
            self.end()

    def end(self):
        self.provider.shutdown()


@contextmanager
def client(protocol, url, **options):
    """A client all of whose exports must succeed."""
    client = Client(protocol, url, **options)
    yield client
    client.end()
    results = client.exporter.results
    assert results and set(results) == {SpanExportResult.SUCCESS}


def trace_id(span):
    return format(span.get_span_context().trace_id, "032x")


def run(*command, **env):
    """Runs a program to its end and returns what it printed; it must not complain."""
    done = subprocess.run(command, env=environment(**env), capture_output=True, text=True, timeout=60, cwd=HERE)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


def instrumented(program, **env):
    """Runs a Python program under `opentelemetry-instrument`."""
    return run(Path(sys.executable).with_name("opentelemetry-instrument"), sys.executable, program, **env)
