//! A trace in two sentences: what the user said, and what the model answered.

use trackway_model::{Content, Message, Part, Role, SpanRecord, Text};
use trackway_store::Span;

use super::{MOST_SPANS, room::head, tree::Tree};

/// The longest text of a preview.
const MOST_BYTES: usize = 1 << 10;

/// How a trace begins and ends, as far as it was recorded.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Preview {
    /// What the user said: of what the first model call was told, the last, since a conversation goes on with all that
    /// was said in the traces before.
    pub(crate) first: Option<Text>,
    /// What a model answered last.
    pub(crate) last: Option<Text>,
}

/// Reads how a trace begins and ends, from its spans in order of start.
pub(crate) fn preview(spans: &[Span], content: impl Fn(&SpanRecord) -> Content) -> Preview {
    let tree = Tree::of(spans.get(..MOST_SPANS).unwrap_or(spans));
    let read = |at: &usize| tree.get(*at).map(|place| content(place.record()));
    let asked = |content: Content| content.input.iter().rev().filter(|said| said.role == Role::User).find_map(text);
    let answered = |content: Content| content.output.iter().rev().find_map(text);
    Preview {
        first: tree.calls.iter().filter_map(read).find_map(asked),
        last: tree.calls.iter().rev().filter_map(read).find_map(answered),
    }
}

fn text(message: &Message) -> Option<Text> {
    let text = |part: &Part| match part {
        Part::Text(text) if !text.trim().is_empty() => Some(head(text, MOST_BYTES).into()),
        _ => None,
    };
    message.parts.iter().find_map(text)
}
