//! What is counted of traces, read from the few columns that tell it: a deletion does not wait for the others.

use arrow_array::{FixedSizeBinaryArray, Int64Array, RecordBatch};
use trackway_model::TraceId;

use super::{
    read::Segment,
    record::{Words, column},
    schema,
};
use crate::Error;

/// What is counted of a row.
pub(crate) struct Operation<'a> {
    /// The trace that it is of.
    pub(crate) trace: TraceId,
    /// The service that the span is of.
    pub(crate) service: &'a str,
    /// The name of the span.
    pub(crate) name: &'a str,
    /// Whether it failed.
    pub(crate) is_error: bool,
}

impl Segment {
    /// Gives what is counted of each row of traces to `each`; of other traces as well, which lie among them.
    ///
    /// # Errors
    /// As [`ranges`](Self::ranges).
    pub(crate) fn each_operation(&self, ids: &[TraceId], each: &mut dyn FnMut(Operation<'_>)) -> Result<(), Error> {
        let mut ranges = Vec::with_capacity(ids.len());
        for id in ids {
            ranges.extend(self.ranges(*id)?);
        }
        let mask = self.columns(&[schema::TRACE_ID, schema::SERVICE, schema::NAME, schema::STATUS]);
        for batch in self.batches(ranges, mask)? {
            let batch = batch.map_err(|error| self.damaged(error))?;
            note_operations(&batch, each).map_err(|reason| self.damaged(reason))?;
        }
        Ok(())
    }

    /// Returns the sequence of the row of a trace that came first; `None` when there is none.
    ///
    /// # Errors
    /// As [`ranges`](Self::ranges).
    pub(crate) fn first_sequence(&self, id: TraceId) -> Result<Option<u64>, Error> {
        let mask = self.columns(&[schema::SEQUENCE, schema::TRACE_ID]);
        let mut first = None;
        for batch in self.batches(self.ranges(id)?, mask)? {
            let batch = batch.map_err(|error| self.damaged(error))?;
            let of_batch = first_of(&batch, id).map_err(|reason| self.damaged(reason))?;
            first = [first, of_batch].into_iter().flatten().min();
        }
        Ok(first)
    }
}

fn note_operations(batch: &RecordBatch, each: &mut dyn FnMut(Operation<'_>)) -> Result<(), String> {
    let ids: &FixedSizeBinaryArray = column(batch, schema::TRACE_ID)?;
    let [services, names, statuses] = [schema::SERVICE, schema::NAME, schema::STATUS];
    let (services, names) = (Words::of(batch, services)?, Words::of(batch, names)?);
    let statuses = Words::of(batch, statuses)?;
    for row in 0..batch.num_rows() {
        each(Operation {
            trace: TraceId::from_slice(ids.value(row)).map_err(|error| error.to_string())?,
            service: services.get(row).unwrap_or_default(),
            name: names.get(row).unwrap_or_default(),
            is_error: statuses.get(row) == Some("error"),
        });
    }
    Ok(())
}

fn first_of(batch: &RecordBatch, id: TraceId) -> Result<Option<u64>, String> {
    let ids: &FixedSizeBinaryArray = column(batch, schema::TRACE_ID)?;
    let sequences: &Int64Array = column(batch, schema::SEQUENCE)?;
    let of_trace = (0..batch.num_rows()).filter(|row| ids.value(*row) == id.bytes());
    Ok(of_trace.map(|row| sequences.value(row) as u64).min())
}
