"""The real Burr runs applications while the server watches its directory; what is shown equals what Burr itself loads."""

import json
import signal
import subprocess
import sys
import time

import pytest
from burr.tracking import LocalTrackingClient

from kit import HERE, environment

PROJECT = "clients"
APPS = f"projects/{PROJECT}/apps"
PATIENCE = 10


@pytest.fixture
def tracked(tmp_path):
    return tmp_path / "burr"


@pytest.fixture
def watching(start, tracked):
    """A server that follows an empty directory."""
    tracked.mkdir()
    return start("--watch", str(tracked), "--lost-after", "2")


def play(scenario, directory):
    """Runs a scenario; returns the ids of its applications."""
    done = subprocess.run([sys.executable, HERE / "burr_app.py", scenario, directory], env=environment(),
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def until(what, patience=PATIENCE):
    """Waits until `what` gives something; returns it."""
    end = time.monotonic() + patience
    while True:
        found = what()
        if found:
            return found
        assert time.monotonic() < end, "it did not come in time"
        time.sleep(0.02)


def runs(server):
    return {run["app_id"]: run for run in server.get(APPS, limit=100)["apps"]}


def finished(server, app):
    def look():
        run = runs(server).get(app)
        return run if run and run["status"] != "running" else None

    return until(look)


def steps(server, app):
    return server.get(f"{APPS}/{app}/steps", limit=1000)["steps"]


def own(state):
    """A state without what Burr keeps in it for itself."""
    return {key: value for key, value in state.items() if not key.startswith("__")}


def burrs(directory, app, sequence):
    """The state that Burr itself loads."""
    loaded = LocalTrackingClient(project=PROJECT, storage_dir=directory).load("user-1", app, sequence)
    return own(loaded["state"].serialize())


def logged(directory, app, kind):
    lines = (directory / PROJECT / app / "log.jsonl").read_text().splitlines()
    return [line for line in map(json.loads, lines) if line["type"] == kind]


def compare(server, directory, app):
    """Every step, every state and every span of an application's log is there."""
    run = finished(server, app)
    begun, ended = logged(directory, app, "begin_entry"), logged(directory, app, "end_entry")
    shown = until(lambda: (found := steps(server, app)) and len(found) == len(begun) and found)
    assert [(step["sequence"], step["action"]) for step in shown] == [(it["sequence_id"], it["action"]) for it in begun]
    for end in ended:
        state = server.get(f"{APPS}/{app}/state", seq=end["sequence_id"])["state"]
        assert own(state) == own(end["state"])
        if end["exception"] is None:
            assert own(state) == burrs(directory, app, end["sequence_id"])
    expected = len(begun) + len(logged(directory, app, "begin_span"))
    trace = until(lambda: server.get(f"{APPS}/{app}")["trace_id"])
    until(lambda: len(server.spans(trace)) == expected)
    return run, shown


@pytest.mark.parametrize("scenario", ["sync", "asynchronous", "streaming"])
def test_what_an_application_did_is_there(watching, tracked, scenario):
    [app] = play(scenario, tracked)
    run, shown = compare(watching, tracked, app)
    assert (run["status"], run["partition_key"]) == ("ok", "user-1")
    assert all(step["duration_ns"] >= 0 for step in shown)
    if scenario == "streaming":
        assert shown[0]["stream"]["items"] == 3


def test_steps_appear_while_the_application_runs(watching, tracked):
    process = subprocess.Popen([sys.executable, HERE / "burr_app.py", "long", tracked], env=environment())
    counts = set()
    while process.poll() is None:
        counts.add(runs(watching).get("long", {}).get("step_count", 0))
        time.sleep(0.02)
    assert process.returncode == 0
    assert len(counts) > 3, f"only {counts} was to be seen"
    compare(watching, tracked, "long")


def test_a_failure_is_shown_with_its_traceback(watching, tracked):
    [app] = play("failing", tracked)
    run, [step] = compare(watching, tracked, app)
    assert (run["status"], run["error_count"], step["state"]) == ("error", 1, "failed")
    whole = watching.get(f"{APPS}/{app}/steps/0")
    assert "ZeroDivisionError" in whole["error"] and "Traceback" in whole["error"]


def test_parallel_work_becomes_children(watching, tracked):
    [app] = play("parallel", tracked)
    compare(watching, tracked, app)
    children = until(lambda: (found := watching.get(f"{APPS}/{app}")["children"]) and len(found) == 3 and found)
    assert {child["event"] for child in children} == {"spawn"}
    for child in children:
        run, _ = compare(watching, tracked, child["pointer"]["app_id"])
        assert run["spawned_by"]["app_id"] == app


def test_a_fork_knows_where_it_is_from(watching, tracked):
    play("forked", tracked)
    run, _ = compare(watching, tracked, "fork")
    assert (run["parent"]["app_id"], run["parent"]["sequence"]) == ("counter", 2)
    assert runs(watching)["counter"]["fork_count"] == 1


def test_a_killed_application_is_lost_and_not_running_for_ever(watching, tracked):
    process = subprocess.Popen([sys.executable, HERE / "burr_app.py", "killed", tracked], env=environment(),
                               stdout=subprocess.PIPE)
    process.stdout.readline()
    until(lambda: runs(watching).get("killed", {}).get("status") == "running")
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    until(lambda: runs(watching)["killed"]["status"] == "lost")


def test_importing_gives_what_watching_gives(start, watching, tracked):
    for scenario in ("sync", "parallel", "failing"):
        play(scenario, tracked)
    seen = {app: finished(watching, app) for app in ("counter", "parallel", "failing")}
    plain = start()
    for _ in range(2):
        done = subprocess.run([plain.process.args[0], "import", tracked, "--data-dir", plain.directory / "data"],
                              env=environment(), capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
    imported = runs(plain)
    for app, run in seen.items():
        assert imported[app] == run
        compare(plain, tracked, app)


def test_a_deleted_run_stays_deleted_until_its_program_writes_again(start, watching, tracked):
    play("sync", tracked)
    finished(watching, "counter")
    watching.delete(f"{APPS}/counter")
    assert runs(watching) == {}
    watching.end()
    play("failing", tracked)
    again = start(again=watching)
    finished(again, "failing")
    assert set(runs(again)) == {"failing"}, "files that were read before bring nothing back"
    play("sync", tracked)
    until(lambda: "counter" in runs(again))
