//! What happens between the calls of models: checks, handoffs, other work, and failures that have no other line.

use std::collections::HashSet;

use trackway_model::{Content, DataKind, SpanRecord};

use super::{
    Entry, Line, Passage,
    pair::ToolUses,
    room::Room,
    tool::failure_message,
    tree::{Place, Tree},
};

/// Writes down everything that is neither a call of a language model nor a tool call.
pub(super) fn asides(
    tree: &Tree<'_>,
    content: &impl Fn(&SpanRecord) -> Content,
    uses: &ToolUses,
    room: &mut Room,
) -> Vec<Passage> {
    let handed_over: HashSet<usize> = uses.list.iter().filter_map(|tool| tool.handoff).collect();
    let mut passages = Vec::new();
    for (at, place) in tree.iter() {
        let is_told = handed_over.contains(&at);
        let line = if is_told { None } else { aside(tree, place, content, room) };
        let (line, failure) = (line.map(Line::Plain), failure(tree, place).map(Line::Plain));
        // Frames fail when they end, after what is in them.
        let time = if line.is_some() || is_told { place.record().start } else { place.end_time() };
        let lines: Vec<Line> = line.into_iter().chain(failure).collect();
        if !lines.is_empty() {
            passages.push(Passage { time, at, lines });
        }
    }
    passages
}

fn aside(
    tree: &Tree<'_>,
    place: &Place<'_>,
    content: &impl Fn(&SpanRecord) -> Content,
    room: &mut Room,
) -> Option<Entry> {
    let record = place.record();
    let data = record.data.as_ref()?;
    let (span_id, duration) = (record.span_id, record.duration());
    match data.kind {
        DataKind::Handoff => {
            let ends = data.handoff.clone().unwrap_or_default();
            Some(Entry::Handoff { span_id, from: ends.from, to: ends.to })
        }
        DataKind::Guardrail => {
            Some(Entry::Guardrail { span_id, name: place.subject().clone(), triggered: data.triggered, duration })
        }
        kind if is_work(tree, place) => {
            let Content { arguments, result, tools, .. } = content(record);
            let names: Vec<&str> = tools.iter().map(|tool| &*tool.name).collect();
            let result = result.or_else(|| Some(names.join(", ").into()).filter(|_| !names.is_empty()));
            let mut cut = false;
            let arguments = room.optional(arguments.as_ref(), &mut cut);
            let result = room.optional(result.as_ref(), &mut cut);
            Some(Entry::Work { span_id, kind, title: place.title(), arguments, result, duration, cut })
        }
        _ => None,
    }
}

/// True for work that is told of for itself: what has other work in it is told by that, but for a question to a server,
/// which is told once with all that carries it.
fn is_work(tree: &Tree<'_>, place: &Place<'_>) -> bool {
    use DataKind::{Custom, Embedding, Evaluation, McpTools, Rerank, Retrieval, Speech, Transcription};
    let is_kind = matches!(
        place.kind(),
        Some(Custom | Embedding | Evaluation | McpTools | Rerank | Retrieval | Speech | Transcription)
    );
    if place.kind() == Some(McpTools) {
        let above = place.parent.and_then(|parent| tree.get(parent));
        return above.is_none_or(|above| above.kind() != Some(McpTools));
    }
    is_kind && place.is_shown && !place.holds_nodes
}

/// Writes a failure that neither a tool call nor a model call tells of, nor one below it that is its cause.
fn failure(tree: &Tree<'_>, place: &Place<'_>) -> Option<Entry> {
    let record = place.record();
    let tells_itself = place.is_call() || place.kind() == Some(DataKind::Function);
    let has_cause = place.failed_below;
    let told_above = || place.kind().is_none() && fails_above(tree, place);
    if !record.is_error() || tells_itself || has_cause || told_above() {
        return None;
    }
    let (name, message) = (place.title(), failure_message(place));
    Some(Entry::Error { span_id: record.span_id, name, message, survived: place.survived })
}

fn fails_above(tree: &Tree<'_>, place: &Place<'_>) -> bool {
    let mut above = place.parent.and_then(|at| tree.get(at));
    while let Some(place) = above {
        if place.record().is_error() {
            return true;
        }
        above = place.parent.and_then(|at| tree.get(at));
    }
    false
}
