//! The line of a span.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use trackway_model::{
    Attributes, Dropped, Event, Foreign, Link, Repeats, Resource, RunKey, Scope, SpanId, SpanKind, SpanRecord, Status,
    StatusCode, StepKey, Text, TraceId, Value, keys,
};

use super::{
    Origin,
    field::{Id, Time, line, read},
    step,
    value::{Attribute, attributes, count, list},
};
use crate::decoded::MOST_VALUES;

/// Writes a span as it stands by itself.
pub(super) fn encode(span: &SpanRecord) -> String {
    let origin = Some((&*span.scope, &*span.resource));
    line("span", &Line { project: Some(span.project.to_string()), ..Line::of(span, &span.attributes.0, origin) })
}

/// Writes a span of a run, of which its line need not tell; nor, if that is told already, where the span comes from.
pub(super) fn encode_in(run: &RunKey, has_origin: bool, span: &SpanRecord) -> String {
    let step = step_of(run, &span.attributes);
    let named = step.map_or(0, |step| step::mark(run, step).0.len());
    let attributes = span.attributes.0.get(named..).unwrap_or_default();
    let origin = Some((&*span.scope, &*span.resource)).filter(|_| !has_origin);
    let project = Some(&span.project).filter(|project| **project != run.project);
    let fields = Line {
        project: project.map(ToString::to_string),
        step: step.map(Into::into),
        ..Line::of(span, attributes, origin)
    };
    line("span", &fields)
}

/// Returns the step that the first attributes name, if they name all of it, and its run.
fn step_of(run: &RunKey, attributes: &Attributes) -> Option<StepKey> {
    let number = |key| match attributes.iter().find(|(name, _)| *name == key)? {
        (_, Value::Int(number)) => Some(*number),
        _ => None,
    };
    let attempt = u32::try_from(number(keys::TRACKWAY_STEP_ATTEMPT)?).ok()?;
    let step = StepKey { sequence: number(keys::TRACKWAY_STEP_SEQUENCE)?, attempt };
    attributes.0.starts_with(&step::mark(run, step).0).then_some(step)
}

/// Reads a span of a run; `origin` is where it comes from unless it says that itself.
pub(super) fn decode(line: &[u8], run: &RunKey, origin: &Origin) -> Result<SpanRecord, String> {
    let span = read::<Line>(line)?.span(run, origin)?;
    let of_events = span.events.iter().map(|event| &event.attributes);
    let of_links = span.links.iter().map(|link| &link.attributes);
    let values: usize = [&span.attributes].into_iter().chain(of_events).chain(of_links).map(count).sum();
    if values > MOST_VALUES { Err(format!("it holds more than {MOST_VALUES} values")) } else { Ok(span) }
}

#[derive(Serialize, Deserialize)]
struct Line {
    trace_id: Id<TraceId>,
    span_id: Id<SpanId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    parent_id: Option<Id<SpanId>>,
    #[serde(default, skip_serializing_if = "is_default")]
    flags: u32,
    #[serde(default, skip_serializing_if = "is_default")]
    trace_state: String,
    name: String,
    #[serde(default, skip_serializing_if = "is_default")]
    kind: Kind,
    start: Time,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    end: Option<Time>,
    #[serde(default, skip_serializing_if = "is_default")]
    status: Verdict,
    #[serde(default, skip_serializing_if = "is_default")]
    message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    step: Option<Step>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    attributes: Vec<Attribute>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    events: Vec<Happened>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    links: Vec<Related>,
    #[serde(default, skip_serializing_if = "is_default")]
    dropped: Lost,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scope: Option<Source>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    resource: Option<Source>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    project: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    original: Option<Original>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    replaces: bool,
}

#[derive(Serialize, Deserialize, Default, PartialEq, Clone, Copy)]
#[serde(rename_all = "snake_case")]
enum Kind {
    #[default]
    Unspecified,
    Internal,
    Server,
    Client,
    Producer,
    Consumer,
}

#[derive(Serialize, Deserialize, Default, PartialEq, Clone, Copy)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    #[default]
    Unset,
    Ok,
    Error,
}

/// The step that a span is in; its first attributes name the run and the step.
#[derive(Serialize, Deserialize, Clone, Copy)]
struct Step {
    sequence: i64,
    #[serde(default)]
    attempt: u32,
}

#[derive(Serialize, Deserialize)]
struct Happened {
    time: Time,
    name: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    attributes: Vec<Attribute>,
    #[serde(default, skip_serializing_if = "is_default")]
    dropped_attributes: u32,
}

#[derive(Serialize, Deserialize)]
struct Related {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trace_id: Option<Id<TraceId>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    span_id: Option<Id<SpanId>>,
    #[serde(default, skip_serializing_if = "is_default")]
    trace_state: String,
    #[serde(default, skip_serializing_if = "is_default")]
    flags: u32,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    attributes: Vec<Attribute>,
    #[serde(default, skip_serializing_if = "is_default")]
    dropped_attributes: u32,
}

/// How much the client left out.
#[derive(Serialize, Deserialize, Default, PartialEq, Clone, Copy)]
#[serde(default)]
struct Lost {
    attributes: u32,
    events: u32,
    links: u32,
}

/// The library or the process that recorded a span; a process has no name but the one in its attributes.
#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct Source {
    #[serde(skip_serializing_if = "is_default")]
    name: String,
    #[serde(skip_serializing_if = "is_default")]
    version: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attributes: Vec<Attribute>,
    #[serde(skip_serializing_if = "is_default")]
    dropped_attributes: u32,
    #[serde(skip_serializing_if = "is_default")]
    schema_url: String,
}

/// The ids of a client that has ids of its own.
#[derive(Serialize, Deserialize)]
struct Original {
    id: String,
    trace_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    parent_id: Option<String>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Line {
    /// Returns the line of a span with some of its attributes, and with what it comes from; without its project and step.
    fn of(span: &SpanRecord, told: &[(Text, Value)], origin: Option<(&Scope, &Resource)>) -> Self {
        let Dropped { attributes, events, links } = span.dropped;
        Self {
            trace_id: Id(span.trace_id),
            span_id: Id(span.span_id),
            parent_id: span.parent_id.map(Id),
            flags: span.flags,
            trace_state: span.trace_state.to_string(),
            name: span.name.to_string(),
            kind: Kind::of(span.kind),
            start: Time(span.start),
            end: span.end.map(Time),
            status: Verdict::of(span.status.code),
            message: span.status.message.to_string(),
            step: None,
            attributes: list(told),
            events: span.events.iter().map(Happened::of).collect(),
            links: span.links.iter().map(Related::of).collect(),
            dropped: Lost { attributes, events, links },
            scope: origin.map(|(scope, _)| Source::of_scope(scope)),
            resource: origin.map(|(_, resource)| Source::of_resource(resource)),
            project: None,
            original: span.foreign.as_deref().map(Original::of),
            replaces: span.repeats == Repeats::Replace,
        }
    }

    fn span(self, run: &RunKey, origin: &Origin) -> Result<SpanRecord, String> {
        let Lost { attributes: of_attributes, events, links } = self.dropped;
        let original = |it: Original| Foreign {
            id: it.id.into(),
            trace_id: it.trace_id.into(),
            parent_id: it.parent_id.map(Into::into),
        };
        let (scope, resource) = origin.0.clone().unwrap_or_default();
        let mut named = self.step.map_or_else(Attributes::default, |step| step::mark(run, step.into()));
        named.0.extend(attributes(self.attributes)?.0);
        Ok(SpanRecord {
            trace_id: self.trace_id.0,
            span_id: self.span_id.0,
            parent_id: self.parent_id.map(|id| id.0),
            flags: self.flags,
            trace_state: self.trace_state.into(),
            name: self.name.into(),
            kind: self.kind.kind(),
            start: self.start.0,
            end: self.end.map(|time| time.0),
            attributes: named,
            events: self.events.into_iter().map(Happened::event).collect::<Result<_, _>>()?,
            links: self.links.into_iter().map(Related::link).collect::<Result<_, _>>()?,
            status: Status { code: self.status.code(), message: self.message.into() },
            dropped: Dropped { attributes: of_attributes, events, links },
            scope: self.scope.map_or(Ok(scope), |it| it.scope().map(Arc::new))?,
            resource: self.resource.map_or(Ok(resource), |it| it.resource().map(Arc::new))?,
            project: self.project.map_or_else(|| run.project.clone(), Into::into),
            data: None,
            foreign: self.original.map(original).map(Box::new),
            repeats: if self.replaces { Repeats::Replace } else { Repeats::Stay },
        })
    }
}

impl From<Step> for StepKey {
    fn from(Step { sequence, attempt }: Step) -> Self {
        Self { sequence, attempt }
    }
}

impl From<StepKey> for Step {
    fn from(StepKey { sequence, attempt }: StepKey) -> Self {
        Self { sequence, attempt }
    }
}

impl Kind {
    fn of(kind: SpanKind) -> Self {
        match kind {
            SpanKind::Unspecified => Self::Unspecified,
            SpanKind::Internal => Self::Internal,
            SpanKind::Server => Self::Server,
            SpanKind::Client => Self::Client,
            SpanKind::Producer => Self::Producer,
            SpanKind::Consumer => Self::Consumer,
        }
    }

    fn kind(self) -> SpanKind {
        match self {
            Self::Unspecified => SpanKind::Unspecified,
            Self::Internal => SpanKind::Internal,
            Self::Server => SpanKind::Server,
            Self::Client => SpanKind::Client,
            Self::Producer => SpanKind::Producer,
            Self::Consumer => SpanKind::Consumer,
        }
    }
}

impl Verdict {
    fn of(code: StatusCode) -> Self {
        match code {
            StatusCode::Unset => Self::Unset,
            StatusCode::Ok => Self::Ok,
            StatusCode::Error => Self::Error,
        }
    }

    fn code(self) -> StatusCode {
        match self {
            Self::Unset => StatusCode::Unset,
            Self::Ok => StatusCode::Ok,
            Self::Error => StatusCode::Error,
        }
    }
}

impl Happened {
    fn of(event: &Event) -> Self {
        Self {
            time: Time(event.time),
            name: event.name.to_string(),
            attributes: list(&event.attributes.0),
            dropped_attributes: event.dropped_attributes,
        }
    }

    fn event(self) -> Result<Event, String> {
        let attributes = attributes(self.attributes)?;
        let dropped_attributes = self.dropped_attributes;
        Ok(Event { time: self.time.0, name: self.name.into(), attributes, dropped_attributes })
    }
}

impl Related {
    fn of(link: &Link) -> Self {
        Self {
            trace_id: link.trace_id.map(Id),
            span_id: link.span_id.map(Id),
            trace_state: link.trace_state.to_string(),
            flags: link.flags,
            attributes: list(&link.attributes.0),
            dropped_attributes: link.dropped_attributes,
        }
    }

    fn link(self) -> Result<Link, String> {
        Ok(Link {
            trace_id: self.trace_id.map(|id| id.0),
            span_id: self.span_id.map(|id| id.0),
            trace_state: self.trace_state.into(),
            flags: self.flags,
            attributes: attributes(self.attributes)?,
            dropped_attributes: self.dropped_attributes,
        })
    }
}

impl Source {
    fn of_scope(scope: &Scope) -> Self {
        Self {
            name: scope.name.to_string(),
            version: scope.version.to_string(),
            attributes: list(&scope.attributes.0),
            dropped_attributes: scope.dropped_attributes,
            schema_url: scope.schema_url.to_string(),
        }
    }

    fn of_resource(resource: &Resource) -> Self {
        Self {
            attributes: list(&resource.attributes.0),
            dropped_attributes: resource.dropped_attributes,
            schema_url: resource.schema_url.to_string(),
            ..Self::default()
        }
    }

    fn scope(self) -> Result<Scope, String> {
        Ok(Scope {
            name: self.name.into(),
            version: self.version.into(),
            attributes: attributes(self.attributes)?,
            dropped_attributes: self.dropped_attributes,
            schema_url: self.schema_url.into(),
        })
    }

    fn resource(self) -> Result<Resource, String> {
        Ok(Resource {
            attributes: attributes(self.attributes)?,
            dropped_attributes: self.dropped_attributes,
            schema_url: self.schema_url.into(),
        })
    }
}

impl Original {
    fn of(Foreign { id, trace_id, parent_id }: &Foreign) -> Self {
        Self {
            id: id.to_string(),
            trace_id: trace_id.to_string(),
            parent_id: parent_id.as_ref().map(ToString::to_string),
        }
    }
}
