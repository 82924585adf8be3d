//! Counts, and tells how far: the smallest state machine that is worth watching.
//!
//! ```sh
//! trackway                                                   # or `make run`: the server, and its page in the browser
//! cargo run --package trackway-machine --example counter     # add how far: `-- 100`
//! ```
//!
//! Every step is written to `~/.trackway/projects`, or `$TRACKWAY_HOME/projects`, before the next one begins, whether a server runs or not.
//! The page of the run has the state after each step, what changed, and which condition decided what came next.

use std::{env, error::Error};

use trackway_machine::{Graph, State, StateError, action, after, cel, state, tracker::Directory};

#[action(reads = [count], writes = [count])]
fn increment(state: State) -> State {
    state.increment("count", 1)
}

#[action(reads = [count, limit], writes = [said])]
fn tell(state: State) -> Result<State, StateError> {
    let (count, limit): (u64, u64) = (state.get("count")?, state.get("limit")?);
    Ok(state.set("said", format!("counted to {count} of {limit}")))
}

fn main() -> Result<(), Box<dyn Error>> {
    let limit: u64 = env::args().nth(1).map_or(Ok(10), |limit| limit.parse())?;
    let graph = Graph::new([increment, tell])
        .edge_if(increment, increment, cel("count < limit"))
        .otherwise(increment, tell)
        .entry(increment)
        .build()?;

    let mut app =
        graph.start(state! { count: 0, limit: limit }).project("counter").tracker(Directory::default()).build()?;
    let halted = app.run(after(tell)).blocking()?;

    println!("{}", halted.state["said"]);
    println!("next: `trackway`, and then http://127.0.0.1:7241/run/counter/{}", app.app_id());
    println!("      `trackway state {} --at 3` for what it knew after step 3", app.app_id());
    Ok(())
}
