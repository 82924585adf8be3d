"""The real Agents SDKs, for Python and for JavaScript, send real runs of a scripted model to the real server."""

import subprocess
import sys

import pytest

import model
from kit import BINARY, HERE, ROOT, environment

PYTHON = [sys.executable, HERE / "agents_app.py"]
JAVASCRIPT = ["node", HERE / "js/agents.mjs"]
APIS = ["responses", "chat_completions"]

HANDOFF = """
agent Triage agent
  guardrail no_secrets
  call {0}
  handoff handoff to Billing agent
agent Billing agent
  call {0}
  function get_invoice
    custom db.query
  function get_customer
  call {0}
"""


@pytest.fixture
def scripted():
    server = model.Server()
    yield server
    server.close()


@pytest.fixture
def own(start):
    """A server that nobody else sends to."""
    return start()


@pytest.fixture
def play(own, scripted):
    """Plays a scenario to its end, with its traces going to the server."""

    def play(program, scenario, *arguments, api="responses", traces=None):
        env = environment(OPENAI_BASE_URL=scripted.url, OPENAI_API_KEY="not-a-key", API=api,
                          TRACES=traces or f"{own.ui}/v1/traces/ingest", OTEL_EXPORTER_OTLP_ENDPOINT=own.otlp_http)
        command = [*program, scenario, *arguments]
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        complaints = [line for line in done.stderr.splitlines() if "Tracing" in line or "[non-fatal]" in line]
        assert complaints == []

    return play


def only(server):
    [trace] = server.get("traces")["traces"]
    return trace


def outline(story):
    """The tree of a story as text."""
    names = {"generation": "call", "response": "call"}
    lines = []
    for node in story["nodes"]:
        verdict = " survived" if node["survived"] else " FAILED" if node["failed"] else ""
        lines.append("  " * node["depth"] + f"{names.get(node['kind'], node['kind'])} {node['title']}{verdict}")
    return "\n".join(lines)


def kinds(story):
    return [entry["type"] for entry in story["entries"]]


def texts(story):
    """What was said, by role."""
    said = []
    for entry in story["entries"]:
        if entry["type"] == "message":
            said += [(entry["role"], part["text"]) for part in entry["parts"] if part["type"] == "text"]
    return said


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("scenario", ["handoff", "streamed"])
@pytest.mark.parametrize("program", [PYTHON, JAVASCRIPT], ids=["python", "javascript"])
def test_a_run_with_a_handoff_and_tools(own, play, program, scenario, api):
    play(program, scenario, api=api)
    trace = only(own)
    assert (trace["root_name"], trace["group_id"], trace["status"]) == ("Customer support", "thread_123", "ok")
    assert [(item["key"], item["value"]) for item in trace["metadata"]] == [("customer", "ACME")]
    agents = trace["agents"]
    assert (agents["model_calls"], agents["tool_calls"], agents["handoffs"]) == (3, 2, 1)
    assert agents["agents"] == ["Triage agent", "Billing agent"]
    assert agents["usage"]["input_tokens"] == 3 * model.USAGE["in"], "a token counts once"
    assert agents["usage"]["output_tokens"] == 3 * model.USAGE["out"]
    story = own.get(f"traces/{trace['trace_id']}/story")
    names = {node["title"] for node in story["nodes"] if node["kind"] in ("generation", "response")}
    [name] = names
    expected = HANDOFF.format(name).strip().splitlines()
    if program is JAVASCRIPT:
        expected = [line for line in expected if "db.query" not in line]
    drawn = outline(story).splitlines()
    # What begins within a millisecond, as beside each other, may come in any order.
    first, second = slice(0, 4), slice(4, None)
    assert all(sorted(drawn[part]) == sorted(expected[part]) for part in (first, second)), outline(story)
    if api == "chat_completions":
        assert texts(story)[1] == ("user", "How much is invoice 42?")
        assert "99.50 EUR" in texts(story)[-1][1]
        assert agents["cost"]["total_usd"] > 0 and agents["unpriced_calls"] == 0
    else:
        assert kinds(story).count("missing") == 3, "a response that is only an id says so"
        assert agents["cost"] is None, "what is not known is not zero"


def test_a_tool_that_fails_does_not_fail_the_run_that_goes_on(own, play):
    play(PYTHON, "tool_error", api="chat_completions")
    trace = only(own)
    assert (trace["status"], trace["error_count"], trace["failure"]) == ("ok", 1, None)
    story = own.get(f"traces/{trace['trace_id']}/story")
    assert "function explode survived" in outline(story)
    [tool] = [entry for entry in story["entries"] if entry["type"] == "tool"]
    assert (tool["state"], tool["name"]) == ("failed", "explode")


@pytest.mark.parametrize("program", [PYTHON, JAVASCRIPT], ids=["python", "javascript"])
def test_a_model_that_fails_fails_the_run_though_the_sdk_leaves_its_root_clean(own, play, program):
    play(program, "model_error")
    trace = only(own)
    assert trace["status"] == "error"
    assert trace["failure"]["message"]
    assert "call response FAILED" in outline(own.get(f"traces/{trace['trace_id']}/story"))


@pytest.mark.parametrize("program", [PYTHON, JAVASCRIPT], ids=["python", "javascript"])
def test_a_guardrail_that_trips_is_told(own, play, program):
    play(program, "guardrail")
    trace = only(own)
    assert (trace["status"], trace["agents"]["guardrails_triggered"]) == ("error", 1)
    [verdict] = [entry for entry in own.get(f"traces/{trace['trace_id']}/story")["entries"] if entry["type"] == "guardrail"]
    assert (verdict["name"], verdict["triggered"]) == ("no_secrets", True)


def test_too_many_turns_fail_the_agent(own, play):
    play(PYTHON, "max_turns")
    trace = only(own)
    assert trace["status"] == "error"
    assert "turns" in trace["failure"]["message"].lower()


def test_a_trace_inside_another_is_a_trace_of_its_own(own, play):
    play(PYTHON, "nested")
    traces = {trace["root_name"]: trace for trace in own.get("traces")["traces"]}
    assert set(traces) == {"Outer workflow", "Inner workflow"}
    inner, outer = traces["Inner workflow"], traces["Outer workflow"]
    assert (inner["status"], inner["has_root"]) == ("ok", True)
    [span] = own.spans(inner["trace_id"])
    [span] = own.get(f"traces/{inner['trace_id']}/spans/{span['span_id']}")["spans"]
    assert span["parent_elsewhere"]["trace_id"] == outer["trace_id"]
    story = own.get(f"traces/{outer['trace_id']}/story")
    lines = outline(story).splitlines()
    assert "    function translate_to_spanish" in lines and "      agent Spanish agent" in lines, outline(story)


def test_a_run_that_another_process_resumes_is_one_trace(own, play, tmp_path):
    state = tmp_path / "state.json"
    play(PYTHON, "interrupted", state, api="chat_completions")
    before = only(own)
    play(PYTHON, "resumed", state, api="chat_completions")
    after = only(own)
    assert after["trace_id"] == before["trace_id"]
    assert after["agents"]["model_calls"] == before["agents"]["model_calls"] + 1
    assert after["root_name"] == "Approval"
    found = own.get(f"traces/{before['original_id']}")
    assert found["trace"]["trace_id"] == before["trace_id"], "the id that the client knows finds the trace"


def test_openinference_tells_the_same_story(own, play):
    play(PYTHON, "handoff", traces="openinference")
    trace = only(own)
    story = own.get(f"traces/{trace['trace_id']}/story")
    name = next(node["title"] for node in story["nodes"] if node["kind"] == "generation")
    assert outline(story) == HANDOFF.format(name).strip()
    assert trace["agents"]["usage"]["input_tokens"] == 3 * model.USAGE["in"]
    assert texts(story)[1] == ("user", "How much is invoice 42?")
    assert "missing" not in kinds(story), "OpenInference sends what the SDK's own exporter leaves out"


def test_the_key_of_the_exporter_is_not_kept(own, play):
    play(PYTHON, "handoff")
    assert b"sk-not-a-real-key-0123456789" not in b"".join(path.read_bytes() for path in own.directory.rglob("*.log"))


SUPPORT = """
agent Triage agent
  guardrail no_secrets
  call gpt-4.1
  handoff handoff to Billing agent
agent Billing agent
  call gpt-4.1
  function get_invoice survived
    custom db.query
  function get_invoice
    custom db.query
  call gpt-4.1
"""


@pytest.mark.parametrize("way", ["python", "otlp", "ingest"])
def test_our_own_library_and_the_sdk_tell_the_same_story(own, way):
    """One run with the SDK, with our library over OTLP, and with our library in the SDK's own form."""
    ingest = f"{own.ui}/v1/traces/ingest"
    ours = BINARY.parent / "examples/support"
    command = {"python": [sys.executable, ROOT / "examples/support.py", ingest], "otlp": [ours], "ingest": [ours, ingest]}[way]
    env = environment(OTEL_EXPORTER_OTLP_ENDPOINT=own.otlp_http)
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    trace = only(own)
    assert (trace["root_name"], trace["group_id"], trace["status"]) == ("Customer support", "thread_123", "ok")
    assert [(item["key"], item["value"]) for item in trace["metadata"]] == [("customer", "ACME")]
    agents = trace["agents"]
    assert (agents["model_calls"], agents["tool_calls"], agents["handoffs"]) == (3, 2, 1)
    assert agents["agents"] == ["Triage agent", "Billing agent"]
    assert (agents["usage"]["input_tokens"], agents["usage"]["output_tokens"]) == (2700, 90)
    assert agents["cost"]["total_usd"] > 0
    story = own.get(f"traces/{trace['trace_id']}/story")
    assert outline(story) == SUPPORT.strip()
    assert texts(story)[0] == ("user", "How much is invoice 42?")
    assert texts(story)[-1] == ("assistant", "Invoice 42 is 99.50 EUR.")
    spans = {span["span_id"]: span for span in own.spans(trace["trace_id"])}
    shown = sorted((span["data"] or {}).get("title") or span["name"] for span in spans.values())
    assert shown == sorted(
        ["Customer support", "Triage agent", "turn 1", "no_secrets", *3 * ["gpt-4.1"], "handoff to Billing agent",
         "Billing agent", "turn 1", *2 * ["get_invoice"], *2 * ["db.query"], "turn 2"])
