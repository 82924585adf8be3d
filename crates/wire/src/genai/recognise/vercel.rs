//! The AI SDK of Vercel: a call of it is a span that holds the model's and the tools' and repeats their usage.

use trackway_model::{DataKind, SpanData, Text};

use super::table::{Fact, Facts};

/// The calls that may go to the model again and again, with tools between.
const LOOPS: &[&str] = &["ai.generateText", "ai.streamText"];

/// Returns the kind of a span; a loop to which the program gave a name is an agent.
pub(super) fn kind(facts: &Facts<'_>, kind: Option<DataKind>) -> Option<DataKind> {
    let is_loop = facts.word(Fact::VercelOperation).is_some_and(|operation| LOOPS.contains(&operation));
    let is_agent = kind == Some(DataKind::Workflow) && is_loop && facts.has(Fact::WorkflowName);
    if is_agent { Some(DataKind::Agent) } else { kind }
}

/// Names an agent after the function, calls a tool by its name, and takes the provider's API from its name: `openai.chat` is of `openai`.
pub(super) fn amend(facts: &Facts<'_>, data: &mut SpanData) {
    if data.kind == DataKind::Agent && data.subject.is_none() {
        data.subject = facts.text(Fact::WorkflowName);
    }
    if matches!(data.kind, DataKind::Agent | DataKind::Function) {
        data.title = data.subject.clone();
    }
    let short = data.provider.as_ref().and_then(|name| Some(Text::from(name.split_once('.')?.0)));
    data.provider = short.or_else(|| data.provider.take());
}
