//! Attribute values and lists.

use crate::Text;

/// The value of an attribute: OpenTelemetry's `AnyValue`.
#[derive(Debug, Clone, Default)]
pub enum Value {
    /// A value that was sent without content; OpenTelemetry keeps it apart from an empty text.
    #[default]
    Empty,
    /// True or false.
    Bool(bool),
    /// A signed whole number.
    Int(i64),
    /// A double-precision number, NaN and the infinities included.
    Double(f64),
    /// Text.
    Text(Text),
    /// Bytes without meaning to us.
    Bytes(Box<[u8]>),
    /// Values in order, of any types.
    Array(Vec<Value>),
    /// Named values in order.
    Map(Attributes),
}

/// Named values in the order in which they came.
///
/// Keys should be unique. Where a client repeats one, every value is kept, and looking it up finds the first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Attributes(pub Vec<(Text, Value)>);

/// Equal content is equal, NaN included: a record that is sent twice must be recognised.
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Empty, Self::Empty) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Double(a), Self::Double(b)) => a.to_bits() == b.to_bits(),
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::Bytes(a), Self::Bytes(b)) => a == b,
            (Self::Array(a), Self::Array(b)) => a == b,
            (Self::Map(a), Self::Map(b)) => a == b,
            _ => false,
        }
    }
}

impl Eq for Value {}

impl Value {
    /// Returns the text, if this is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the bytes that this value holds outside itself; what the allocator adds is not counted.
    pub fn heap_bytes(&self) -> usize {
        match self {
            Self::Empty | Self::Bool(_) | Self::Int(_) | Self::Double(_) => 0,
            Self::Text(text) => text.heap_bytes(),
            Self::Bytes(bytes) => bytes.len(),
            Self::Array(values) => values.iter().map(|v| size_of::<Self>() + v.heap_bytes()).sum(),
            Self::Map(map) => map.heap_bytes(),
        }
    }
}

impl Attributes {
    /// Returns the first value under `key`.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.iter().find(|(k, _)| &**k == key).map(|(_, value)| value)
    }

    /// Returns the first value under `key`, if it is a text.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.get(key)?.as_text()
    }

    /// Returns true when some key begins with `prefix`.
    pub fn has_prefix(&self, prefix: &str) -> bool {
        self.0.iter().any(|(key, _)| key.starts_with(prefix))
    }

    /// Adds a value at the end.
    pub fn push(&mut self, key: impl Into<Text>, value: impl Into<Value>) {
        self.0.push((key.into(), value.into()));
    }

    /// Returns the named values in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(key, value)| (&**key, value))
    }

    /// Returns how many values there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns true when there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the bytes that the list holds outside itself.
    pub fn heap_bytes(&self) -> usize {
        self.0.iter().map(|(key, value)| size_of::<(Text, Value)>() + key.heap_bytes() + value.heap_bytes()).sum()
    }
}

impl<K: Into<Text>> FromIterator<(K, Value)> for Attributes {
    fn from_iter<I: IntoIterator<Item = (K, Value)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(key, value)| (key.into(), value)).collect())
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<i32> for Value {
    fn from(value: i32) -> Self {
        Self::Int(i64::from(value))
    }
}

impl From<u32> for Value {
    fn from(value: u32) -> Self {
        Self::Int(i64::from(value))
    }
}

/// What is above `i64::MAX` becomes text: OpenTelemetry has signed numbers only.
impl From<u64> for Value {
    fn from(value: u64) -> Self {
        i64::try_from(value).map_or_else(|_| Self::Text(value.to_string().into()), Self::Int)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Double(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.into())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value.into())
    }
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(values: Vec<T>) -> Self {
        Self::Array(values.into_iter().map(Into::into).collect())
    }
}

impl From<Text> for Value {
    fn from(value: Text) -> Self {
        Self::Text(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_equals_its_copy_even_as_nan() {
        let value = Value::Array(vec![Value::Double(f64::NAN), Value::Empty]);
        assert_eq!(value, value.clone());
        assert_ne!(Value::Double(0.0), Value::Double(-0.0), "content that differs stays two");
    }

    #[test]
    fn a_number_that_is_too_large_for_opentelemetry_becomes_text() {
        let values = Value::from(vec![7, u64::MAX]);
        assert_eq!(values, Value::Array(vec![Value::Int(7), Value::from("18446744073709551615")]));
    }

    #[test]
    fn a_repeated_key_keeps_both_values_and_finds_the_first() {
        let list: Attributes = [("k", Value::Int(1)), ("k", Value::Int(2))].into_iter().collect();
        assert_eq!((list.len(), list.get("k")), (2, Some(&Value::Int(1))));
    }
}
