//! What to call the work of an agent in a tree: by what it worked on, which says more than its type.

use trackway_model::{DataKind, SpanData, Text};

/// Returns what to call a span; `or_else` where nothing is known but its kind.
pub(crate) fn title(data: &SpanData, or_else: impl FnOnce() -> Text) -> Text {
    let with = |what: &str, of: Option<&Text>| match of {
        Some(of) => format!("{what} {of}").into(),
        None => Text::from(what),
    };
    match data.kind {
        DataKind::Turn => with("turn", data.turn.map(|turn| turn.to_string().into()).as_ref()),
        DataKind::Handoff => match data.handoff.as_ref().and_then(|handoff| handoff.to.as_ref()) {
            Some(to) => with("handoff to", Some(to)),
            None => Text::literal("handoff"),
        },
        DataKind::McpTools => with("mcp tools", data.server.as_ref()),
        DataKind::Generation | DataKind::Response => data.model().cloned().unwrap_or_else(or_else),
        DataKind::Transcription | DataKind::Speech => or_else(),
        DataKind::SpeechGroup => Text::literal("speech group"),
        DataKind::Task => data.subject.clone().unwrap_or(Text::literal("task")),
        _ => data.subject.clone().unwrap_or_else(or_else),
    }
}
