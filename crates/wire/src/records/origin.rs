//! What the spans of one log have in common, which is told once.

use std::sync::Arc;

use trackway_model::{Resource, RunKey, Scope, SpanRecord};

use super::span;

/// Where the spans of a log come from: the library and the process that the last of them named.
///
/// A span in a log leaves out what the one before said of that, what the log is the run of, and the attributes that name the
/// run and the step it is in.
///
/// ```
/// use std::sync::Arc;
/// use trackway_model::RunKey;
/// use trackway_wire::records::{Item, Origin, decode};
///
/// let run = Arc::new(RunKey { project: "demo".into(), partition: None, app: "chat".into() });
/// let line = r#"{"type":"span","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","span_id":"00f067aa0ba902b7","name":"parse",
///     "start":"2026-11-20T15:26:38.5Z","step":{"sequence":3,"attempt":0},"scope":{"name":"parser"}}"#;
/// let Item::Span(span) = decode(line.as_bytes(), &run)? else { panic!("a span") };
///
/// let mut origin = Origin::default();
/// assert!(origin.encode(&run, &span).contains("parser"));
/// assert!(!origin.encode(&run, &span).contains("parser"));
/// # Ok::<(), String>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Origin(pub(super) Option<(Arc<Scope>, Arc<Resource>)>);

impl Origin {
    /// Writes a span of a run behind those before, without the end of the line.
    pub fn encode(&mut self, run: &RunKey, span: &SpanRecord) -> String {
        let is_told = self.0.as_ref().is_some_and(|(scope, resource)| {
            let is_same = Arc::ptr_eq(scope, &span.scope) && Arc::ptr_eq(resource, &span.resource);
            is_same || (*scope == span.scope && *resource == span.resource)
        });
        if !is_told {
            self.0 = Some((Arc::clone(&span.scope), Arc::clone(&span.resource)));
        }
        span::encode_in(run, is_told, span)
    }

    /// Reads a span of a run behind those before.
    pub(super) fn decode(&mut self, run: &RunKey, line: &[u8]) -> Result<SpanRecord, String> {
        let span = span::decode(line, run, self)?;
        self.0 = Some((Arc::clone(&span.scope), Arc::clone(&span.resource)));
        Ok(span)
    }
}
