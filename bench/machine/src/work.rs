//! The workloads. `burr_worker.py` has the same.

use std::{fmt::Display, path::Path, str::FromStr};

use anyhow::{Context, Result, bail};
use serde::Serialize;
use trackway_machine::{
    Application, Durability, Function, Graph, GraphErrors, State, StateError, Step, action, state,
    tracker::{Directory, Memory},
};

/// The project that every application is in.
pub(crate) const PROJECT: &str = "bench";

/// The messages that a chat begins with; with the steps of one application it has a hundred in the mean.
const FIRST_MESSAGES: u64 = 68;
/// With its role a message has 200 bytes.
const MESSAGE_BYTES: usize = 165;

/// What one step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// Counts up.
    Sync,
    /// Counts up in an async function.
    Async,
    /// Has ten spans with an attribute each, and counts up.
    Spans,
    /// Appends a message to a chat of 20 KB, and counts up.
    Chat,
}

pub(crate) const WORKS: [Work; 4] = [Work::Sync, Work::Async, Work::Spans, Work::Chat];

/// What keeps the steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    /// Nothing does.
    Bare,
    /// A directory; steps do not wait for it.
    Tracked,
    /// A directory; every step is on the disk before the next.
    Durable,
    /// The memory of the process.
    Memory,
}

#[action(name = "step", reads = [n], writes = [n])]
fn count(state: State) -> Result<State, StateError> {
    let n: i64 = state.get("n")?;
    Ok(state.set("n", n + 1))
}

#[action(name = "step", reads = [n], writes = [n])]
async fn count_async(state: State) -> Result<State, StateError> {
    let n: i64 = state.get("n")?;
    Ok(state.set("n", n + 1))
}

#[action(name = "step", reads = [n], writes = [n])]
fn traced(state: State, step: &Step) -> Result<State, StateError> {
    for number in 0..10 {
        let span = step.span("span").start();
        span.attribute("number", number);
    }
    let n: i64 = state.get("n")?;
    Ok(state.set("n", n + 1))
}

#[action(name = "step", reads = [n, chat], writes = [n, chat])]
fn chat(state: State) -> Result<State, StateError> {
    let n: u64 = state.get("n")?;
    Ok(state.append("chat", Message::new(n)).set("n", n + 1))
}

#[derive(Serialize)]
struct Message {
    role: &'static str,
    content: String,
}

impl Message {
    fn new(number: u64) -> Self {
        let role = if number.is_multiple_of(2) { "user" } else { "assistant" };
        let mut content = format!("{number:08} ");
        content.extend(std::iter::repeat_n('x', MESSAGE_BYTES - content.len()));
        Self { role, content }
    }
}

impl Work {
    /// Returns the steps of one application; fewer where they make its state larger.
    pub(crate) fn steps_each(self) -> usize {
        match self {
            Self::Sync | Self::Async => 1_000,
            Self::Spans => 100,
            Self::Chat => 64,
        }
    }

    /// Returns the graph of its one action.
    pub(crate) fn graph(self) -> Result<Graph, GraphErrors> {
        let action: Function = match self {
            Self::Sync => count(),
            Self::Async => count_async(),
            Self::Spans => traced(),
            Self::Chat => chat(),
        };
        Graph::new([action]).edge("step", "step").entry("step").build()
    }

    /// Returns the state that an application begins with.
    pub(crate) fn state(self) -> State {
        match self {
            Self::Chat => {
                let messages: Vec<Message> = (0..FIRST_MESSAGES).map(Message::new).collect();
                state! { n: FIRST_MESSAGES, chat: messages }
            }
            _ => state! { n: 0 },
        }
    }

    /// Makes an application that does it, and is kept under `root` if anywhere.
    pub(crate) fn application(self, kept: Kept, root: &Path) -> Result<Application> {
        let builder = self.graph()?.start(self.state()).project(PROJECT);
        Ok(match kept {
            Kept::Bare => builder,
            Kept::Tracked => builder.tracker(Directory::at(root)).durability(Durability::Eventual),
            Kept::Durable => builder.tracker(Directory::at(root)).durability(Durability::Step),
            Kept::Memory => builder.tracker(Memory::new()).durability(Durability::Eventual),
        }
        .build()?)
    }

    /// Returns how reports call it.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Sync => "trivial sync step",
            Self::Async => "trivial async step",
            Self::Spans => "10 spans, 10 attributes",
            Self::Chat => "20 KB chat state",
        }
    }
}

impl Display for Work {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Sync => "sync",
            Self::Async => "async",
            Self::Spans => "spans",
            Self::Chat => "chat",
        })
    }
}

impl FromStr for Work {
    type Err = anyhow::Error;

    fn from_str(name: &str) -> Result<Self> {
        WORKS.into_iter().find(|work| work.to_string() == name).with_context(|| format!("no work is called {name}"))
    }
}

impl Display for Kept {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Bare => "bare",
            Self::Tracked => "tracked",
            Self::Durable => "durable",
            Self::Memory => "memory",
        })
    }
}

impl FromStr for Kept {
    type Err = anyhow::Error;

    fn from_str(name: &str) -> Result<Self> {
        Ok(match name {
            "bare" => Self::Bare,
            "tracked" => Self::Tracked,
            "durable" => Self::Durable,
            "memory" => Self::Memory,
            _ => bail!("nothing that keeps steps is called {name}"),
        })
    }
}
