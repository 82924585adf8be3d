//! Adding to the active span without having it at hand.

mod outcome;
mod relation;

use std::marker::PhantomData;
use std::sync::Arc;

use trackway_model::{StatusCode, keys};

use crate::collector;
use crate::context::Context;
use crate::field::{Field, Label};
use crate::record::{self, Pen};
use crate::ring::Ring;
use crate::slot::{Mode, SLOT};
use crate::span::{Live, add_attribute, add_event_field, set_status};

/// What is active on this thread, to add to it without having it at hand.
///
/// ```
/// fn deep_inside() {
///     trackway::active().attribute("cache", "hit");
/// }
/// let _span = trackway::span!("request");
/// deep_inside();
/// ```
pub struct Active {
    span: Target,
    stays: PhantomData<*const ()>,
}

enum Target {
    None,
    Ring(&'static Ring),
    Live(Arc<Live>),
}

/// Returns the span that is active on this thread.
#[inline]
pub fn active() -> Active {
    let span = SLOT.with(|slot| match slot.ring.get() {
        _ if slot.is_missing() => Target::None,
        Some(ring) if slot.number() != 0 => Target::Ring(ring),
        ring => match slot.live() {
            Some(live) => Target::Live(live),
            None if slot.mode() == Mode::Waiting => slot.tell().map_or(Target::None, Target::Ring),
            None => ring.map_or(Target::None, Target::Ring),
        },
    });
    Active { span, stays: PhantomData }
}

impl Active {
    /// Returns the span of that context, when it is an owned one.
    pub(crate) fn of(context: &Context) -> Self {
        Self { span: context.live().map_or(Target::None, |live| Target::Live(live.clone())), stays: PhantomData }
    }

    /// Returns whether anything is recorded.
    pub fn is_recording(&self) -> bool {
        !matches!(self.span, Target::None)
    }

    /// Records an attribute of the active span.
    pub fn attribute(&self, key: impl Label, value: impl Field) -> &Self {
        match &self.span {
            Target::None => {}
            Target::Ring(ring) => {
                if !value.write(&Pen::new(ring, 0, record::Place::Span, key)) {
                    collector::count_attribute_lost();
                }
            }
            Target::Live(live) => {
                if let Some(value) = value.lend(|value| value.to_value()) {
                    live.change(|record, limits| {
                        let (list, dropped) = (&mut record.attributes, &mut record.dropped.attributes);
                        add_attribute(list, dropped, limits, key.name().as_str(), value);
                    });
                }
            }
        }
        self
    }

    /// Records that something happened to the active span now; details follow by [`field`](Self::field).
    pub fn event(&self, name: &str) -> &Self {
        match &self.span {
            Target::None => {}
            Target::Ring(ring) => {
                if !record::event(ring, 0, name, crate::clock::ticks()) {
                    collector::count_attribute_lost();
                }
            }
            Target::Live(live) => live.event(name),
        }
        self
    }

    /// Records a detail of the last event.
    pub fn field(&self, key: impl Label, value: impl Field) -> &Self {
        match &self.span {
            Target::None => {}
            Target::Ring(ring) => {
                if !value.write(&Pen::new(ring, 0, record::Place::Event, key)) {
                    collector::count_attribute_lost();
                }
            }
            Target::Live(live) => {
                if let Some(value) = value.lend(|value| value.to_value()) {
                    live.change(|record, limits| add_event_field(record, limits, key.name().as_str(), value));
                }
            }
        }
        self
    }

    /// Records how the active span went.
    pub fn status(&self, code: StatusCode, message: &str) -> &Self {
        match &self.span {
            Target::None => {}
            Target::Ring(ring) => {
                if !record::text(ring, 0, record::STATUS, crate::guard::status_number(code), message) {
                    collector::count_attribute_lost();
                }
            }
            Target::Live(live) => live.change(|record, limits| {
                set_status(&mut record.status, code, record::cut(message, limits.value_bytes));
            }),
        }
        self
    }

    /// Records that the active span failed: its status, and an `exception` event, of a kind where it is known.
    pub fn fail<'a>(&self, kind: impl Into<Option<&'a str>>, message: &str, causes: Option<&str>) -> &Self {
        self.event(keys::EXCEPTION).field(keys::EXCEPTION_TYPE, kind.into()).field(keys::EXCEPTION_MESSAGE, message);
        self.field("exception.stacktrace", causes);
        self.status(StatusCode::Error, message)
    }
}
