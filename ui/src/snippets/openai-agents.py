# pip install openai-agents
from agents import Agent, Runner, set_trace_processors
from agents.tracing.processors import BackendSpanExporter, BatchTraceProcessor

exporter = BackendSpanExporter(api_key="any", endpoint="{{endpoint}}/v1/traces/ingest")
set_trace_processors([BatchTraceProcessor(exporter)])

agent = Agent(name="Greeter", instructions="Answer in one short sentence.")
print(Runner.run_sync(agent, "Who are you?").final_output)
