//! What an action is given beside the state.

/// The step that runs: its inputs, its place in the run, and a tracer for what happens in it.
#[derive(Debug, Clone)]
pub struct Step {}
