//! A request: spans by their scope and resource, as `ExportTraceServiceRequest` nests them.

use std::{collections::HashMap, hash::Hash, sync::Arc};

use trackway_model::{Resource, Scope, SpanRecord};

use super::{
    attribute::{RESOURCE_ATTRIBUTES, SCOPE_ATTRIBUTES, attributes},
    field::{message, number_unless_zero, text_unless_empty},
    span::record,
};

/// The field of a request that its `ResourceSpans` are.
const RESOURCE_SPANS: u32 = 1;
/// The field of a `ResourceSpans` that its `ScopeSpans` are.
const SCOPE_SPANS: u32 = 2;
/// About how many bytes a span takes.
const SPAN_LEN: usize = 256;

/// Appends a resource as the fields of a `ResourceSpans` that tell of it: `resource` and `schema_url`.
pub fn resource(out: &mut Vec<u8>, resource: &Resource) {
    message(out, 1, resource.attributes.heap_bytes(), |out| {
        attributes(out, RESOURCE_ATTRIBUTES, &resource.attributes);
        number_unless_zero(out, 2, resource.dropped_attributes.into());
    });
    text_unless_empty(out, 3, &resource.schema_url);
}

/// Appends a scope as the fields of a `ScopeSpans` that tell of it: `scope` and `schema_url`.
pub fn scope(out: &mut Vec<u8>, scope: &Scope) {
    message(out, 1, scope.name.len() + scope.version.len() + scope.attributes.heap_bytes(), |out| {
        text_unless_empty(out, 1, &scope.name);
        text_unless_empty(out, 2, &scope.version);
        attributes(out, SCOPE_ATTRIBUTES, &scope.attributes);
        number_unless_zero(out, 4, scope.dropped_attributes.into());
    });
    text_unless_empty(out, 3, &scope.schema_url);
}

/// Returns an `ExportTraceServiceRequest` with spans of one resource and one scope.
///
/// Each of `spans` holds whole spans as [`span`](fn@super::span) or [`record`] append them: one, many or none. For a second
/// scope or resource, append its request to this one.
pub fn request<S: AsRef<[u8]>>(resource: &Resource, scope: &Scope, spans: &[S]) -> Vec<u8> {
    let length: usize = spans.iter().map(|chunk| chunk.as_ref().len()).sum();
    let mut out = Vec::with_capacity(length + SPAN_LEN);
    message(&mut out, RESOURCE_SPANS, length, |out| {
        self::resource(out, resource);
        message(out, SCOPE_SPANS, length, |out| {
            self::scope(out, scope);
            for chunk in spans {
                out.extend_from_slice(chunk.as_ref());
            }
        });
    });
    out
}

/// Returns an `ExportTraceServiceRequest` with all records, each under its resource and its scope.
///
/// Equal resources become one, and so do equal scopes of a resource. They come in the order in which the records first name
/// them, and the records of a scope in their own order. The project of a record is not sent: the receiver reads it from the
/// resource.
pub fn records(records: &[SpanRecord]) -> Vec<u8> {
    let mut out = Vec::with_capacity(records.len() * SPAN_LEN);
    let places = by_resource_and_scope(records);
    for of_resource in places.chunk_by(|a, b| a.resource == b.resource) {
        let Some(first) = of_resource.first() else { continue };
        message(&mut out, RESOURCE_SPANS, of_resource.len() * SPAN_LEN, |out| {
            resource(out, &first.record.resource);
            for of_scope in of_resource.chunk_by(|a, b| a.scope == b.scope) {
                scope_spans(out, of_scope);
            }
        });
    }
    out
}

fn scope_spans(out: &mut Vec<u8>, places: &[Place<'_>]) {
    let Some(first) = places.first() else { return };
    message(out, SCOPE_SPANS, places.len() * SPAN_LEN, |out| {
        scope(out, &first.record.scope);
        for place in places {
            record(out, place.record);
        }
    });
}

/// Where a record belongs.
struct Place<'a> {
    /// The position of the first record with an equal resource.
    resource: usize,
    /// The position of the first record with an equal resource and an equal scope.
    scope: usize,
    record: &'a SpanRecord,
}

fn by_resource_and_scope(records: &[SpanRecord]) -> Vec<Place<'_>> {
    let mut resources = Firsts::default();
    let mut scopes = Firsts::default();
    let mut places = Vec::with_capacity(records.len());
    for (position, record) in records.iter().enumerate() {
        let resource = resources.first((), &record.resource, position, self::resource);
        let scope = scopes.first(resource, &record.scope, position, self::scope);
        places.push(Place { resource, scope, record });
    }
    places.sort_by_key(|place| (place.resource, place.scope));
    places
}

/// Where things were first seen, apart for each `W` that they lie within.
///
/// Most equal things are the same thing in memory; of the others, equal bytes tell, since what is written is all there is.
struct Firsts<W, T> {
    by_address: HashMap<(W, *const T), usize>,
    by_content: HashMap<(W, Vec<u8>), usize>,
}

impl<W, T> Default for Firsts<W, T> {
    fn default() -> Self {
        Self { by_address: HashMap::new(), by_content: HashMap::new() }
    }
}

impl<W: Copy + Eq + Hash, T> Firsts<W, T> {
    /// Returns the position at which an equal thing was first seen within the same: `position` when this is the first.
    fn first(&mut self, within: W, thing: &Arc<T>, position: usize, write: fn(&mut Vec<u8>, &T)) -> usize {
        *self.by_address.entry((within, Arc::as_ptr(thing))).or_insert_with(|| {
            let mut content = Vec::new();
            write(&mut content, thing);
            *self.by_content.entry((within, content)).or_insert(position)
        })
    }
}
