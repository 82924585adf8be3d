//! How values of certain types and fields are stored, where that is not as serde says.

use std::{any::type_name, fmt, sync::Arc};

use trackway_model::Text;

use crate::{Fault, Value, ValueError};

type Convert = Arc<dyn Fn(Value) -> Result<Value, Fault> + Send + Sync>;

/// How values of certain types and fields are stored, where that is not as serde says.
///
/// A codec turns the value that serde makes into the one to store, and back: to shorten what is large, to hide what is secret,
/// to keep files apart and their names in the state. Those of a type hold wherever one stands, in lists and structs too, but
/// not as the one field of a tuple struct, and not where serde looks ahead: under `#[serde(flatten)]`, and in enums that are
/// untagged or hold their tag inside. A field's own codec gets what those of the types made.
///
/// ```
/// use std::sync::Arc;
/// use trackway_machine::{Codecs, State, Value};
///
/// let shout = |value: Value| Ok(Value::from(value.to_string().to_uppercase()));
/// let whisper = |value: Value| Ok(Value::from(value.to_string().to_lowercase()));
/// let codecs = Arc::new(Codecs::default().field("word", shout, whisper));
///
/// let state = State::default().with_codecs(&codecs).set("word", "hush");
/// assert_eq!(state["word"], "HUSH");
/// assert_eq!(state.get::<String>("word")?, "hush");
/// # Ok::<(), trackway_machine::StateError>(())
/// ```
#[derive(Clone, Default)]
pub struct Codecs {
    types: Vec<(&'static str, Codec)>,
    fields: Vec<(Text, Codec)>,
}

#[derive(Clone)]
pub(crate) struct Codec {
    encode: Convert,
    decode: Convert,
}

impl Codec {
    pub(crate) fn encode(&self, value: Value) -> Result<Value, ValueError> {
        (self.encode)(value).map_err(ValueError::new)
    }

    pub(crate) fn decode(&self, value: Value) -> Result<Value, ValueError> {
        (self.decode)(value).map_err(ValueError::new)
    }
}

impl Codecs {
    /// Stores what `encode` makes of values of type `T`, and reads what `decode` makes of that.
    #[must_use]
    pub fn of<T: ?Sized>(
        mut self,
        encode: impl Fn(Value) -> Result<Value, Fault> + Send + Sync + 'static,
        decode: impl Fn(Value) -> Result<Value, Fault> + Send + Sync + 'static,
    ) -> Self {
        let name = bare(type_name::<T>());
        self.types.retain(|(known, _)| *known != name);
        self.types.push((name, Codec { encode: Arc::new(encode), decode: Arc::new(decode) }));
        self
    }

    /// Stores what `encode` makes of the field's value, and reads what `decode` makes of that.
    #[must_use]
    pub fn field(
        mut self,
        name: impl AsRef<str>,
        encode: impl Fn(Value) -> Result<Value, Fault> + Send + Sync + 'static,
        decode: impl Fn(Value) -> Result<Value, Fault> + Send + Sync + 'static,
    ) -> Self {
        let name = Text::from(name.as_ref());
        self.fields.retain(|(known, _)| *known != name);
        self.fields.push((name, Codec { encode: Arc::new(encode), decode: Arc::new(decode) }));
        self
    }

    /// Returns the names of the fields that have a codec of their own.
    pub fn fields(&self) -> impl Iterator<Item = &Text> {
        self.fields.iter().map(|(name, _)| name)
    }

    pub(crate) fn of_field(&self, name: &str) -> Option<&Codec> {
        self.fields.iter().find(|(known, _)| **known == *name).map(|(_, codec)| codec)
    }

    pub(crate) fn of_type<T: ?Sized>(&self) -> Option<&Codec> {
        self.of_name(type_name::<T>())
    }

    /// Returns the codec of what an `Option` holds.
    pub(crate) fn of_optional<T: ?Sized>(&self) -> Option<&Codec> {
        self.of_name(type_name::<T>().strip_prefix("core::option::Option<")?.strip_suffix('>')?)
    }

    fn of_name(&self, name: &'static str) -> Option<&Codec> {
        if self.types.is_empty() {
            return None;
        }
        let name = bare(name);
        self.types.iter().find(|(known, _)| *known == name).map(|(_, codec)| codec)
    }
}

/// Returns the name of a type without the references and boxes around it, which no serialised form shows.
fn bare(mut name: &'static str) -> &'static str {
    let boxes = ["alloc::boxed::Box<", "alloc::sync::Arc<", "alloc::rc::Rc<"];
    loop {
        let inner = name.strip_prefix('&').map(|inner| inner.strip_prefix("mut ").unwrap_or(inner));
        let inner = inner.or_else(|| boxes.iter().find_map(|of| name.strip_prefix(of)?.strip_suffix('>')));
        match inner {
            Some(inner) => name = inner,
            None => return name,
        }
    }
}

impl fmt::Debug for Codecs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let types: Vec<_> = self.types.iter().map(|(name, _)| name).collect();
        let fields: Vec<_> = self.fields().collect();
        f.debug_struct("Codecs").field("types", &types).field("fields", &fields).finish()
    }
}
