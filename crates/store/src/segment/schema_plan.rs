//! What a segment will hold, counted before it is written.

use std::collections::HashMap;

use trackway_model::{SpanRecord, Text};

use super::{read::Segment, schema::Scalar};
use crate::Error;

/// How many values of each type there are.
pub(super) type Counts = [u64; Scalar::ALL.len()];

/// What the spans of a segment hold, from which its columns are chosen.
#[derive(Debug, Clone, Default)]
pub(crate) struct Plan {
    spans: u64,
    /// How often each key holds each type of a value.
    keys: HashMap<Text, Counts>,
}

impl Plan {
    /// Counts in a span that will be written.
    pub(crate) fn count(&mut self, span: &SpanRecord) {
        self.spans += 1;
        for (key, value) in &span.attributes.0 {
            let counts = match self.keys.get_mut(key) {
                Some(counts) => counts,
                None => self.keys.entry(key.clone()).or_default(),
            };
            if let Some(count) = Scalar::of(value).and_then(|scalar| counts.get_mut(scalar as usize)) {
                *count += 1;
            }
        }
    }

    /// Counts in the spans of a segment that will be written anew: what has a column there.
    ///
    /// # Errors
    /// [`Error::Segment`] when the segment does not tell how many values its columns have.
    pub(crate) fn count_segment(&mut self, segment: &Segment) -> Result<(), Error> {
        for span in segment.spans(&super::SegmentFilter::default())? {
            self.count(&span?.record);
        }
        Ok(())
    }

    /// Returns how many spans were counted.
    pub(crate) fn spans(&self) -> u64 {
        self.spans
    }

    /// Returns every key with how often it holds each type of a value.
    pub(super) fn keys(&self) -> impl Iterator<Item = (&Text, &Counts)> {
        self.keys.iter()
    }
}
