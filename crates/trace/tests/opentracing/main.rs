//! The test suites of OpenTracing for Python, each test under its own name: what a program that was written for
//! OpenTracing relies on holds here.

#![cfg(not(loom))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod baggage;
mod harness;
mod kit;
mod mock;
mod references;
mod scopes;
mod tags;
mod testbed;
