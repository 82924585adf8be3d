"""Takes steps with Apache Burr as it is told, line by line: `steps <work> <kept> <steps>`.

Answers with nanoseconds of each step at p50 and p99 and in the mean, the processor time of the thread in the mean, and the
bytes of the log, each per step.
"""

import asyncio
import pathlib
import sys
import tempfile
import time
import uuid

from burr.core import ApplicationBuilder, State, action
from burr.tracking import LocalTrackingClient
from burr.visibility import TracerFactory

FIRST_MESSAGES = 68
MESSAGE_BYTES = 165
STEPS_EACH = {"sync": 1000, "async": 1000, "spans": 100, "chat": 64}


@action(reads=["n"], writes=["n"])
def count(state: State) -> State:
    return state.update(n=state["n"] + 1)


@action(reads=["n"], writes=["n"])
async def count_async(state: State) -> State:
    return state.update(n=state["n"] + 1)


@action(reads=["n"], writes=["n"])
def traced(state: State, __tracer: TracerFactory) -> State:
    for number in range(10):
        with __tracer("span") as span:
            span.log_attributes(number=number)
    return state.update(n=state["n"] + 1)


@action(reads=["chat", "n"], writes=["chat", "n"])
def chat(state: State) -> State:
    number = state["n"]
    return state.append(chat=message(number)).update(n=number + 1)


def message(number):
    return {"role": "user" if number % 2 == 0 else "assistant", "content": f"{number:08} ".ljust(MESSAGE_BYTES, "x")}


ACTIONS = {"sync": count, "async": count_async, "spans": traced, "chat": chat}


def application(work, tracker):
    state = {"n": 0}
    if work == "chat":
        state = {"chat": [message(number) for number in range(FIRST_MESSAGES)], "n": FIRST_MESSAGES}
    builder = ApplicationBuilder().with_actions(step=ACTIONS[work]).with_transitions(("step", "step"))
    builder = builder.with_entrypoint("step").with_state(**state).with_identifiers(app_id=str(uuid.uuid4()))
    if tracker is not None:
        builder = builder.with_tracker(tracker)
    return builder.build()


def take(app, steps):
    took = []
    for _ in range(steps):
        begun = time.perf_counter_ns()
        app.step()
        took.append(time.perf_counter_ns() - begun)
    return took


async def take_async(app, steps):
    took = []
    for _ in range(steps):
        begun = time.perf_counter_ns()
        await app.astep()
        took.append(time.perf_counter_ns() - begun)
    return took


def log_bytes(root):
    return sum(path.stat().st_size for path in pathlib.Path(root).rglob("log.jsonl"))


def answer(line, root):
    _, work, kept, steps = line.split()
    steps = int(steps)
    tracker = LocalTrackingClient(project="bench", storage_dir=root) if kept == "tracked" else None
    took, cpu, before = [], 0, log_bytes(root)
    while len(took) < steps:
        app = application(work, tracker.copy() if tracker else None)
        count = min(STEPS_EACH[work], steps - len(took))
        begun = time.thread_time_ns()
        took += asyncio.run(take_async(app, count)) if work == "async" else take(app, count)
        cpu += time.thread_time_ns() - begun
    took.sort()
    p50, p99 = (took[-int(-part * steps // 1) - 1] for part in (0.5, 0.99))
    return f"{p50} {p99} {sum(took) / steps} {cpu / steps} {(log_bytes(root) - before) / steps}"


def main():
    with tempfile.TemporaryDirectory() as root:
        for line in sys.stdin:
            print(answer(line, root), flush=True)


main()
