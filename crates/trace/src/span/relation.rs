//! Links that say more than that there is one.

use trackway_model::{Text, Value};
use trackway_wire::opencensus::LINK_TYPE;

use super::{Span, SpanBuilder, add_link, link};
use crate::field::{Field, Label};
use crate::reference::Reference;

/// What another span is to one, beside its parent: a kind, where there is a word for it, and attributes.
///
/// ```
/// use trackway::Relation;
///
/// let (tracer, spans) = trackway::testing::tracer();
/// let request = tracer.span("request").start();
/// let batch = tracer.span("batch").root().start();
/// batch.link_with(&request, Relation::parent().attribute("batch.place", 3));
/// batch.finish();
/// let link = &spans.finished()[0].links[0];
/// assert_eq!(link.span_id, request.context().span_id());
/// assert_eq!(link.attributes.text("opencensus.link.type"), Some("parent_linked_span"));
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Relation {
    attributes: Vec<(Text, Value)>,
}

impl Relation {
    /// Returns a relation of which nothing is known but that there is one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns that the other span is a child of the one that is linked to it, though it knows another parent.
    pub fn child() -> Self {
        Self::new().attribute(LINK_TYPE, "child_linked_span")
    }

    /// Returns that the other span is a further parent, as each request is that of a batch.
    pub fn parent() -> Self {
        Self::new().attribute(LINK_TYPE, "parent_linked_span")
    }

    /// Adds what is known of it.
    #[must_use]
    pub fn attribute(mut self, key: impl Label, value: impl Field) -> Self {
        if let Some(value) = value.lend(|value| value.to_value()) {
            self.attributes.push((Text::from(key.name().as_str()), value));
        }
        self
    }
}

impl<D> SpanBuilder<'_, D> {
    /// Records a relation to a span that this one is no part of, and what is known of it.
    pub fn link_with(mut self, to: impl Reference, relation: Relation) -> Self {
        self.links.extend(to.referred().and_then(|to| link(to, relation.attributes)));
        self
    }
}

impl<D> Span<D> {
    /// Records a relation to a span that this one is no part of, and what is known of it.
    pub fn link_with(&self, to: impl Reference, relation: Relation) -> &Self {
        if let Some(link) = to.referred().and_then(|to| link(to, relation.attributes)) {
            self.change(|record, limits| add_link(record, limits, link));
        }
        self
    }
}
