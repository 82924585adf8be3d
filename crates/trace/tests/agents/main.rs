#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
//! What the tracing of the OpenAI Agents SDK does, with the calls of this library. The tests of `edges` bear the names of the
//! cases of `fixtures/openai-agents/edge-behaviour.txt`.

mod edges;
mod exporter;
mod processors;
mod spans;
mod states;
mod wire;
