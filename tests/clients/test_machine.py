"""The examples of state machines run as they are, and the server shows what they did, by itself."""

import re
import signal
import subprocess
import time

import pytest
import requests

from kit import BINARY, attributes, environment

EXAMPLES = BINARY.parent / "examples"
PATIENCE = 20
RUN = re.compile(r"/run/(\w+)/([\w-]+)$", re.MULTILINE)


@pytest.fixture
def own(start):
    """A server that nobody else's programs are watched by."""
    return start()


def around(server):
    """What a program has around it on the machine of that server."""
    return environment(TRACKWAY_HOME=str(server.directory / "data"), OTEL_EXPORTER_OTLP_ENDPOINT=server.ui)


def play(server, *words):
    """Runs an example to its end; returns what it printed, and the id of the run that it says to look at."""
    command = [EXAMPLES / words[0], *words[1:]]
    done = subprocess.run(command, env=around(server), capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    project, run = RUN.search(done.stdout).groups()
    assert project == words[0]
    return done.stdout, run


def until(what):
    """Waits until `what` gives something; returns it."""
    end = time.monotonic() + PATIENCE
    while True:
        found = what()
        if found:
            return found
        assert time.monotonic() < end, "it did not come in time"
        time.sleep(0.02)


def steps(server, project, run, count):
    """The steps of a run, once there are so many and all have ended."""

    def look():
        response = requests.get(f"{server.ui}/api/v1/projects/{project}/apps/{run}/steps", timeout=10)
        found = response.json()["steps"] if response.ok else []
        return len(found) == count and all(step["state"] != "running" for step in found) and found

    return until(look)


def actions(steps):
    return [(step["sequence"], step["action"], step["state"]) for step in steps]


def app(server, project, run):
    return server.get(f"projects/{project}/apps/{run}")


def state(server, project, run, sequence, when="after"):
    return server.get(f"projects/{project}/apps/{run}/state", seq=sequence, when=when)["state"]


def spans_of(server, trace, count):
    """The spans of a trace, once there are so many and all have ended."""

    def look():
        response = requests.get(f"{server.ui}/api/v1/traces/{trace}", params={"limit": 10_000}, timeout=10)
        found = response.json()["spans"] if response.ok else []
        return len(found) == count and all(span["duration_ns"] is not None for span in found) and found

    return until(look)


def test_a_counter_is_seen_step_by_step_with_what_was_tried(own):
    said, run = play(own, "counter", "3")
    assert said.startswith("counted to 3 of 3\n")
    shown = steps(own, "counter", run, 4)
    assert actions(shown) == [(0, "increment", "done"), (1, "increment", "done"), (2, "increment", "done"),
                              (3, "tell", "done")]
    tried = [[(it["condition"], it["held"], it["to"]) for it in step["choice"]["tried"]] for step in shown]
    assert tried[1] == [("count < limit", True, "increment")]
    assert tried[2][0] == ("count < limit", False, "increment") and tried[2][1][1:] == (True, "tell")
    assert [step["choice"]["next"] for step in shown] == ["increment", "increment", "tell", None]
    assert state(own, "counter", run, 1) == {"count": 2, "limit": 3}
    assert state(own, "counter", run, -1) == {"count": 0, "limit": 3}
    assert app(own, "counter", run)["app"]["status"] == "ok"


def test_a_chatbot_has_its_failure_its_history_and_its_model_calls(own):
    said, run = play(own, "chatbot")
    assert "once more" in said and "I would rather not know." in said
    shown = steps(own, "chatbot", run, 10)
    assert [(step["action"], step["state"]) for step in shown] == [
        ("ask", "done"), ("check", "done"), ("answer", "done"),
        ("ask", "done"), ("check", "done"), ("answer", "failed"), ("answer", "done"),
        ("ask", "done"), ("check", "done"), ("refuse", "done"),
    ]
    assert shown[6]["sequence"] == 6, "a retry is a step of its own"
    assert "the model is overloaded" in own.get(f"projects/chatbot/apps/{run}/steps/5")["error"]
    assert state(own, "chatbot", run, 5) == state(own, "chatbot", run, 4), "a failed step changes nothing"
    roles = [message["role"] for message in state(own, "chatbot", run, 9)["history"]]
    assert roles == ["user", "assistant"] * 3
    assert shown[9]["choice"]["next"] == "ask" and shown[8]["choice"]["tried"][0]["held"] is False
    assert app(own, "chatbot", run)["app"]["partition_key"] == "ada"

    # Four calls of the application, each a trace: the run, its steps, and what happens in them.
    listed = until(lambda: len(found := own.get("traces", project="chatbot")["traces"]) == 4 and found)
    calls = {}
    for trace in listed:
        tree = own.tree(trace["trace_id"])
        assert tree.startswith("chatbot: run chatbot (internal)"), tree
        for span in own.spans(trace["trace_id"]):
            if span["name"].startswith("chat "):
                calls[span["span_id"]] = span
    assert sorted(span["status"]["code"] for span in calls.values()) == ["error", "unset", "unset"]
    assert {span["kind"] for span in calls.values()} == {"client"}
    ordinals = {attributes(span)["trackway.span.ordinal"] for span in calls.values()}
    assert ordinals == {"2:0", "5:0", "6:0"}
    texts = [own.get(f"traces/{trace['trace_id']}/story")["calls"] for trace in listed]
    models = [call["model"] for story in texts for call in story]
    assert models == ["scripted-1"] * 3


def test_an_approval_waits_is_resumed_elsewhere_and_is_forked_from_an_edited_state(own):
    asked, run = play(own, "approval")
    assert "waits before decide" in asked
    shown = steps(own, "approval", run, 5)
    assert [step["action"] for step in shown] == ["receive", "look_up", "judge", "assess", "draft"]
    assert shown[4]["choice"]["next"] == "decide"

    decided, same = play(own, "approval", "decide", run, "yes")
    assert same == run and "80 EUR paid back" in decided
    appended = steps(own, "approval", run, 7)
    assert appended[:5] == shown, "what was there stays as it was"
    assert actions(appended[5:]) == [(5, "decide", "done"), (6, "pay", "done")]
    assert own.get(f"projects/approval/apps/{run}/steps/5")["inputs"] == {"approved": True}

    forked, other = play(own, "approval", "fork", run)
    assert other != run and "40 EUR paid back" in forked
    fork = steps(own, "approval", other, 2)
    assert actions(fork) == [(4, "draft", "done"), (5, "pay", "done")], "nobody is asked for so little"
    assert state(own, "approval", other, 4, "before")["amount"] == 40
    assert state(own, "approval", run, 3)["amount"] == 80
    parent = app(own, "approval", other)["app"]["parent"]
    assert (parent["app_id"], parent["sequence"]) == (run, 3)
    assert app(own, "approval", run)["app"]["fork_count"] == 1


class Service:
    """The example that answers requests, as a process."""

    def __init__(self, server):
        self.process = subprocess.Popen([EXAMPLES / "service", "127.0.0.1:0"], env=around(server),
                                        stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().removeprefix("listening on ").strip()

    def ask(self, chat, prompt, **headers):
        response = requests.post(f"{self.url}/chats/{chat}", data=prompt, headers=headers, timeout=20)
        response.raise_for_status()
        return response.text

    def end(self, number=signal.SIGINT):
        self.process.send_signal(number)
        status = self.process.wait(20)
        self.process.stdout.close()
        return status


def test_a_request_to_a_service_has_its_run_in_one_trace(own):
    trace, caller = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
    service = Service(own)
    try:
        said = service.ask("ada", "How are you?", traceparent=f"00-{trace}-{caller}-01")
        assert said == "That is question 1."
        assert service.ask("bob", "How are you?") == "That is question 1.", "conversations are apart"
        spans = {span["name"]: span for span in spans_of(own, trace, 5)}
    finally:
        service.end()
    below = ["POST /chats/{chat}", "run service", "answer", "think"]
    assert [spans[name]["parent_id"] for name in below] == [
        caller, spans["POST /chats/{chat}"]["span_id"], spans["run service"]["span_id"], spans["answer"]["span_id"]]
    assert spans["ask"]["parent_id"] == spans["run service"]["span_id"]
    request = spans["POST /chats/{chat}"]
    assert (request["kind"], request["parent_is_remote"]) == ("server", True)
    assert attributes(request)["http.response.status_code"] == "200"
    told = attributes(spans["answer"])
    assert (told["trackway.project"], told["trackway.app.id"]) == ("service", "ada")
    for step in steps(own, "service", "ada", 2):
        assert (step["trace_id"], step["span_id"]) == (trace, spans[step["action"]]["span_id"])


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_conversations_outlive_the_service(own, end):
    first = Service(own)
    assert first.ask("ada", "Why?") == "That is question 1."
    first.end(end)
    second = Service(own)
    try:
        assert second.ask("ada", "Why?") == "You asked that before, as question 1."
    finally:
        second.end()
    assert actions(steps(own, "service", "ada", 4)) == [
        (0, "ask", "done"), (1, "answer", "done"), (2, "ask", "done"), (3, "answer", "done")]
    assert state(own, "service", "ada", 3)["history"] == ["Why?", "Why?"]
