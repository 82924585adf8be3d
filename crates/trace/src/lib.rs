//! Tracing for services, agents and state machines, at a cost that nobody needs to turn off.

pub mod export;
