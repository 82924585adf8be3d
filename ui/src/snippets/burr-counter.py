# pip install "apache-burr[tracking-client]"
from burr.core import ApplicationBuilder, State, action, expr


@action(reads=["count"], writes=["count"])
def increment(state: State) -> State:
    return state.update(count=state["count"] + 1)


@action(reads=["count"], writes=["said"])
def tell(state: State) -> State:
    return state.update(said=f"counted to {state['count']}")


app = (
    ApplicationBuilder()
    .with_actions(increment, tell)
    .with_transitions(("increment", "increment", expr("count < 3")), ("increment", "tell"))
    .with_state(count=0)
    .with_entrypoint("increment")
    .with_tracker("local", project="hello")  # writes to ~/.burr/hello
    .build()
)
app.run(halt_after=["tell"])
print(app.state["said"])
