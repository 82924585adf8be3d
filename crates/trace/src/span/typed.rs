//! What a span is about, as a value with a type.

use std::fmt;
use std::ops::{Deref, DerefMut};

use trackway_model::{Attributes, SpanKind, Text};

use crate::agents::Capture;

use super::{Span, add_attribute, cut_text};

/// What a span is about, as a value with a type: an agent at work, a model call, a tool call.
///
/// [`Tracer::span_of`](crate::Tracer::span_of) begins a span of it. The value stays at hand as
/// [`Span::data`](crate::Span::data), is changed by [`Span::data_mut`](crate::Span::data_mut), and its attributes are the
/// span's.
///
/// ```
/// use trackway::{Attributes, SpanData, Text, Tracer};
///
/// struct Payment {
///     amount: i64,
///     receipt: Option<String>,
/// }
///
/// impl SpanData for Payment {
///     fn name(&self) -> Text {
///         "pay".into()
///     }
///
///     fn attributes(&self) -> Attributes {
///         let mut attributes = Attributes::default();
///         attributes.push("payment.amount", self.amount);
///         if let Some(receipt) = &self.receipt {
///             attributes.push("payment.receipt", receipt.as_str());
///         }
///         attributes
///     }
/// }
///
/// let (tracer, spans) = trackway::testing::tracer();
/// let mut payment = tracer.span_of(Payment { amount: 8940, receipt: None }).start();
/// payment.data_mut().receipt = Some("R-7".into());
/// payment.finish();
/// assert_eq!(spans.tree(), "pay 1s payment.amount=8940 payment.receipt=R-7\n");
/// ```
pub trait SpanData: Send + Sync + 'static {
    /// Returns what to call the span: what kind of work it is, in few words and with few variants.
    fn name(&self) -> Text;

    /// Returns which side of a call the span is; internal unless said.
    fn kind(&self) -> SpanKind {
        SpanKind::Internal
    }

    /// Returns what the span records of it.
    fn attributes(&self) -> Attributes;

    /// Returns what was said in it, which the span records as well unless that is [to be left out](Capture::Nothing).
    fn content(&self, capture: Capture) -> Attributes {
        let _ = capture; // Most data says nothing.
        Attributes::default()
    }
}

/// Returns all that the span records of the data.
pub(super) fn described<D: SpanData>(data: &D, capture: Capture) -> Attributes {
    let mut attributes = data.attributes();
    if capture != Capture::Nothing {
        attributes.0.extend(data.content(capture).0);
    }
    attributes
}

impl<D: SpanData> Span<D> {
    /// Returns what the span is about, to be changed. The change is recorded when the returned value is dropped; once the
    /// span is finished, it is not recorded any more.
    pub fn data_mut(&mut self) -> DataMut<'_, D> {
        let name = self.data.name();
        DataMut { name, span: self }
    }

    /// Has the record say what the data says by now; `before` is the name that it had given the span.
    fn retell(&mut self, before: &Text) {
        let Some(tracer) = self.tracer().filter(|_| self.is_recording()) else { return };
        // It is told in a drop, where a panic may be the second one.
        let said = tracer.unharmed(|| (self.data.name(), described(&self.data, self.capture)));
        let Some((name, attributes)) = said else { return };
        let told = attributes.iter().map(|(key, _)| Text::from(key)).collect();
        let before_told = std::mem::replace(&mut self.told, told);
        self.change(|record, limits| {
            let is_over = |key: &Text| before_told.contains(key) && attributes.get(key).is_none();
            record.attributes.0.retain(|(key, _)| !is_over(key));
            for (key, value) in attributes.0 {
                add_attribute(&mut record.attributes, &mut record.dropped.attributes, limits, &key, value);
            }
            if name != *before && record.name == *before {
                record.name = cut_text(name, limits);
            }
        });
    }
}

/// The data of a span while it is changed: [`Span::data_mut`] returns it, and the span records the change when this is
/// dropped.
pub struct DataMut<'a, D: SpanData> {
    span: &'a mut Span<D>,
    /// What the data called the span before.
    name: Text,
}

impl<D: SpanData> Deref for DataMut<'_, D> {
    type Target = D;

    fn deref(&self) -> &D {
        &self.span.data
    }
}

impl<D: SpanData> DerefMut for DataMut<'_, D> {
    fn deref_mut(&mut self) -> &mut D {
        &mut self.span.data
    }
}

impl<D: SpanData> Drop for DataMut<'_, D> {
    fn drop(&mut self) {
        self.span.retell(&self.name);
    }
}

impl<D: SpanData + fmt::Debug> fmt::Debug for DataMut<'_, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}
