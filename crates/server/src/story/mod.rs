//! The story of a trace: what its agents did and said, told from its spans in the order in which a person would read it.
//!
//! A pure function of the spans; what was said is asked for span by span, and no longer kept than the entry needs it.
//!
//! ```text
//! spans ──► Tree ──► nodes                       what happened below what
//!             ├────► Calls ──► Fold, ToolUses ─┐
//!             └────► asides ───────────────────┴─► entries, in order of time
//! ```

mod asides;
mod call;
mod fold;
mod pair;
mod preview;
mod room;
mod tool;
mod totals;
mod tree;

use trackway_model::{
    Attributes, Content, Cost, DataKind, Elapsed, Missing, Part, Role, SpanId, SpanRecord, Text, Timestamp, Usage,
};
use trackway_store::{Span, SpanState};

pub(crate) use preview::{Preview, preview};
pub(crate) use room::head;
use tree::Tree;

/// The most spans of a trace that a story looks at.
pub(crate) const MOST_SPANS: usize = 10_000;

/// What a trace's agents did and said.
#[derive(Debug, Default)]
pub(crate) struct Story {
    /// The spans worth a line, parents before their children.
    pub(crate) nodes: Vec<Node>,
    /// The conversation.
    pub(crate) entries: Vec<Entry>,
    /// The calls of language models, in order of start.
    pub(crate) calls: Vec<Call>,
    /// What each agent did, in order of appearance.
    pub(crate) agents: Vec<Agent>,
    /// True when something was left out because there is too much.
    pub(crate) cut: bool,
}

/// A line of the tree: turns, tasks and workflows are left out, and their children take their place.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) span_id: SpanId,
    /// How many nodes it is below.
    pub(crate) depth: u32,
    pub(crate) kind: DataKind,
    pub(crate) title: Text,
    /// The agent that the work belongs to.
    pub(crate) agent: Option<Text>,
    pub(crate) start: Timestamp,
    pub(crate) duration: Option<Elapsed>,
    pub(crate) state: SpanState,
    pub(crate) failed: bool,
    /// It failed, and the work went on.
    pub(crate) survived: bool,
    /// Something below it failed, and the work did not go on.
    pub(crate) failed_below: bool,
    /// The first entry that the span, or what is below it, has in the conversation.
    pub(crate) entry: Option<usize>,
}

/// A call of a language model.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) span_id: SpanId,
    pub(crate) agent: Option<Text>,
    pub(crate) title: Text,
    pub(crate) model: Option<Text>,
    pub(crate) provider: Option<Text>,
    pub(crate) start: Timestamp,
    pub(crate) duration: Option<Elapsed>,
    pub(crate) first_token: Option<Elapsed>,
    pub(crate) usage: Option<Usage>,
    pub(crate) cost: Option<Cost>,
    pub(crate) finish_reasons: Vec<Text>,
    /// How many tools the model was offered.
    pub(crate) tools_offered: usize,
    /// How many it called.
    pub(crate) tool_calls: usize,
    pub(crate) parameters: Attributes,
    pub(crate) failed: bool,
}

/// What an agent did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Agent {
    pub(crate) name: Text,
    pub(crate) model_calls: u64,
    pub(crate) tool_calls: u64,
    pub(crate) usage: Usage,
    pub(crate) cost: Option<Cost>,
    /// Model calls without a price, but for those that failed or still run and tell of no usage.
    pub(crate) unpriced_calls: u64,
}

/// A line of the conversation. Calls are numbered from 1, as in [`Story::calls`].
#[derive(Debug)]
pub(crate) enum Entry {
    /// The first `count` messages of the call's input are what call `same_as` was given and answered.
    Fold { call: usize, span_id: SpanId, count: usize, same_as: usize },
    /// Something was said.
    Message {
        call: usize,
        span_id: SpanId,
        role: Role,
        agent: Option<Text>,
        parts: Vec<Part>,
        is_output: bool,
        /// How many bytes its texts have, where they were cut.
        text_bytes: Option<usize>,
    },
    /// A tool was called.
    Tool(Tool),
    /// One agent gave the work to another.
    Handoff { span_id: SpanId, from: Option<Text>, to: Option<Text> },
    /// What goes in or comes out was checked.
    Guardrail { span_id: SpanId, name: Text, triggered: Option<bool>, duration: Option<Elapsed> },
    /// The line under a model call's answer.
    Call { call: usize, span_id: SpanId },
    /// What a model call was given and answered is not known.
    Missing { call: usize, span_id: SpanId, reason: Missing, response_id: Option<Text> },
    /// Something failed that has no other line to say so.
    Error { span_id: SpanId, name: Text, message: Text, survived: bool },
    /// Other work.
    Work {
        span_id: SpanId,
        kind: DataKind,
        title: Text,
        arguments: Option<Text>,
        result: Option<Text>,
        duration: Option<Elapsed>,
        cut: bool,
    },
}

/// A call of a tool with what came of it: what the model asked for and the span of the work, as far as there are both.
#[derive(Debug)]
pub(crate) struct Tool {
    pub(crate) span_id: Option<SpanId>,
    pub(crate) call_id: Option<Text>,
    pub(crate) name: Text,
    pub(crate) server: Option<Text>,
    pub(crate) arguments: Option<Text>,
    pub(crate) result: Option<Text>,
    pub(crate) error: Option<Text>,
    pub(crate) duration: Option<Elapsed>,
    /// 2 for the second try with the same arguments after a failure, and so on.
    pub(crate) attempt: u32,
    pub(crate) state: ToolState,
    /// True when a text was cut.
    pub(crate) cut: bool,
}

/// How a tool call stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ToolState {
    /// Nothing has come of it yet.
    Waiting,
    /// It was answered.
    Done,
    /// It failed.
    Failed,
}

/// Some entries that belong together, and where in the conversation they go.
struct Passage {
    time: Timestamp,
    /// The place in the tree of the span that they come from.
    at: usize,
    lines: Vec<Line>,
}

/// An entry as it is written down before the tools are known.
enum Line {
    Plain(Entry),
    /// The tool call with that number in [`pair::ToolUses`].
    Tool(usize),
    /// One that a model was told of; left out where a span tells of it, which is where it belongs.
    Told(usize),
}

/// Tells the story of a trace from its spans in order of start. What was said in a span is asked of `content`.
pub(crate) fn tell(spans: &[Span], content: impl Fn(&SpanRecord) -> Content) -> Story {
    let tree = Tree::of(spans.get(..MOST_SPANS).unwrap_or(spans));
    let (mut uses, mut room) = (pair::ToolUses::default(), room::Room::default());
    let (calls, mut passages) = call::calls(&tree, &content, &mut uses, &mut room);
    passages.extend(uses.pair(&tree, &content));
    passages.extend(asides::asides(&tree, &content, &uses, &mut room));
    passages.sort_by_key(|passage| (passage.time, passage.at));

    let mut entries = Vec::new();
    let mut first: Vec<Option<usize>> = vec![None; tree.places.len()];
    let mut note = |at: usize, entry: usize| {
        if let Some(first) = first.get_mut(at) {
            first.get_or_insert(entry);
        }
    };
    for passage in passages {
        for line in passage.lines {
            note(passage.at, entries.len());
            match line {
                Line::Plain(entry) => entries.push(entry),
                Line::Told(number) if uses.spans(number).next().is_some() => {}
                Line::Tool(number) | Line::Told(number) => {
                    uses.spans(number).for_each(|at| note(at, entries.len()));
                    entries.extend(uses.entry(number, &tree, &mut room));
                }
            }
        }
    }
    Story {
        nodes: tree.nodes(first),
        entries,
        calls,
        agents: totals::agents(&tree),
        cut: spans.len() > MOST_SPANS || room.is_full(),
    }
}
