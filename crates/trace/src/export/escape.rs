//! Foreign text made harmless for a terminal and for a line.

/// Escapes what would steer a terminal or break a line.
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if steers(c) { safe.extend(c.escape_debug()) } else { safe.push(c) }
    }
    safe
}

/// Control characters, line separators, and what reverses the direction of text.
pub(crate) fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}')
}
