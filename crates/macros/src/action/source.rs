//! The source code of an action, as it was written.

use proc_macro::{Delimiter, Span, TokenStream, TokenTree};

/// Returns the attribute and the function as they stand in the file; of what no file holds, the words alone.
pub(crate) fn text(attribute: Span, item: TokenStream) -> String {
    let tokens = without_attributes(item);
    let code = written(&tokens).unwrap_or_else(|| tokens.into_iter().collect::<TokenStream>().to_string());
    match attribute.source_text().filter(|attribute| attribute.starts_with("#[")) {
        Some(text) => format!("{}\n{code}", shifted(&text, indent(attribute))),
        None => code,
    }
}

/// Returns the function without what is documented and marked before it.
fn without_attributes(item: TokenStream) -> Vec<TokenTree> {
    let mut tokens = item.into_iter().peekable();
    while let Some(TokenTree::Punct(punct)) = tokens.peek() {
        if punct.as_char() != '#' {
            break;
        }
        tokens.next();
        tokens.next_if(|token| matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket));
    }
    tokens.collect()
}

/// Joins the texts of the words by the space that is between them.
///
/// A group in brackets has its text in one piece, comments included, so that only what is between the words of the
/// signature is found out from where they stand.
fn written(tokens: &[TokenTree]) -> Option<String> {
    let indent = indent(tokens.first()?.span());
    let mut text = String::new();
    let mut before: Option<Span> = None;
    for token in tokens {
        let span = token.span();
        if let Some(before) = before {
            text.push_str(&between(before.end(), span.start(), indent));
        }
        text.push_str(&shifted(&span.source_text()?, indent));
        before = Some(span);
    }
    Some(text)
}

fn between(end: Span, start: Span, indent: usize) -> String {
    if end.line() == start.line() {
        return " ".repeat(start.column().saturating_sub(end.column()));
    }
    format!("\n{}", " ".repeat(self::indent(start).saturating_sub(indent)))
}

/// Returns how many columns stand before this one in its line.
fn indent(span: Span) -> usize {
    span.column().saturating_sub(1)
}

/// Returns a text whose lines after the first begin further left.
fn shifted(text: &str, by: usize) -> String {
    let mut lines = text.split('\n');
    let mut shifted = lines.next().unwrap_or_default().to_owned();
    for line in lines {
        let spaces = line.len() - line.trim_start_matches(' ').len();
        shifted.push('\n');
        shifted.push_str(line.get(spaces.min(by)..).unwrap_or_default());
    }
    shifted
}
