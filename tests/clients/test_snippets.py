"""The snippets that the web page offers do what they say, as they are."""

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
import requests

import model
from kit import BINARY, HERE, ROOT, attributes, environment, run

SNIPPETS = ROOT / "ui/src/snippets"
# Kept from run to run, so that what the crate depends on is built once.
BUILT = ROOT / "target/snippets"


def snippet(name, server, directory):
    """Writes a snippet as the page shows it; returns its path."""
    path = directory / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text((SNIPPETS / name).read_text().replace("{{endpoint}}", server.ui))
    assert "{{" not in path.read_text()
    return path


@pytest.fixture
def own(start):
    """A server that nobody else sends to: what arrives is the snippet's."""
    return start()


def arrived(server):
    [trace] = server.get("traces")["traces"]
    return server.tree(trace["trace_id"])


def test_the_python_snippet_sends_a_span(own, tmp_path):
    run(sys.executable, snippet("python.py", own, tmp_path))
    assert arrived(own) == "hello: greet (internal)"


def test_the_curl_snippet_sends_a_span(own, tmp_path):
    # The meter of curl goes to stderr; a terminal hides it behind the answer.
    script = snippet("curl.sh", own, tmp_path)
    done = subprocess.run(["bash", "-eu", script], env=environment(), capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout) == (0, "{}"), done.stderr
    assert arrived(own) == "hello: greet (internal)"


def test_the_environment_snippet_configures_a_program(own, tmp_path):
    script = snippet("environment.sh", own, tmp_path)
    instrument = f"{os.path.dirname(sys.executable)}/opentelemetry-instrument"
    run("bash", "-euc", f". {script}; exec {instrument} {sys.executable} {HERE / 'app.py'}")
    assert arrived(own).splitlines()[0] == "hello: GET /orders (server)"


builds_rust = pytest.mark.skipif(shutil.which("cargo") is None, reason="cargo is not there to build the Rust snippet")


def cargo(name, server, directory, **more):
    """Makes the package of a Rust snippet as its shell lines do, and runs it; returns what it printed."""
    script, main = snippet(f"{name}/shell.sh", server, directory), snippet(f"{name}/main.rs", server, directory)
    (directory / "trackway").symlink_to(ROOT)
    # Built anew in every directory; what earlier ones left is of no use.
    for left in BUILT.glob("debug/deps/*trackway*"):
        left.unlink()
    # The lock spares asking the registry; cargo leaves out of it what the snippet has no use for.
    steps = f". {script}; cp {main} src/main.rs; cp {ROOT}/Cargo.lock .; exec cargo run --quiet"
    env = environment(CARGO_TARGET_DIR=str(BUILT), CARGO_TERM_QUIET="true", CARGO_INCREMENTAL="0",
                      CARGO_PROFILE_DEV_DEBUG="0", **more)
    done = subprocess.run(["bash", "-euc", steps], env=env, capture_output=True, text=True, timeout=900, cwd=directory)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


@builds_rust
def test_the_rust_snippet_sends_a_trace_with_an_error(own, tmp_path):
    assert cargo("rust", own, tmp_path) == ""
    assert arrived(own) == "\n".join([
        "hello: greet (internal)",
        "  - guessed",
        "  hello: times (internal) ERROR invalid digit found in string",
        "    - exception invalid digit found in string",
    ])
    greet, times = own.spans(own.get("traces")["traces"][0]["trace_id"])
    assert attributes(greet) == {"name": "world", "loudness": 0.8}
    assert attributes(greet["events"][0]) == {"times": "1"}
    assert attributes(times) == {"text": '"twice"'}
    assert attributes(times["events"][0])["exception.type"] == "core::num::error::ParseIntError"


@builds_rust
def test_the_snippet_of_a_state_machine_is_shown_step_by_step(own, tmp_path):
    assert cargo("machine", own, tmp_path, TRACKWAY_HOME=str(own.directory / "data")) == "counted to 3\n"
    wait_for(lambda: [run["step_count"] for run in runs(own.ui) if run["status"] == "ok"] == [4])


@pytest.fixture
def home(tmp_path):
    """A home of nobody's, with the commands that a user has in the path: what is watched and kept lies in it."""
    commands = tmp_path / "bin"
    commands.mkdir()
    (commands / "trackway").symlink_to(BINARY)
    settings = {"LISTEN": "127.0.0.1:0", "OTLP_HTTP": "off", "OTLP_GRPC": "off", "NO_OPEN": "true"}
    told = {f"TRACKWAY_{name}": value for name, value in settings.items()}
    return {"HOME": str(tmp_path), "PATH": f"{commands}:{os.environ['PATH']}"} | told


def test_the_burr_snippets_import_and_watch_what_the_program_writes(home, tmp_path):
    program, script = SNIPPETS / "burr-counter.py", SNIPPETS / "burr.sh"
    assert run(sys.executable, program, HOME=home["HOME"]) == "counted to 3\n"
    assert len(list((tmp_path / ".burr/hello").iterdir())) == 1
    with (tmp_path / "stderr").open("wb") as errors:
        shell = subprocess.Popen(["bash", "-eu", script], env=environment(**home), stdout=subprocess.PIPE,
                                 stderr=errors, text=True, start_new_session=True)
    try:
        ready = next((line for line in shell.stdout if line.startswith("Trackway is ready: ")), None)
        assert ready, (tmp_path / "stderr").read_text()
        page = ready.split()[-1]
        assert [run["step_count"] for run in runs(page)] == [4]
        run(sys.executable, program, HOME=home["HOME"])
        wait_for(lambda: [run["step_count"] for run in runs(page) if run["status"] == "ok"] == [4, 4])
    finally:
        os.killpg(shell.pid, signal.SIGTERM)
        shell.wait(10)
        shell.stdout.close()


def runs(page):
    response = requests.get(f"{page}/api/v1/projects/hello/apps", timeout=10)
    return response.json()["apps"] if response.ok else []


def wait_for(condition, patience=10):
    end = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < end, "it did not come in time"
        time.sleep(0.05)


def test_the_readme_shows_the_snippets_as_they_are_run_here():
    readme = (ROOT / "README.md").read_text()
    for path in [path for path in SNIPPETS.rglob("*") if path.is_file()]:
        shown = path.read_text().replace("{{endpoint}}", "http://127.0.0.1:7241").strip()
        assert shown in readme, f"the README has another text than {path.name}"


@pytest.fixture
def openai():
    """What a user of OpenAI has in the environment, with the scripted model in its place."""
    server = model.Server()
    yield {"OPENAI_BASE_URL": server.url, "OPENAI_API_KEY": "not-a-key"}
    server.close()


def play(command, openai, **more):
    done = subprocess.run(command, env=environment(**openai, **more), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and done.stdout.strip(), done.stderr
    return done.stdout


def calls(server):
    """The model calls of the only trace, and the conversation around them."""
    [trace] = server.get("traces")["traces"]
    story = server.get(f"traces/{trace['trace_id']}/story")
    assert trace["agents"]["usage"]["output_tokens"] == model.USAGE["out"] * len(story["calls"])
    return story["calls"], [entry["type"] for entry in story["entries"]]


def test_the_agents_snippet_for_python_sends_a_run(own, openai, tmp_path):
    play([sys.executable, snippet("openai-agents.py", own, tmp_path)], openai)
    [call], entries = calls(own)
    assert call["agent"] == "Greeter"
    assert entries == ["missing", "call"], "the SDK's own exporter sends no messages of a response, and the page says so"


def test_the_agents_snippet_for_javascript_sends_a_run(own, openai, tmp_path):
    (tmp_path / "node_modules").symlink_to(HERE / "js/node_modules")
    play(["node", snippet("openai-agents.mjs", own, tmp_path)], openai)
    [call], entries = calls(own)
    assert call["agent"] == "Greeter" and entries[-1] == "call"


def test_the_content_snippet_brings_what_the_exporter_leaves_out(own, openai, tmp_path):
    program = snippet("agents-content.py", own, tmp_path)
    agent = snippet("openai-agents.py", own, tmp_path).read_text()
    # The program as a user would have it: its own exporter in place of the plain one.
    lines = [line for line in agent.splitlines() if not line.startswith(("exporter =", "set_trace_processors"))]
    program.write_text("\n".join([program.read_text(), *lines]))
    play([sys.executable, program], openai)
    [call], entries = calls(own)
    assert call["model"] == model.MODEL and call["cost"]["total_usd"] > 0
    assert entries == ["message", "message", "message", "call"]


def test_the_openinference_snippet_sends_a_run_with_its_messages(own, openai, tmp_path):
    play([sys.executable, snippet("openinference-agents.py", own, tmp_path)], openai)
    [call], entries = calls(own)
    assert call["agent"] == "Greeter" and entries == ["message", "message", "message", "call"]


def test_the_snippet_of_the_openai_client_sends_a_call(own, openai, tmp_path):
    play([sys.executable, snippet("openai-client.py", own, tmp_path)], openai)
    [call], entries = calls(own)
    assert call["model"] == model.MODEL and entries == ["message", "message", "call"]
