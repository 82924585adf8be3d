"""Langfuse's SDK, given this server's address as Langfuse's, sends to a path of its own."""

from langfuse import Langfuse
from opentelemetry.sdk.trace import TracerProvider


def test_langfuse_needs_no_more_than_the_address(start):
    server = start()
    client = Langfuse(public_key="any", secret_key="any", base_url=server.ui, tracer_provider=TracerProvider())
    with client.start_as_current_observation(name="Helper", as_type="agent"):
        question = [{"role": "user", "content": "Who are you?"}]
        with client.start_as_current_observation(
            name="ask", as_type="generation", model="gpt-4o-mini", input=question
        ) as call:
            call.update(output={"role": "assistant", "content": "A test."}, usage_details={"input": 10, "output": 5})
    client.shutdown()

    [trace] = server.get("traces")["traces"]
    assert (trace["root_name"], trace["status"]) == ("Helper", "ok")
    agents = trace["agents"]
    assert (agents["model_calls"], agents["models"], agents["usage"]["total_tokens"]) == (1, ["gpt-4o-mini"], 15)
    said = server.get(f"traces/{trace['trace_id']}/story")["entries"]
    texts = [part["text"] for entry in said if entry["type"] == "message" for part in entry["parts"]]
    assert texts == ["Who are you?", "A test."]
