//! The messages of an OTLP trace request once more, so that the decoders' own types cannot hide their own mistakes.

use arbitrary::{Arbitrary, Result, Unstructured};
use prost::{Message, Oneof};

#[derive(Clone, PartialEq, Message, Arbitrary)]
pub struct Request {
    #[prost(message, repeated, tag = "1")]
    pub resource_spans: Vec<ResourceSpans>,
}

#[derive(Clone, PartialEq, Message, Arbitrary)]
pub struct ResourceSpans {
    #[prost(message, optional, tag = "1")]
    pub resource: Option<Resource>,
    #[prost(message, repeated, tag = "2")]
    pub scope_spans: Vec<ScopeSpans>,
    #[prost(string, tag = "3")]
    pub schema_url: String,
}

#[derive(Clone, PartialEq, Message, Arbitrary)]
pub struct Resource {
    #[prost(message, repeated, tag = "1")]
    pub attributes: Vec<KeyValue>,
    #[prost(uint32, tag = "2")]
    pub dropped_attributes_count: u32,
}

#[derive(Clone, PartialEq, Message, Arbitrary)]
pub struct ScopeSpans {
    #[prost(message, optional, tag = "1")]
    pub scope: Option<Scope>,
    #[prost(message, repeated, tag = "2")]
    pub spans: Vec<Span>,
    #[prost(string, tag = "3")]
    pub schema_url: String,
}

#[derive(Clone, PartialEq, Message, Arbitrary)]
pub struct Scope {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(string, tag = "2")]
    pub version: String,
    #[prost(message, repeated, tag = "3")]
    pub attributes: Vec<KeyValue>,
    #[prost(uint32, tag = "4")]
    pub dropped_attributes_count: u32,
}

#[derive(Clone, PartialEq, Message, Arbitrary)]
pub struct Span {
    #[prost(bytes = "vec", tag = "1")]
    #[arbitrary(with = id::<16>)]
    pub trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    #[arbitrary(with = id::<8>)]
    pub span_id: Vec<u8>,
    #[prost(string, tag = "3")]
    pub trace_state: String,
    #[prost(bytes = "vec", tag = "4")]
    #[arbitrary(with = id::<8>)]
    pub parent_span_id: Vec<u8>,
    #[prost(string, tag = "5")]
    pub name: String,
    #[prost(int32, tag = "6")]
    #[arbitrary(with = number_of_an_enum)]
    pub kind: i32,
    #[prost(fixed64, tag = "7")]
    pub start_time_unix_nano: u64,
    #[prost(fixed64, tag = "8")]
    pub end_time_unix_nano: u64,
    #[prost(message, repeated, tag = "9")]
    pub attributes: Vec<KeyValue>,
    #[prost(uint32, tag = "10")]
    pub dropped_attributes_count: u32,
    #[prost(message, repeated, tag = "11")]
    pub events: Vec<Event>,
    #[prost(uint32, tag = "12")]
    pub dropped_events_count: u32,
    #[prost(message, repeated, tag = "13")]
    pub links: Vec<Link>,
    #[prost(uint32, tag = "14")]
    pub dropped_links_count: u32,
    #[prost(message, optional, tag = "15")]
    pub status: Option<Status>,
    #[prost(fixed32, tag = "16")]
    pub flags: u32,
}

#[derive(Clone, PartialEq, Message, Arbitrary)]
pub struct Event {
    #[prost(fixed64, tag = "1")]
    pub time_unix_nano: u64,
    #[prost(string, tag = "2")]
    pub name: String,
    #[prost(message, repeated, tag = "3")]
    pub attributes: Vec<KeyValue>,
    #[prost(uint32, tag = "4")]
    pub dropped_attributes_count: u32,
}

#[derive(Clone, PartialEq, Message, Arbitrary)]
pub struct Link {
    #[prost(bytes = "vec", tag = "1")]
    #[arbitrary(with = id::<16>)]
    pub trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    #[arbitrary(with = id::<8>)]
    pub span_id: Vec<u8>,
    #[prost(string, tag = "3")]
    pub trace_state: String,
    #[prost(message, repeated, tag = "4")]
    pub attributes: Vec<KeyValue>,
    #[prost(uint32, tag = "5")]
    pub dropped_attributes_count: u32,
    #[prost(fixed32, tag = "6")]
    pub flags: u32,
}

#[derive(Clone, PartialEq, Message, Arbitrary)]
pub struct Status {
    #[prost(string, tag = "2")]
    pub message: String,
    #[prost(int32, tag = "3")]
    #[arbitrary(with = number_of_an_enum)]
    pub code: i32,
}

#[derive(Clone, PartialEq, Message, Arbitrary)]
pub struct KeyValue {
    #[prost(string, tag = "1")]
    pub key: String,
    #[prost(message, optional, tag = "2")]
    pub value: Option<AnyValue>,
}

#[derive(Clone, PartialEq, Message, Arbitrary)]
pub struct AnyValue {
    #[prost(oneof = "Any", tags = "1, 2, 3, 4, 5, 6, 7")]
    pub value: Option<Any>,
}

#[derive(Clone, PartialEq, Oneof, Arbitrary)]
pub enum Any {
    #[prost(string, tag = "1")]
    Text(String),
    #[prost(bool, tag = "2")]
    Bool(bool),
    #[prost(int64, tag = "3")]
    Int(i64),
    #[prost(double, tag = "4")]
    Double(#[arbitrary(with = double)] f64),
    #[prost(message, tag = "5")]
    Array(ArrayValue),
    #[prost(message, tag = "6")]
    Map(KeyValueList),
    #[prost(bytes, tag = "7")]
    Bytes(Vec<u8>),
}

#[derive(Clone, PartialEq, Message, Arbitrary)]
pub struct ArrayValue {
    #[prost(message, repeated, tag = "1")]
    pub values: Vec<AnyValue>,
}

#[derive(Clone, PartialEq, Message, Arbitrary)]
pub struct KeyValueList {
    #[prost(message, repeated, tag = "1")]
    pub values: Vec<KeyValue>,
}

impl AnyValue {
    /// Wraps a value in `levels` arrays or maps.
    pub fn wrapped(self, levels: usize, in_maps: bool) -> Self {
        (0..levels).fold(self, |inner, _| {
            let outer = if in_maps {
                Any::Map(KeyValueList { values: vec![KeyValue { key: "k".into(), value: Some(inner) }] })
            } else {
                Any::Array(ArrayValue { values: vec![inner] })
            };
            Self { value: Some(outer) }
        })
    }
}

/// Mostly an id of its length, or the span would be rejected for that alone.
fn id<const N: usize>(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    match u.int_in_range(0..=31)? {
        0 => Ok(Vec::new()),
        1 => Ok(vec![0; N]),
        2 => Vec::arbitrary(u),
        _ => <[u8; N]>::arbitrary(u).map(Vec::from),
    }
}

/// Mostly a number that means something.
fn number_of_an_enum(u: &mut Unstructured<'_>) -> Result<i32> {
    if u.ratio(7, 8)? { u.int_in_range(0..=6) } else { i32::arbitrary(u) }
}

/// JSON has one NaN only.
fn double(u: &mut Unstructured<'_>) -> Result<f64> {
    f64::arbitrary(u).map(|number| if number.is_nan() { f64::NAN } else { number })
}
