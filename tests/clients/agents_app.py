"""Runs of the OpenAI Agents SDK against a scripted model: `agents_app.py SCENARIO [FILE]`.

OPENAI_BASE_URL names the model. TRACES says how the runs are recorded: the address of `POST /v1/traces/ingest` for the
SDK's own exporter, or `openinference` for OpenInference over OTLP to where OTEL_EXPORTER_OTLP_ENDPOINT says.
"""

import asyncio
import json
import os
import sys
from pathlib import Path

from agents import (
    Agent,
    GuardrailFunctionOutput,
    InputGuardrailTripwireTriggered,
    MaxTurnsExceeded,
    ModelSettings,
    RunConfig,
    Runner,
    RunState,
    custom_span,
    flush_traces,
    function_tool,
    input_guardrail,
    set_default_openai_api,
    set_trace_processors,
    trace,
)

MODEL = "gpt-4.1"


@function_tool
def get_invoice(invoice_id: int) -> dict:
    """Looks an invoice up."""
    with custom_span("db.query", {"sql": "select * from invoice where id = ?", "rows": 1}):
        return {"id": invoice_id, "total": 99.5, "currency": "EUR"}


@function_tool
def get_customer(name: str) -> dict:
    """Looks a customer up."""
    return {"name": name, "tier": "gold"}


@function_tool
def explode(reason: str) -> str:
    """Fails."""
    raise RuntimeError(reason)


@function_tool(needs_approval=True)
def delete_file(path: str) -> str:
    """Deletes a file, once somebody has agreed."""
    return f"deleted {path}"


@input_guardrail(name="no_secrets")
async def no_secrets(_context, _agent, said):
    return GuardrailFunctionOutput(output_info=None, tripwire_triggered="password" in str(said))


def support():
    # Streamed chat counts tokens only when it is asked to.
    counted = ModelSettings(include_usage=True)
    billing = Agent(name="Billing agent", instructions="BILLING: answer", tools=[get_invoice, get_customer], model=MODEL,
                    model_settings=counted)
    return Agent(name="Triage agent", instructions="TRIAGE: hand over", handoffs=[billing], model=MODEL,
                 model_settings=counted, input_guardrails=[no_secrets])


APPROVER = Agent(name="Approver", instructions="APPROVE: ask", tools=[delete_file], model=MODEL)


def config():
    """Made when the API is chosen: it holds what calls the model."""
    return RunConfig(workflow_name="Customer support", group_id="thread_123", trace_metadata={"customer": "ACME"})


async def handoff(_file):
    result = await Runner.run(support(), "How much is invoice 42?", run_config=config())
    assert "99.50" in result.final_output


async def streamed(_file):
    result = Runner.run_streamed(support(), "How much is invoice 42?", run_config=config())
    async for _ in result.stream_events():
        pass
    assert "99.50" in result.final_output


async def tool_error(_file):
    agent = Agent(name="Fail agent", instructions="EXPLODE: now", tools=[explode], model=MODEL)
    await Runner.run(agent, "go")


async def model_error(_file):
    try:
        await Runner.run(Agent(name="Err agent", instructions="ANSWER: please", model=MODEL), "fail 400")
    except Exception as error:
        assert "bad model input" in str(error), error


async def guardrail(_file):
    try:
        await Runner.run(support(), "my password is hunter2", run_config=config())
    except InputGuardrailTripwireTriggered:
        return
    raise AssertionError("the guardrail let it pass")


async def max_turns(_file):
    agent = Agent(name="Endless agent", instructions="ENDLESS: on and on", tools=[get_customer], model=MODEL)
    try:
        await Runner.run(agent, "go", max_turns=2)
    except MaxTurnsExceeded:
        return
    raise AssertionError("it came to an end")


async def nested(_file):
    spanish = Agent(name="Spanish agent", instructions="ANSWER: in Spanish", model=MODEL)
    tool = spanish.as_tool(tool_name="translate_to_spanish", tool_description="Translates.")
    boss = Agent(name="Orchestrator", instructions="ORCHESTRATE: the others", tools=[tool], model=MODEL)
    with trace("Outer workflow", group_id="thread_9"):
        with custom_span("phase-1", {"n": 1}):
            await Runner.run(boss, "hello")
            with trace("Inner workflow"):
                with custom_span("inner"):
                    pass


async def interrupted(file):
    result = await Runner.run(APPROVER, "delete it", run_config=RunConfig(workflow_name="Approval"))
    assert result.interruptions
    Path(file).write_text(json.dumps(result.to_state().to_json(include_tracing_api_key=True)))


async def resumed(file):
    state = await RunState.from_json(APPROVER, json.loads(Path(file).read_text()))
    for interruption in state.get_interruptions():
        state.approve(interruption)
    await Runner.run(APPROVER, state, run_config=RunConfig(workflow_name="Approval"))


def record(where):
    if where == "openinference":
        from openinference.instrumentation.openai_agents import OpenAIAgentsInstrumentor
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        provider = TracerProvider(resource=Resource.create({"service.name": "agents"}))
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        OpenAIAgentsInstrumentor().instrument(tracer_provider=provider)
        return provider.shutdown
    from agents.tracing.processors import BackendSpanExporter, BatchTraceProcessor

    set_trace_processors([BatchTraceProcessor(BackendSpanExporter(api_key="sk-not-a-real-key-0123456789", endpoint=where))])
    return flush_traces


if __name__ == "__main__":
    scenario, file = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None
    set_default_openai_api(os.environ.get("API", "responses"))
    finish = record(os.environ["TRACES"])
    asyncio.run(globals()[scenario](file))
    finish()
