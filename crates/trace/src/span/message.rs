//! Messages that a span sends and receives while it runs.

use trackway_model::{Timestamp, Value};
use trackway_wire::opencensus::{MESSAGE, MESSAGE_COMPRESSED, MESSAGE_ID, MESSAGE_TYPE, MESSAGE_UNCOMPRESSED};

use super::{Span, add_event, add_field_of};

/// A message of a call: which way it went, its number in the span, and its size.
///
/// ```
/// use trackway::Message;
///
/// let (tracer, spans) = trackway::testing::tracer();
/// let call = tracer.span("chat").start();
/// call.message(Message::sent(1).bytes(512).compressed(120));
/// call.message(Message::received(1).bytes(64));
/// call.finish();
/// assert_eq!(spans.finished()[0].events[0].attributes.text("rpc.message.type"), Some("SENT"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message {
    way: Option<Way>,
    id: u64,
    bytes: Option<u64>,
    compressed: Option<u64>,
    time: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Sent,
    Received,
}

impl Message {
    /// Returns a message of which nobody says which way it went; its number is unique in the span.
    pub const fn new(id: u64) -> Self {
        Self { way: None, id, bytes: None, compressed: None, time: None }
    }

    /// Returns a message that was sent.
    pub const fn sent(id: u64) -> Self {
        Self { way: Some(Way::Sent), ..Self::new(id) }
    }

    /// Returns a message that was received.
    pub const fn received(id: u64) -> Self {
        Self { way: Some(Way::Received), ..Self::new(id) }
    }

    /// Says how many bytes it has; as many travelled, unless [`compressed`](Self::compressed) says otherwise.
    #[must_use]
    pub const fn bytes(self, bytes: u64) -> Self {
        Self { bytes: Some(bytes), ..self }
    }

    /// Says how many bytes of it travelled.
    #[must_use]
    pub const fn compressed(self, bytes: u64) -> Self {
        Self { compressed: Some(bytes), ..self }
    }

    /// Says that it went at another time than now.
    #[must_use]
    pub const fn at(self, time: Timestamp) -> Self {
        Self { time: Some(time), ..self }
    }

    fn fields(self) -> impl Iterator<Item = (&'static str, Value)> {
        let way = self.way.map(|way| match way {
            Way::Sent => "SENT",
            Way::Received => "RECEIVED",
        });
        let fields = [
            (MESSAGE_TYPE, way.map(Value::from)),
            (MESSAGE_ID, Some(Value::from(self.id))),
            (MESSAGE_UNCOMPRESSED, self.bytes.map(Value::from)),
            (MESSAGE_COMPRESSED, self.compressed.or(self.bytes).map(Value::from)),
        ];
        fields.into_iter().filter_map(|(key, value)| Some((key, value?)))
    }
}

impl<D> Span<D> {
    /// Records that a message was sent or received: an event `rpc.message`, as OpenTelemetry's
    /// [conventions](https://opentelemetry.io/docs/specs/semconv/registry/attributes/rpc/) name it and its details.
    pub fn message(&self, message: Message) -> &Self {
        let Some(live) = &self.live else { return self };
        let time = message.time.unwrap_or_else(|| live.tracer.now());
        live.change(|record, limits| {
            if let Some(at) = add_event(record, limits, MESSAGE, time) {
                for (key, value) in message.fields() {
                    add_field_of(record, limits, at, key, value);
                }
            }
        });
        self
    }
}
