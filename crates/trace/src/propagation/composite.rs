//! Several formats at once.

use std::fmt;

use super::{Corrupt, Extract, Inject, Propagator};
use crate::context::Context;

/// Writes a context by all of its formats, and reads it by the first of them that finds a trace.
///
/// Baggage is gathered from all of them; of entries with the same key, that of the format with precedence stays.
///
/// What is [`Corrupt`] by one format does not keep the next one from being read, and is the error only where none finds a trace.
#[derive(Default)]
pub struct Composite {
    propagators: Vec<Box<dyn Propagator>>,
}

impl Composite {
    /// Returns one of no formats, which reads and writes nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a format, which gives way to those that were added before.
    #[must_use = "this returns the composite with the format"]
    pub fn and(mut self, propagator: impl Propagator) -> Self {
        self.propagators.push(Box::new(propagator));
        self
    }
}

impl Propagator for Composite {
    fn fields(&self) -> Vec<&'static str> {
        let mut fields = Vec::new();
        for field in self.propagators.iter().flat_map(|propagator| propagator.fields()) {
            if !fields.contains(&field) {
                fields.push(field);
            }
        }
        fields
    }

    fn inject(&self, context: &Context, carrier: &mut dyn Inject) {
        // The first ones last, so that they have the last word where two write under one name.
        for propagator in self.propagators.iter().rev() {
            propagator.inject(context, carrier);
        }
    }

    fn extract(&self, carrier: &dyn Extract) -> Result<Option<Context>, Corrupt> {
        let mut found: Option<Context> = None;
        let mut corrupt = None;
        // The last ones first, so that what has precedence takes the place of what has less.
        for propagator in self.propagators.iter().rev() {
            match propagator.extract(carrier) {
                Ok(Some(context)) => found = Some(over(found.take(), context)),
                Ok(None) => {}
                Err(error) => corrupt = Some(error),
            }
        }
        match corrupt {
            Some(corrupt) if found.as_ref().is_none_or(|found| found.trace_id().is_none()) => Err(corrupt),
            _ => Ok(found),
        }
    }
}

/// Returns the second context with the baggage of both; the first one's place where the second has none.
fn over(below: Option<Context>, above: Context) -> Context {
    let Some(below) = below else { return above };
    let place = if above.trace_id().is_some() { &above } else { &below };
    place.with_baggage_of(&below).with_baggage_of(&above)
}

impl fmt::Debug for Composite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Composite").field("fields", &self.fields()).finish()
    }
}
