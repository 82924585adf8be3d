use trackway_machine::{Graph, State, StateError, action, after, state, tracker::Directory, when};

#[action(reads = ["count"], writes = ["count"])]
fn increment(state: State) -> State {
    state.increment("count", 1)
}

#[action(reads = ["count"], writes = ["said"])]
fn tell(state: State) -> Result<State, StateError> {
    let count: i64 = state.get("count")?;
    Ok(state.set("said", format!("counted to {count}")))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let graph = Graph::new([increment, tell])
        .edge_if(increment, increment, when("count").lt(3))
        .otherwise(increment, tell)
        .entry(increment)
        .build()?;
    let mut app = graph
        .start(state! { count: 0 })
        .project("hello")
        .tracker(Directory::default()) // under ~/.trackway/projects, which the server watches
        .build()?;
    let halted = app.run(after("tell")).blocking()?;
    println!("{}", halted.state["said"]);
    Ok(())
}
