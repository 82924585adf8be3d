//! The parts of a span that are JSON texts in their columns; a field at its default is left out.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use trackway_model::{Attributes, Event, Foreign, Link, Resource, Scope, SpanId, Timestamp, TraceId};

use super::typed_json::{Named, read, write};

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[derive(Serialize, Deserialize)]
struct Source<'a> {
    #[serde(default, skip_serializing_if = "str::is_empty")]
    name: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "str::is_empty")]
    version: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Named::is_empty")]
    attributes: Named<'a>,
    #[serde(default, skip_serializing_if = "is_default")]
    dropped_attributes: u32,
    #[serde(default, skip_serializing_if = "str::is_empty")]
    schema_url: Cow<'a, str>,
}

pub(super) fn write_resource(resource: &Resource) -> Result<String, String> {
    let Resource { attributes, dropped_attributes, schema_url } = resource;
    write(&Source {
        name: "".into(),
        version: "".into(),
        attributes: attributes.into(),
        dropped_attributes: *dropped_attributes,
        schema_url: Cow::Borrowed(schema_url),
    })
}

pub(super) fn read_resource(text: &str) -> Result<Resource, String> {
    let Source { attributes, dropped_attributes, schema_url, .. } = read(text)?;
    Ok(Resource { attributes: attributes.into(), dropped_attributes, schema_url: (*schema_url).into() })
}

pub(super) fn write_scope(scope: &Scope) -> Result<String, String> {
    let Scope { name, version, attributes, dropped_attributes, schema_url } = scope;
    write(&Source {
        name: Cow::Borrowed(name),
        version: Cow::Borrowed(version),
        attributes: attributes.into(),
        dropped_attributes: *dropped_attributes,
        schema_url: Cow::Borrowed(schema_url),
    })
}

pub(super) fn read_scope(text: &str) -> Result<Scope, String> {
    let Source { name, version, attributes, dropped_attributes, schema_url } = read(text)?;
    Ok(Scope {
        name: (*name).into(),
        version: (*version).into(),
        attributes: attributes.into(),
        dropped_attributes,
        schema_url: (*schema_url).into(),
    })
}

pub(crate) fn write_attributes(attributes: &Attributes) -> Result<String, String> {
    write(&Named::from(attributes))
}

pub(crate) fn read_attributes(text: &str) -> Result<Attributes, String> {
    read::<Named<'_>>(text).map(Attributes::from)
}

#[derive(Serialize, Deserialize)]
struct Happened<'a> {
    /// Nanoseconds since 1970.
    time: u64,
    name: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Named::is_empty")]
    attributes: Named<'a>,
    #[serde(default, skip_serializing_if = "is_default")]
    dropped_attributes: u32,
}

impl<'a> Happened<'a> {
    fn of(event: &'a Event) -> Self {
        let Event { time, name, attributes, dropped_attributes } = event;
        Self {
            time: time.0,
            name: Cow::Borrowed(name),
            attributes: attributes.into(),
            dropped_attributes: *dropped_attributes,
        }
    }
}

pub(crate) fn write_events(events: &[Event]) -> Result<String, String> {
    write(&events.iter().map(Happened::of).collect::<Vec<_>>())
}

pub(crate) fn read_events(text: &str) -> Result<Vec<Event>, String> {
    let event = |Happened { time, name, attributes, dropped_attributes }: Happened<'_>| Event {
        time: Timestamp(time),
        name: (*name).into(),
        attributes: attributes.into(),
        dropped_attributes,
    };
    Ok(read::<Vec<Happened<'_>>>(text)?.into_iter().map(event).collect())
}

#[derive(Serialize, Deserialize)]
struct Related<'a> {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trace_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    span_id: Option<String>,
    #[serde(default, skip_serializing_if = "str::is_empty")]
    trace_state: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "is_default")]
    flags: u32,
    #[serde(default, skip_serializing_if = "Named::is_empty")]
    attributes: Named<'a>,
    #[serde(default, skip_serializing_if = "is_default")]
    dropped_attributes: u32,
}

impl<'a> Related<'a> {
    fn of(link: &'a Link) -> Self {
        Self {
            trace_id: link.trace_id.map(|id| id.to_string()),
            span_id: link.span_id.map(|id| id.to_string()),
            trace_state: Cow::Borrowed(&link.trace_state),
            flags: link.flags,
            attributes: (&link.attributes).into(),
            dropped_attributes: link.dropped_attributes,
        }
    }

    fn link(self) -> Result<Link, String> {
        let trace_id = self.trace_id.map(|id| id.parse::<TraceId>()).transpose();
        let span_id = self.span_id.map(|id| id.parse::<SpanId>()).transpose();
        Ok(Link {
            trace_id: trace_id.map_err(|error| error.to_string())?,
            span_id: span_id.map_err(|error| error.to_string())?,
            trace_state: (*self.trace_state).into(),
            flags: self.flags,
            attributes: self.attributes.into(),
            dropped_attributes: self.dropped_attributes,
        })
    }
}

pub(super) fn write_links(links: &[Link]) -> Result<String, String> {
    write(&links.iter().map(Related::of).collect::<Vec<_>>())
}

pub(super) fn read_links(text: &str) -> Result<Vec<Link>, String> {
    read::<Vec<Related<'_>>>(text)?.into_iter().map(Related::link).collect()
}

#[derive(Serialize, Deserialize)]
struct Original<'a> {
    id: Cow<'a, str>,
    trace_id: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    parent_id: Option<Cow<'a, str>>,
}

pub(super) fn write_foreign(foreign: &Foreign) -> Result<String, String> {
    let Foreign { id, trace_id, parent_id } = foreign;
    write(&Original {
        id: Cow::Borrowed(id),
        trace_id: Cow::Borrowed(trace_id),
        parent_id: parent_id.as_deref().map(Cow::Borrowed),
    })
}

pub(super) fn read_foreign(text: &str) -> Result<Foreign, String> {
    let Original { id, trace_id, parent_id } = read(text)?;
    let parent_id = parent_id.map(|id| (*id).into());
    Ok(Foreign { id: (*id).into(), trace_id: (*trace_id).into(), parent_id })
}
