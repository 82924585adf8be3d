# pip install opentelemetry-sdk opentelemetry-exporter-otlp-proto-http
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

provider = TracerProvider(resource=Resource.create({"service.name": "hello"}))
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint="{{endpoint}}/v1/traces")))
with provider.get_tracer("hello").start_as_current_span("greet") as span:
    span.set_attribute("name", "world")
provider.shutdown()
