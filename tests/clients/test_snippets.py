"""The snippets that the web page offers do what they say, as they are."""

import os
import shutil
import subprocess
import sys

import pytest

from kit import HERE, ROOT, environment, run

SNIPPETS = ROOT / "ui/src/snippets"
# Kept from run to run, so that OpenTelemetry's crates are built once.
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


@pytest.mark.skipif(shutil.which("cargo") is None, reason="cargo is not there to build the Rust snippet")
def test_the_rust_snippet_sends_a_span(own, tmp_path):
    manifest = snippet("rust/Cargo.toml", own, tmp_path)
    main = snippet("rust/main.rs", own, tmp_path)
    (manifest.parent / "src").mkdir()
    main.rename(manifest.parent / "src/main.rs")
    lock = BUILT / "Cargo.lock"
    if lock.exists():
        shutil.copy(lock, manifest.parent)
    env = environment(CARGO_TARGET_DIR=str(BUILT))
    command = ["cargo", "run", "--quiet", "--manifest-path", manifest]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=900)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    shutil.copy(manifest.parent / "Cargo.lock", lock)
    assert arrived(own) == "hello: greet (internal)"


def test_the_readme_shows_the_snippets_as_they_are_run_here():
    readme = (ROOT / "README.md").read_text()
    for path in [path for path in SNIPPETS.rglob("*") if path.is_file()]:
        shown = path.read_text().replace("{{endpoint}}", "http://127.0.0.1:7241").strip()
        assert shown in readme, f"the README has another text than {path.name}"
