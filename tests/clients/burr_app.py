"""Applications of the real Burr, tracked into a directory: `burr_app.py SCENARIO DIRECTORY`.

Each prints the ids of its applications, one a line, when it has run; `killed` prints and then waits to be killed.
"""

import asyncio
import logging
import sys
import time

from burr.core import ApplicationBuilder, State, action, expr
from burr.core.action import streaming_action
from burr.core.parallelism import MapStates
from burr.tracking import LocalTrackingClient
from burr.visibility import TracerFactory

logging.disable(logging.CRITICAL)
PROJECT = "clients"


@action(reads=["n"], writes=["n", "history"])
def bump(state: State, __tracer: TracerFactory) -> State:
    with __tracer("add") as span:
        span.log_attributes(before=state["n"], model="none")
        with __tracer("inner"):
            time.sleep(0.001)
    return state.increment(n=1).append(history=state["n"])


@action(reads=["n"], writes=["answer"])
async def ask(state: State, question: str, __tracer: TracerFactory) -> State:
    async with __tracer("think"):
        await asyncio.sleep(0.001)
    return state.update(answer=f"{question} {state['n']}")


@streaming_action(reads=["n"], writes=["answer"])
def say(state: State):
    words = ["alpha", "beta", "gamma"]
    for word in words:
        time.sleep(0.001)
        yield {"answer": word}, None
    yield {"answer": " ".join(words)}, state.update(answer=" ".join(words))


@action(reads=["n"], writes=["n"])
def divide(state: State) -> State:
    return state.update(n=1 // state["n"])


@action(reads=["item"], writes=["square"])
def square(state: State) -> State:
    return state.update(square=state["item"] ** 2)


class Squares(MapStates):
    def action(self, state, inputs):
        return square

    def states(self, state, context, inputs):
        for item in state["items"]:
            yield state.update(item=item)

    def reduce(self, state, states):
        return state.update(out=[each["square"] for each in states])

    @property
    def reads(self):
        return ["items"]

    @property
    def writes(self):
        return ["out"]


@action(reads=[], writes=["slept"])
def sleep(state: State, __tracer: TracerFactory) -> State:
    with __tracer("for ever"):
        print("asleep", flush=True)
        time.sleep(60)
    return state.update(slept=True)


def builder(directory, app, partition="user-1", **state):
    tracker = LocalTrackingClient(project=PROJECT, storage_dir=directory)
    return (ApplicationBuilder().with_tracker(tracker).with_state(**state)
            .with_identifiers(app_id=app, partition_key=partition))


def counter(directory, app="counter", until=5):
    return (builder(directory, app, n=0, history=[])
            .with_actions(bump=bump, done=divide)
            .with_transitions(("bump", "bump", expr(f"n < {until}")), ("bump", "done"))
            .with_entrypoint("bump").build())


def sync(directory):
    counter(directory).run(halt_after=["done"])
    print("counter")


def long(directory):
    """Steps that take their time, so that somebody can watch."""
    app = counter(directory, "long", until=40)
    for _ in range(40):
        app.step()
        time.sleep(0.02)
    print("long")


def asynchronous(directory):
    app = (builder(directory, "async", n=1).with_actions(ask=ask).with_entrypoint("ask").build())
    asyncio.run(app.arun(halt_after=["ask"], inputs={"question": "how many?"}))
    print("async")


def streaming(directory):
    app = builder(directory, "stream", n=1).with_actions(say=say).with_entrypoint("say").build()
    _, stream = app.stream_result(halt_after=["say"])
    for _ in stream:
        pass
    print("stream")


def parallel(directory):
    app = (builder(directory, "parallel", items=[1, 2, 3]).with_actions(squares=Squares())
           .with_entrypoint("squares").build())
    app.run(halt_after=["squares"])
    print("parallel")


def failing(directory):
    app = builder(directory, "failing", n=0).with_actions(divide=divide).with_entrypoint("divide").build()
    try:
        app.run(halt_after=["divide"])
    except ZeroDivisionError:
        print("failing")


def forked(directory):
    sync(directory)
    tracker = LocalTrackingClient(project=PROJECT, storage_dir=directory)
    app = (ApplicationBuilder().with_tracker(tracker).with_identifiers(app_id="fork", partition_key="user-1")
           .with_actions(bump=bump, done=divide)
           .with_transitions(("bump", "bump", expr("n < 5")), ("bump", "done"))
           .initialize_from(tracker, resume_at_next_action=True, default_state={"n": 0, "history": []},
                            default_entrypoint="bump", fork_from_app_id="counter", fork_from_partition_key="user-1",
                            fork_from_sequence_id=2).build())
    app.run(halt_after=["done"])
    print("fork")


def killed(directory):
    app = builder(directory, "killed", n=0).with_actions(sleep=sleep).with_entrypoint("sleep").build()
    app.run(halt_after=["sleep"])


if __name__ == "__main__":
    globals()[sys.argv[1]](sys.argv[2])
