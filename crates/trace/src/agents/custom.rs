//! Whatever else is worth a span.

use trackway_model::{Attributes, Text, Value};

use super::fields::Fields;
use crate::span::SpanData;

/// Work that is none of the other types, with data of its own: each value is an attribute of the span.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Custom {
    /// What kind of work it is.
    pub name: Text,
    /// What is known of it.
    pub data: Attributes,
}

impl Custom {
    /// Returns work of that name.
    pub fn new(name: impl Into<Text>) -> Self {
        Self { name: name.into(), data: Attributes::default() }
    }

    /// Adds something that is known of it.
    #[must_use]
    pub fn with(mut self, key: impl Into<Text>, value: impl Into<Value>) -> Self {
        self.data.push(key, value);
        self
    }
}

impl SpanData for Custom {
    fn name(&self) -> Text {
        self.name.clone()
    }

    fn attributes(&self) -> Attributes {
        let mut attributes = Fields::of(None, "custom").done();
        attributes.0.extend(self.data.0.iter().cloned());
        attributes
    }
}
