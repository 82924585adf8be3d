//! Spans as an indented text.

mod value;

use std::{
    collections::HashMap,
    fmt::{self, Write},
};

use trackway_model::{Attributes, Elapsed, SpanId, SpanRecord, StatusCode, TraceId};

use crate::export::escape::escaped;

/// Beyond so many levels, lines are indented no further, so that a chain of spans does not grow with its square.
const DEEPEST_INDENT: usize = 100;

/// Draws spans as a tree: one line a span with its duration, attributes and error, its children below it.
///
/// Children come in the order of their starts, traces in the order of their first span; ids do not appear, so that the
/// same work draws the same text. A span whose parent is not among them is a root. `-` begins an event, `~` a link,
/// and `open` stands for the duration of a span that has not ended. Control characters are escaped.
///
/// ```
/// # use trackway_model as model;
/// # use model::{Attributes, SpanId, SpanRecord, Status, StatusCode, Timestamp, TraceId};
/// # fn span(id: u8, parent: u8, name: &str, seconds: std::ops::Range<u64>) -> SpanRecord {
/// #     SpanRecord {
/// #         trace_id: TraceId::new([1; 16]).unwrap(), span_id: SpanId::new([id; 8]).unwrap(),
/// #         parent_id: SpanId::new([parent; 8]), name: name.into(), start: Timestamp(seconds.start * 1_000_000_000),
/// #         end: Some(Timestamp(seconds.end * 1_000_000_000)), flags: 0, trace_state: Default::default(),
/// #         kind: Default::default(), attributes: Default::default(), events: vec![], links: vec![],
/// #         status: Default::default(), dropped: Default::default(), scope: Default::default(),
/// #         resource: Default::default(), project: Default::default(), data: None, foreign: None,
/// #         repeats: Default::default(),
/// #     }
/// # }
/// let mut charge = span(2, 1, "charge", 1..2);
/// charge.attributes.push("amount", 5);
/// charge.status = Status { code: StatusCode::Error, message: "declined".into() };
/// let checkout = span(1, 0, "checkout", 0..3);
/// assert_eq!(trackway::tree(&[charge, checkout]), "checkout 3s\n  charge 1s amount=5 ERROR declined\n");
/// ```
pub fn tree(spans: &[SpanRecord]) -> String {
    let mut by_id = HashMap::new();
    let mut trace_starts: HashMap<TraceId, (u64, usize)> = HashMap::new();
    for (place, span) in spans.iter().enumerate() {
        by_id.entry((span.trace_id, span.span_id)).or_insert(place);
        let start = trace_starts.entry(span.trace_id).or_insert((span.start.0, place));
        *start = (*start).min((span.start.0, place));
    }
    let parent = |span: &SpanRecord| by_id.get(&(span.trace_id, span.parent_id?)).copied();

    let mut in_order: Vec<(usize, &SpanRecord)> = spans.iter().enumerate().collect();
    in_order.sort_by_key(|(place, span)| (trace_starts.get(&span.trace_id).copied(), span.start, *place));
    let mut children: HashMap<usize, Vec<(usize, &SpanRecord)>> = HashMap::new();
    let mut roots = Vec::new();
    for (place, span) in &in_order {
        match parent(span) {
            Some(parent) => children.entry(parent).or_default().push((*place, *span)),
            None => roots.push((*place, *span)),
        }
    }

    let mut drawing = Drawing { spans, by_id: &by_id, text: String::new() };
    let mut is_drawn = vec![false; spans.len()];
    // Spans that are their own ancestors hang from no root; the first of each circle becomes one.
    for root in roots.into_iter().chain(in_order) {
        let mut stack = vec![(0, root)];
        while let Some((level, (place, span))) = stack.pop() {
            if is_drawn.get_mut(place).is_none_or(|is_drawn| std::mem::replace(is_drawn, true)) {
                continue;
            }
            drawing.draw(level, span);
            let below = children.remove(&place).unwrap_or_default();
            stack.extend(below.into_iter().rev().map(|child| (level + 1, child)));
        }
    }
    drawing.text
}

struct Drawing<'a> {
    spans: &'a [SpanRecord],
    by_id: &'a HashMap<(TraceId, SpanId), usize>,
    text: String,
}

impl Drawing<'_> {
    fn draw(&mut self, level: usize, span: &SpanRecord) {
        self.line(level, "", &span.name, &Attributes::default());
        let duration = span.duration().map_or_else(|| "open".into(), duration);
        self.append(format_args!(" {duration}{}", value::Fields(&span.attributes)));
        if span.status.code == StatusCode::Error {
            self.append(format_args!(" ERROR"));
            if !span.status.message.is_empty() {
                self.append(format_args!(" {}", escaped(&span.status.message)));
            }
        }
        for event in &span.events {
            self.append(format_args!("\n"));
            self.line(level + 1, "- ", &event.name, &event.attributes);
        }
        for link in &span.links {
            let place = link.trace_id.zip(link.span_id).and_then(|ids| self.by_id.get(&ids));
            let linked = place.and_then(|place| self.spans.get(*place));
            self.append(format_args!("\n"));
            self.line(level + 1, "~ ", linked.map_or("elsewhere", |linked| &linked.name), &link.attributes);
        }
        self.append(format_args!("\n"));
    }

    fn line(&mut self, level: usize, mark: &str, name: &str, fields: &Attributes) {
        let indent = level.min(DEEPEST_INDENT) * 2;
        self.append(format_args!("{:indent$}{mark}{}{}", "", escaped(name), value::Fields(fields)));
    }

    fn append(&mut self, text: fmt::Arguments<'_>) {
        let _ = self.text.write_fmt(text); // A String takes everything.
    }
}

/// Writes a duration in its largest unit up to seconds, with up to three decimals.
fn duration(elapsed: Elapsed) -> String {
    let (sign, ns) = (if elapsed.0 < 0 { "-" } else { "" }, elapsed.0.unsigned_abs());
    let (unit, per) = match ns {
        0..1_000 => ("ns", 1),
        1_000..1_000_000 => ("µs", 1_000),
        1_000_000..1_000_000_000 => ("ms", 1_000_000),
        _ => ("s", 1_000_000_000),
    };
    let thousandths = u128::from(ns) * 1000 / per;
    let (whole, part) = (thousandths / 1000, thousandths % 1000);
    let decimals = format!(".{part:03}");
    format!("{sign}{whole}{}{unit}", decimals.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests;
