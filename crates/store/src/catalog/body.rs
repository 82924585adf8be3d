//! Records as the texts that the catalog keeps.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use trackway_model::{Event, SpanEvent, SpanId, Text, TraceId, TraceRecord};

use crate::segment::{read_attributes, read_events, write_attributes, write_events};

#[derive(Serialize, Deserialize)]
struct ToldTrace<'a> {
    original_id: Cow<'a, str>,
    name: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    group: Option<Cow<'a, str>>,
    project: Cow<'a, str>,
    /// A text of its own: attributes in the form in which segments keep them.
    metadata: Cow<'a, str>,
}

pub(super) fn write_told(record: &TraceRecord) -> Result<String, String> {
    let TraceRecord { trace_id: _, original_id, name, group, metadata, project } = record;
    let told = ToldTrace {
        original_id: Cow::Borrowed(original_id),
        name: Cow::Borrowed(name),
        group: group.as_deref().map(Cow::Borrowed),
        project: Cow::Borrowed(project),
        metadata: write_attributes(metadata)?.into(),
    };
    serde_json::to_string(&told).map_err(|error| error.to_string())
}

pub(super) fn read_told(trace_id: TraceId, body: &str) -> Result<TraceRecord, String> {
    let told: ToldTrace<'_> = serde_json::from_str(body).map_err(|error| error.to_string())?;
    Ok(TraceRecord {
        trace_id,
        original_id: (*told.original_id).into(),
        name: (*told.name).into(),
        group: told.group.map(|group| Text::from(&*group)),
        metadata: read_attributes(&told.metadata)?,
        project: (*told.project).into(),
    })
}

pub(super) fn write_event(event: &Event) -> Result<String, String> {
    write_events(std::slice::from_ref(event))
}

pub(super) fn read_event(trace_id: TraceId, span_id: SpanId, body: &str) -> Result<SpanEvent, String> {
    let mut events = read_events(body)?;
    let event = events.pop().filter(|_| events.is_empty()).ok_or("not one event")?;
    Ok(SpanEvent { trace_id, span_id, event })
}
