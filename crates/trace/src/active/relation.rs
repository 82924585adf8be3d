//! What else can be said of the active span: what it is related to, and how it is called.

use std::fmt;

use super::{Active, Target};
use crate::context::Context;
use crate::span::{add_link, link};
use crate::{collector, record};

impl Active {
    /// Records a relation to a span that the active one is no part of.
    pub fn link(&self, to: &Context) -> &Self {
        match &self.span {
            Target::None => {}
            Target::Ring(ring) => {
                if !record::link(ring, 0, to) {
                    collector::count_attribute_lost();
                }
            }
            Target::Live(live) => {
                if let Some(link) = link(to, Vec::new()) {
                    live.change(|span, limits| add_link(span, limits, link));
                }
            }
        }
        self
    }

    /// Gives the active span another name.
    pub fn rename(&self, name: &str) -> &Self {
        match &self.span {
            Target::None => {}
            Target::Ring(ring) => {
                if !record::text(ring, 0, record::NAME, 0, name) {
                    collector::count_attribute_lost();
                }
            }
            Target::Live(live) => {
                live.change(|span, limits| span.name = record::cut(name, limits.value_bytes).into());
            }
        }
        self
    }
}

impl fmt::Debug for Active {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Active").field("is_recording", &self.is_recording()).finish_non_exhaustive()
    }
}
