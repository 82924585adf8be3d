//! JSON of clients, answered as it came.

use serde::Serialize;
use serde_json::value::RawValue;
use trackway_model::Json;
use utoipa::ToSchema;

use crate::difference::Object;

/// The most bytes of one value that is not asked for by its name.
const MOST_BYTES: usize = 64 << 10;

/// JSON as its client wrote it, with numbers of any size.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = serde_json::Value)]
pub(super) struct Raw(Box<RawValue>);

impl Raw {
    /// Returns JSON as it is; as a text what is none.
    pub(super) fn of(json: &Json) -> Self {
        Self::written(json.0.to_string())
    }

    /// Returns a value; of one that is long only how long it is, as `{"$cut":true,"bytes":n}`.
    pub(super) fn cut(json: &str) -> Self {
        if json.len() <= MOST_BYTES {
            return Self::written(json.to_owned());
        }
        Self::written(format!(r#"{{"$cut":true,"bytes":{}}}"#, json.len()))
    }

    /// Returns a list of values, or how long it is.
    pub(super) fn list(items: &[&RawValue]) -> Self {
        let items: Vec<_> = items.iter().map(|item| item.get()).collect();
        Self::cut(&format!("[{}]", items.join(",")))
    }

    /// Returns an object, each of its long values as [`Raw::cut`] does.
    pub(super) fn object(fields: &Object<'_>) -> Self {
        let field = |name: &str, value: &RawValue| format!("{}:{}", quoted(name), Self::cut(value.get()).0.get());
        let fields: Vec<_> = fields.0.iter().map(|(name, value)| field(name, value)).collect();
        Self::written(format!("{{{}}}", fields.join(",")))
    }

    /// Returns an object of one field, whole.
    pub(super) fn field(name: &str, value: &RawValue) -> Self {
        Self::written(format!("{{{}:{}}}", quoted(name), value.get()))
    }

    fn written(text: String) -> Self {
        Self(RawValue::from_string(text.clone()).unwrap_or_else(|_| quoted_raw(&text)))
    }
}

fn quoted(text: &str) -> String {
    quoted_raw(text).get().to_owned()
}

fn quoted_raw(text: &str) -> Box<RawValue> {
    serde_json::value::to_raw_value(text).unwrap_or_else(|_| RawValue::NULL.to_owned()) // a text is always JSON
}
