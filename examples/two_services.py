"""Two services in two processes, and one trace: the W3C `traceparent` header carries it from one to the other.

    pip install opentelemetry-sdk opentelemetry-exporter-otlp-proto-http
    trackway
    python examples/two_services.py

Without OTEL_EXPORTER_OTLP_ENDPOINT the spans go to http://localhost:4318, where Trackway listens.
"""

import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.request import Request, urlopen

from opentelemetry import propagate
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind


def tracing(service):
    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider


def stock():
    """Answers one request; prints its port first."""
    provider = tracing("stock")
    tracer = provider.get_tracer("stock")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            parent = propagate.extract(self.headers)
            with tracer.start_as_current_span("GET /stock/:sku", parent, SpanKind.SERVER) as span:
                span.set_attributes({"http.request.method": "GET", "http.route": "/stock/:sku"})
                with tracer.start_as_current_span("SELECT stock", kind=SpanKind.CLIENT) as query:
                    query.set_attributes({"db.system.name": "postgresql", "db.collection.name": "stock"})
                self.send_response(200)
                self.send_header("content-length", "2")
                self.end_headers()
                self.wfile.write(b"17")

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        print(server.server_port, flush=True)
        server.handle_request()
    provider.shutdown()


def shop():
    """Asks the other service, in a process that it starts; prints the trace's id."""
    provider = tracing("shop")
    tracer = provider.get_tracer("shop")
    with subprocess.Popen([sys.executable, __file__, "stock"], stdout=subprocess.PIPE, text=True) as other:
        url = f"http://127.0.0.1:{int(other.stdout.readline())}/stock/4711"
        with tracer.start_as_current_span("show_product") as root:
            with tracer.start_as_current_span("GET", kind=SpanKind.CLIENT) as span:
                span.set_attributes({"http.request.method": "GET", "url.full": url})
                headers = {}
                propagate.inject(headers)
                with urlopen(Request(url, headers=headers)) as response:
                    span.set_attribute("http.response.status_code", response.status)
    provider.shutdown()
    print(format(root.get_span_context().trace_id, "032x"))


if __name__ == "__main__":
    stock() if sys.argv[1:] == ["stock"] else shop()
