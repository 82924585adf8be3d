# pip install openai-agents openinference-instrumentation-openai-agents
# pip install opentelemetry-exporter-otlp-proto-http
from agents import Agent, Runner
from openinference.instrumentation.openai_agents import OpenAIAgentsInstrumentor
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

exporter = OTLPSpanExporter(endpoint="{{endpoint}}/v1/traces")
provider = TracerProvider(resource=Resource.create({"service.name": "hello"}))
provider.add_span_processor(BatchSpanProcessor(exporter))
OpenAIAgentsInstrumentor().instrument(tracer_provider=provider)

agent = Agent(name="Greeter", instructions="Answer in one short sentence.")
print(Runner.run_sync(agent, "Who are you?").final_output)
provider.shutdown()
