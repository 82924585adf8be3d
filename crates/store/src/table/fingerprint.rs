//! Short numbers that stand for long content.
//!
//! Equal content has equal fingerprints, so that a record is compared with the few that may be its twin, not with
//! every one that a client gave the same ids. The keys are secret: nobody can make records that collide.

use std::{
    hash::{BuildHasher, Hash, Hasher, RandomState},
    sync::Arc,
};

use super::keys::Keys;
use trackway_model::{Attributes, Event, Resource, Scope, SpanEvent, SpanRecord, Value};

/// A record with its fingerprints: the work that needs no lock.
pub(crate) struct PreparedSpan {
    pub(crate) record: Arc<SpanRecord>,
    pub(crate) print: u64,
    pub(crate) resource_print: u64,
    pub(crate) scope_print: u64,
    /// About how much memory the record will take.
    pub(crate) bytes: u64,
}

/// The resource and the scope that came last, with their fingerprints: the spans of one process come one after another and
/// share them.
#[derive(Default)]
pub(super) struct Memo {
    resource: Option<(Arc<Resource>, u64)>,
    scope: Option<(Arc<Scope>, u64)>,
}

/// Makes records ready for the table, with the same fingerprints for the same content.
#[derive(Default)]
pub(crate) struct Fingerprints {
    keys: Keys,
    secret: RandomState,
}

impl Fingerprints {
    pub(crate) fn prepare(&self, spans: Vec<SpanRecord>) -> Vec<PreparedSpan> {
        let mut memo = Memo::default();
        let prepare = |mut record: SpanRecord| {
            shrink(&mut record);
            let saved = self.keys.share(&mut record);
            let span = self.prepare_span(Arc::new(record), &mut memo);
            PreparedSpan { bytes: span.bytes.saturating_sub(saved as u64), ..span }
        };
        spans.into_iter().map(prepare).collect()
    }

    /// Makes a record ready that others hold, too.
    pub(super) fn prepare_span(&self, record: Arc<SpanRecord>, memo: &mut Memo) -> PreparedSpan {
        let resource_print = match &memo.resource {
            Some((last, print)) if Arc::ptr_eq(last, &record.resource) => *print,
            _ => self.of_resource(&record.resource),
        };
        memo.resource = Some((Arc::clone(&record.resource), resource_print));
        let scope_print = match &memo.scope {
            Some((last, print)) if Arc::ptr_eq(last, &record.scope) => *print,
            _ => self.of_scope(&record.scope),
        };
        memo.scope = Some((Arc::clone(&record.scope), scope_print));
        let print = self.of(|mut hasher| {
            (resource_print, scope_print).hash(&mut hasher);
            hash_span(&record, hasher);
        });
        let bytes = super::span_bytes(&record) as u64;
        PreparedSpan { record, print, resource_print, scope_print, bytes }
    }

    pub(crate) fn of_span(&self, span: &SpanRecord) -> u64 {
        self.of(|hasher| {
            hash_resource(&span.resource, hasher);
            hash_scope(&span.scope, hasher);
            hash_span(span, hasher);
        })
    }

    pub(crate) fn of_resource(&self, resource: &Resource) -> u64 {
        self.of(|hasher| hash_resource(resource, hasher))
    }

    pub(crate) fn of_scope(&self, scope: &Scope) -> u64 {
        self.of(|hasher| hash_scope(scope, hasher))
    }

    /// The fingerprint of an event together with its span.
    pub(crate) fn of_late(&self, late: &SpanEvent) -> u64 {
        self.of(|mut hasher| {
            late.span_id.hash(&mut hasher);
            hash_event(&late.event, hasher);
        })
    }

    pub(crate) fn of_event(&self, event: &Event) -> u64 {
        self.of(|hasher| hash_event(event, hasher))
    }

    fn of(&self, content: impl FnOnce(&mut dyn Hasher)) -> u64 {
        let mut hasher = self.secret.build_hasher();
        content(&mut hasher);
        hasher.finish()
    }
}

/// Gives back what a list reserved while it grew: a record is kept for long and never grows again.
fn shrink(record: &mut SpanRecord) {
    record.attributes.0.shrink_to_fit();
    record.events.shrink_to_fit();
    record.links.shrink_to_fit();
}

fn hash_span(span: &SpanRecord, mut hasher: &mut dyn Hasher) {
    let SpanRecord { trace_id, span_id, parent_id, flags, trace_state, name, kind, start, end, .. } = span;
    (trace_id, span_id, parent_id, flags, trace_state, name, kind, start, end).hash(&mut hasher);
    let SpanRecord { attributes, events, links, status, dropped, project, .. } = span;
    (status.code, &status.message, dropped.attributes, dropped.events, dropped.links, project).hash(&mut hasher);
    // What else a record says of itself is read from its attributes.
    span.repeats.hash(&mut hasher);
    if let Some(foreign) = &span.foreign {
        (&foreign.id, &foreign.trace_id, &foreign.parent_id).hash(&mut hasher);
    }
    hash_attributes(attributes, hasher);
    events.iter().for_each(|event| hash_event(event, hasher));
    for link in links {
        (link.trace_id, link.span_id, &link.trace_state, link.flags, link.dropped_attributes).hash(&mut hasher);
        hash_attributes(&link.attributes, hasher);
    }
}

fn hash_event(event: &Event, mut hasher: &mut dyn Hasher) {
    (event.time, &event.name, event.dropped_attributes).hash(&mut hasher);
    hash_attributes(&event.attributes, hasher);
}

fn hash_resource(resource: &Resource, mut hasher: &mut dyn Hasher) {
    (resource.dropped_attributes, &resource.schema_url).hash(&mut hasher);
    hash_attributes(&resource.attributes, hasher);
}

fn hash_scope(scope: &Scope, mut hasher: &mut dyn Hasher) {
    (&scope.name, &scope.version, scope.dropped_attributes, &scope.schema_url).hash(&mut hasher);
    hash_attributes(&scope.attributes, hasher);
}

fn hash_attributes(attributes: &Attributes, mut hasher: &mut dyn Hasher) {
    hasher.write_usize(attributes.len());
    for (key, value) in attributes.iter() {
        key.hash(&mut hasher);
        hash_value(value, hasher);
    }
}

fn hash_value(value: &Value, mut hasher: &mut dyn Hasher) {
    std::mem::discriminant(value).hash(&mut hasher);
    match value {
        Value::Empty => {}
        Value::Bool(it) => it.hash(&mut hasher),
        Value::Int(it) => it.hash(&mut hasher),
        Value::Double(it) => it.to_bits().hash(&mut hasher),
        Value::Text(it) => it.hash(&mut hasher),
        Value::Bytes(it) => it.hash(&mut hasher),
        Value::Array(items) => {
            hasher.write_usize(items.len());
            items.iter().for_each(|item| hash_value(item, hasher));
        }
        Value::Map(map) => hash_attributes(map, hasher),
    }
}
