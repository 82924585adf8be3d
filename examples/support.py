"""Two agents that pretend, recorded with the OpenAI Agents SDK: the twin of `crates/trace/examples/support.rs`.

    pip install openai-agents
    python examples/support.py http://127.0.0.1:7241/v1/traces/ingest

Trackway shows the same tree for both. Nothing is sent to any model, or to OpenAI.
"""

import sys

from agents.tracing import (
    SpanError,
    agent_span,
    custom_span,
    flush_traces,
    function_span,
    generation_span,
    guardrail_span,
    handoff_span,
    set_trace_processors,
    task_span,
    trace,
    turn_span,
)
from agents.tracing.processors import BackendSpanExporter, BatchTraceProcessor

MODEL = "gpt-4.1"
USER = {"role": "user", "content": "How much is invoice 42?"}
ARGUMENTS = '{"invoice_id": 42}'


def support():
    with trace("Customer support", group_id="thread_123", metadata={"customer": "ACME"}):
        with task_span("Customer support"):
            triage()
            billing()


def triage():
    agent = agent_span("Triage agent", handoffs=["Billing agent"], tools=["transfer_to_billing_agent"], output_type="str")
    with agent, turn_span(1, "Triage agent"):
        with guardrail_span("no_secrets"):
            pass
        ask([USER], calls("transfer_to_billing_agent", "{}"))
        with handoff_span("Triage agent") as handoff:
            handoff.span_data.to_agent = "Billing agent"


def billing():
    with agent_span("Billing agent", tools=["get_invoice", "get_customer"], output_type="str"):
        with turn_span(1, "Billing agent"):
            ask([USER], calls("get_invoice", ARGUMENTS))
            # The first try fails, which is an error of that call and not of the agent's.
            for attempt in 1, 2:
                with function_span("get_invoice", input=ARGUMENTS) as tool:
                    with custom_span("db.query", {"rows": attempt - 1}):
                        pass
                    if attempt == 1:
                        tool.set_error(SpanError(message="the database does not answer", data={"attempt": attempt}))
                    else:
                        tool.span_data.output = '{"total": 99.5, "currency": "EUR"}'
        with turn_span(2, "Billing agent"):
            told = {"role": "tool", "tool_call_id": "call_1", "content": "99.50 EUR"}
            answer = {"role": "assistant", "content": "Invoice 42 is 99.50 EUR."}
            ask([USER, calls("get_invoice", ARGUMENTS), told], answer)


def ask(messages, answer):
    """Asks the model that is none, which answers what it is to."""
    with generation_span(input=messages, model=MODEL, model_config={"temperature": 0.2}) as call:
        call.span_data.output = [answer]
        call.span_data.usage = {"input_tokens": 900, "output_tokens": 30}


def calls(tool, arguments):
    call = {"id": "call_1", "type": "function", "function": {"name": tool, "arguments": arguments}}
    return {"role": "assistant", "content": None, "tool_calls": [call]}


if __name__ == "__main__":
    exporter = BackendSpanExporter(api_key="none", endpoint=sys.argv[1])
    set_trace_processors([BatchTraceProcessor(exporter)])
    support()
    flush_traces()
