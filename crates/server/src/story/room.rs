//! How much text a story holds.

use trackway_model::{Part, Text};

/// The longest text of an entry while there is room.
const MOST_BYTES: usize = 16 << 10;
/// The longest one when there is no more.
const FEWEST_BYTES: usize = 256;
/// How much all texts together may have before they are cut short.
const ALL_BYTES: usize = 16 << 20;

/// Counts the texts of a story, and cuts those that are too long.
#[derive(Default)]
pub(super) struct Room {
    used: usize,
}

impl Room {
    /// Cuts a text at a character; says whether it did.
    pub(super) fn text(&mut self, text: &Text) -> (Text, bool) {
        let most = if self.is_full() { FEWEST_BYTES } else { MOST_BYTES };
        let head = head(text, most);
        self.used += head.len();
        if head.len() == text.len() { (text.clone(), false) } else { (head.into(), true) }
    }

    /// Cuts a text that may be absent, and notes in `cut` when it did.
    pub(super) fn optional(&mut self, text: Option<&Text>, cut: &mut bool) -> Option<Text> {
        let (text, was_cut) = self.text(text?);
        *cut |= was_cut;
        Some(text)
    }

    /// Cuts the texts of a message; returns how many bytes they have when it did.
    pub(super) fn parts(&mut self, parts: impl Iterator<Item = Part>) -> (Vec<Part>, Option<usize>) {
        let (mut bytes, mut cut) = (0, false);
        let mut short = |text: Text| {
            bytes += text.len();
            let (text, was_cut) = self.text(&text);
            cut |= was_cut;
            text
        };
        let parts = parts.map(|part| match part {
            Part::Text(text) => Part::Text(short(text)),
            Part::Reasoning(text) => Part::Reasoning(short(text)),
            Part::Refusal(text) => Part::Refusal(short(text)),
            Part::Other(text) => Part::Other(short(text)),
            Part::ToolCall { id, name, arguments } => Part::ToolCall { id, name, arguments: short(arguments) },
            Part::ToolResult { id, name, result } => Part::ToolResult { id, name, result: short(result) },
            media @ Part::Media { .. } => media,
        });
        let parts = parts.collect();
        (parts, cut.then_some(bytes))
    }

    /// Returns true when texts are cut short.
    pub(super) fn is_full(&self) -> bool {
        self.used >= ALL_BYTES
    }
}

/// Returns the beginning of a text, at most so many bytes of whole characters.
pub(crate) fn head(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    end.and_then(|end| text.get(..end)).unwrap_or_default()
}
