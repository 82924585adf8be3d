//! How much one span may hold.

/// How much one span may hold, as OpenTelemetry's
/// [span limits](https://opentelemetry.io/docs/specs/otel/trace/sdk/#span-limits) have it.
///
/// What is over a limit is left out and counted in the span: its `dropped_attributes_count` and the like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Attributes of a span.
    pub attributes: u32,
    /// Attributes of an event.
    pub event_attributes: u32,
    /// Attributes of a link.
    pub link_attributes: u32,
    /// Bytes of a text or of bytes; longer ones are cut, texts between two characters.
    pub value_bytes: usize,
    /// Events of a span.
    pub events: u32,
    /// Links of a span.
    pub links: u32,
}

impl Default for Limits {
    /// 128 attributes, events and links, as OpenTelemetry has it; texts of up to 1 MiB.
    fn default() -> Self {
        let attributes = 128;
        let (event_attributes, link_attributes) = (attributes, attributes);
        Self { attributes, event_attributes, link_attributes, value_bytes: 1 << 20, events: 128, links: 128 }
    }
}

impl Limits {
    /// Returns the limits with this many attributes a span, an event and a link.
    #[must_use]
    pub fn attributes(self, attributes: u32) -> Self {
        Self { attributes, event_attributes: attributes, link_attributes: attributes, ..self }
    }

    /// Returns the limits with this many attributes an event.
    #[must_use]
    pub fn event_attributes(self, event_attributes: u32) -> Self {
        Self { event_attributes, ..self }
    }

    /// Returns the limits with this many attributes a link.
    #[must_use]
    pub fn link_attributes(self, link_attributes: u32) -> Self {
        Self { link_attributes, ..self }
    }

    /// Returns the limits as they are for the attributes of an event.
    pub(crate) fn of_event(&self) -> Self {
        Self { attributes: self.event_attributes, ..*self }
    }

    /// Returns the limits as they are for the attributes of a link.
    pub(crate) fn of_link(&self) -> Self {
        Self { attributes: self.link_attributes, ..*self }
    }

    /// Returns the limits with texts of at most this many bytes.
    #[must_use]
    pub fn value_bytes(self, value_bytes: usize) -> Self {
        Self { value_bytes, ..self }
    }

    /// Returns the limits with this many events a span.
    #[must_use]
    pub fn events(self, events: u32) -> Self {
        Self { events, ..self }
    }

    /// Returns the limits with this many links a span.
    #[must_use]
    pub fn links(self, links: u32) -> Self {
        Self { links, ..self }
    }
}
