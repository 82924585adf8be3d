//! How a span went, and where the program was, in more words than a verdict.

use std::sync::{Mutex, OnceLock, PoisonError};

use trackway_model::{SpanRecord, StatusCode, Value};
use trackway_wire::json_text;
use trackway_wire::opencensus::{STACK_TRACE, STACK_TRACE_HASH, STATUS_CODE, STATUS_DETAILS, StackTrace};

use super::{Span, add_attribute, set_status};
use crate::bounded::BoundedMap;
use crate::canonical;
use crate::limits::Limits;
use crate::{collector, record};

/// How many stack traces of traces are known to have been told.
const MOST_TOLD: usize = 4096;

impl<D> Span<D> {
    /// Records how the span went by a canonical code: its verdict and message as [`status`](Self::status) does, so that `Ok` is final;
    /// of an error also the code, as the attribute `status.code`, and the details as JSON under `status.details`.
    pub fn outcome(&self, status: &canonical::Status) -> &Self {
        self.change(|record, limits| write(record, limits, status));
        self
    }

    /// Records where the program was: the attribute `code.stacktrace` with a line each call, and its hash under
    /// `code.stacktrace.hash`.
    ///
    /// Of equal ones in a trace this process tells the first in full and of the others the hash, since what fails does so
    /// many times in the same place.
    ///
    /// ```
    /// use std::backtrace::Backtrace;
    /// use trackway::StackTrace;
    ///
    /// let span = trackway::tracer().span("query").start();
    /// if span.is_recording() {
    ///     span.stack_trace(&StackTrace::from(&Backtrace::force_capture())); // takes milliseconds
    /// }
    /// ```
    pub fn stack_trace(&self, stack: &StackTrace) -> &Self {
        if !self.is_recording() {
            return self;
        }
        let hash = stack.hash_id();
        let text = is_first(self.context.trace, hash).then(|| stack.to_string());
        self.change(|record, limits| {
            let (list, dropped) = (&mut record.attributes, &mut record.dropped.attributes);
            if let Some(text) = text {
                add_attribute(list, dropped, limits, STACK_TRACE, Value::from(text));
            }
            add_attribute(list, dropped, limits, STACK_TRACE_HASH, Value::from(format!("{hash:016x}")));
        });
        self
    }
}

/// Records an outcome, in the place of an earlier one that was not Ok.
pub(crate) fn write(record: &mut SpanRecord, limits: &Limits, status: &canonical::Status) {
    if record.status.code == StatusCode::Ok {
        return;
    }
    let message = record::cut(status.message.as_deref().unwrap_or_default(), limits.value_bytes);
    set_status(&mut record.status, status.verdict(), message);
    record.attributes.0.retain(|(key, _)| ![STATUS_CODE, STATUS_DETAILS].contains(&&**key));
    for (key, value) in attributes(status) {
        add_attribute(&mut record.attributes, &mut record.dropped.attributes, limits, key, value);
    }
}

/// Returns what OpenTelemetry's status has no place for.
pub(crate) fn attributes(status: &canonical::Status) -> Vec<(&'static str, Value)> {
    let mut attributes = Vec::new();
    if !status.is_ok() {
        attributes.push((STATUS_CODE, Value::from(status.code.number())));
    }
    if !status.details.is_empty() {
        let mut text = String::new();
        json_text::value(&mut text, &Value::Array(status.details.clone()));
        attributes.push((STATUS_DETAILS, Value::from(text)));
    }
    attributes
}

/// Returns true for a stack trace that this process has not told of in that trace, as far as it remembers.
fn is_first(trace: u128, hash: u64) -> bool {
    static TOLD: OnceLock<Mutex<BoundedMap<(u128, u64), ()>>> = OnceLock::new();
    let told = TOLD.get_or_init(|| Mutex::new(BoundedMap::new(MOST_TOLD)));
    collector::unforked(|| told.lock().unwrap_or_else(PoisonError::into_inner).insert((trace, hash), ()).is_none())
}
