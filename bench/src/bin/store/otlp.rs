//! OTLP's protobuf, written by hand: a load of gigabytes is made while servers wait.

/// A value of an attribute.
pub(crate) enum Value<'a> {
    Text(&'a str),
    Int(i64),
    Bool(bool),
    Float(f64),
}

pub(crate) fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

pub(crate) fn bytes(out: &mut Vec<u8>, field: u64, value: &[u8]) {
    varint(out, field << 3 | 2);
    varint(out, value.len() as u64);
    out.extend_from_slice(value);
}

pub(crate) fn number(out: &mut Vec<u8>, field: u64, value: u64) {
    varint(out, field << 3);
    varint(out, value);
}

pub(crate) fn fixed(out: &mut Vec<u8>, field: u64, value: u64) {
    varint(out, field << 3 | 1);
    out.extend_from_slice(&value.to_le_bytes());
}

/// How many bytes a number takes.
fn width(value: u64) -> u64 {
    u64::from((64 - (value | 1).leading_zeros()).div_ceil(7))
}

/// Writes a `KeyValue`; its lengths stand before it, so they are worked out first.
pub(crate) fn attribute(out: &mut Vec<u8>, field: u64, key: &str, value: &Value<'_>) {
    let inner = match value {
        Value::Text(text) => 1 + width(text.len() as u64) + text.len() as u64,
        Value::Int(int) => 1 + width(int.cast_unsigned()),
        Value::Bool(_) => 2,
        Value::Float(_) => 9,
    };
    let whole = 1 + width(key.len() as u64) + key.len() as u64 + 1 + width(inner) + inner;
    varint(out, field << 3 | 2);
    varint(out, whole);
    bytes(out, 1, key.as_bytes());
    varint(out, 2 << 3 | 2);
    varint(out, inner);
    match value {
        Value::Text(text) => bytes(out, 1, text.as_bytes()),
        Value::Bool(bool) => number(out, 2, u64::from(*bool)),
        Value::Int(int) => number(out, 3, int.cast_unsigned()),
        Value::Float(float) => fixed(out, 4, float.to_bits()),
    }
}

/// Puts the spans of each service into `ResourceSpans` of its own, as a collector sends them.
pub(crate) fn request<'a>(groups: impl Iterator<Item = (&'a [u8], Vec<&'a [u8]>)>) -> Vec<u8> {
    let mut out = Vec::new();
    for (resource, spans) in groups {
        let mut scope = Vec::new();
        bytes(&mut scope, 1, b"\x0a\x15bench.instrumentation\x12\x050.1.0");
        for span in spans {
            bytes(&mut scope, 2, span);
        }
        let mut whole = Vec::with_capacity(scope.len() + resource.len() + 16);
        bytes(&mut whole, 1, resource);
        bytes(&mut whole, 2, &scope);
        bytes(&mut out, 1, &whole);
    }
    out
}
