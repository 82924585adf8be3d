//! The state of an application.

use std::{fmt, ops::Index, sync::Arc};

use serde::{Serialize, de::DeserializeOwned};
use trackway_model::Text;

use crate::{
    Change, Codecs, Collects, Gives, List, Map, Number, Schema, StateError, Takes, Value, ValueError, de, json, ser,
    value, view::Visit,
};

/// The state of an application: named values that never change. What "changes" it returns another state, which shares with
/// the first all that stays.
///
/// Nothing panics: what cannot be done is remembered, the field stays as it was, and the step that returns such a state fails
/// with the first mistake ([`State::fault`]).
///
/// ```
/// use trackway_machine::state;
///
/// let before = state! { question: "why?", turns: 1 };
/// let after = before.set("answer", "because").increment("turns", 1).append("log", "answered");
///
/// assert_eq!(after.get::<u32>("turns")?, 2);
/// assert_eq!(after["log"][0], "answered");
/// assert_eq!(before.to_json(), r#"{"question":"why?","turns":1}"#);
/// # Ok::<(), trackway_machine::StateError>(())
/// ```
#[derive(Clone, Default)]
#[must_use = "states never change; this returns another one"]
pub struct State {
    pub(crate) fields: Map,
    pub(crate) codecs: Option<Arc<Codecs>>,
    pub(crate) fault: Option<Arc<StateError>>,
    /// What an action at work may touch and has changed so far.
    pub(crate) visit: Option<Visit>,
}

impl State {
    /// Makes a state of a struct.
    pub fn of<S: Schema>(content: &S) -> Self {
        content.write(&Self::default())
    }

    /// Reads a state from JSON; [`State::to_json`] is the way back.
    ///
    /// # Errors
    ///
    /// [`StateError::NoState`] when the text is not one JSON object.
    pub fn from_json(text: &str) -> Result<Self, StateError> {
        match Value::from_json(text) {
            Ok(Value::Map(fields)) => Ok(Self::from(fields)),
            Ok(other) => Err(StateError::NoState { reason: ValueError::new(format!("it is {}", other.kind())) }),
            Err(reason) => Err(StateError::NoState { reason }),
        }
    }

    /// Returns the fields that can be read as one compact JSON object.
    pub fn to_json(&self) -> String {
        let mut out = Vec::new();
        self.write_json(&mut out);
        json::text(out)
    }

    /// Writes the fields that can be read as one compact JSON object behind what `out` holds.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        json::write_fields(self.iter(), out);
    }

    /// Reads a field.
    ///
    /// # Errors
    ///
    /// When there is no such field and `T` is no `Option`, when it holds something else, and inside an action when it is not
    /// among the action's reads.
    pub fn get<T: DeserializeOwned>(&self, key: impl Gives<T>) -> Result<T, StateError> {
        let key = key.as_ref();
        let Some(value) = self.seen(key)? else {
            return de::absent()
                .ok_or_else(|| StateError::Missing { key: key.into(), has: self.keys().cloned().collect() });
        };
        self.decoded(key, value).map_err(|reason| StateError::Unreadable {
            key: key.into(),
            wanted: std::any::type_name::<T>().into(),
            reason,
        })
    }

    /// Reads all fields of a struct.
    ///
    /// # Errors
    ///
    /// As [`State::get`], for the first field that cannot be read.
    pub fn view<S: Schema>(&self) -> Result<S, StateError> {
        S::read(self)
    }

    /// Returns what a field holds, as it is stored. Inside an action a field that is not among its reads is nothing, and the
    /// step fails.
    pub fn value(&self, key: impl AsRef<str>) -> Option<&Value> {
        self.seen(key.as_ref()).unwrap_or_else(|error| {
            self.misread(error);
            None
        })
    }

    /// Returns true when there is such a field.
    pub fn contains(&self, key: impl AsRef<str>) -> bool {
        self.value(key).is_some()
    }

    /// Returns the names of the fields that can be read, in the order in which they came.
    pub fn keys(&self) -> impl Iterator<Item = &Text> {
        self.iter().map(|(key, _)| key)
    }

    /// Returns the fields that can be read with what they hold, in the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = (&Text, &Value)> {
        self.fields.iter().filter(|(key, _)| self.may_read(key))
    }

    /// Returns the number of fields that can be read.
    pub fn len(&self) -> usize {
        if self.visit.is_none() { self.fields.len() } else { self.iter().count() }
    }

    /// Returns true when no field can be read.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the first mistake that was made on the way to this state.
    pub fn fault(&self) -> Option<&StateError> {
        self.fault.as_deref()
    }

    /// Returns this state with a field set.
    pub fn set<V: Serialize>(&self, key: impl Takes<V>, value: V) -> Self {
        let key = key.as_ref();
        match self.encoded(key, &value) {
            Ok(value) => self.put(key, value),
            Err(reason) => self.with_fault(StateError::Unwritable { key: key.into(), reason }),
        }
    }

    /// Returns this state with an item behind those of a list. Where there is no field, or it holds nothing, a list begins.
    pub fn append<I: Serialize>(&self, key: impl Collects<I>, item: I) -> Self {
        let key = key.as_ref();
        match ser::encode(&item, self.codecs.as_deref()) {
            Ok(item) => self.push(key, item),
            Err(reason) => self.with_fault(StateError::Unwritable { key: key.into(), reason }),
        }
    }

    /// Returns this state with items behind those of a list. Where there is no field, or it holds nothing, a list begins.
    pub fn extend<I: Serialize>(&self, key: impl Collects<I>, items: impl IntoIterator<Item = I>) -> Self {
        let key = key.as_ref();
        let known = self.fields.get(key).is_some_and(|value| !value.is_null());
        let begun = if known { self.clone() } else { self.put_list(key, List::default()) };
        items.into_iter().fold(begun, |state, item| match ser::encode(&item, self.codecs.as_deref()) {
            Ok(item) => state.push(key, item),
            Err(reason) => state.with_fault(StateError::Unwritable { key: key.into(), reason }),
        })
    }

    /// Returns this state with a whole number counted up. Where there is no field, or it holds nothing, counting starts at 0.
    pub fn increment(&self, key: impl AsRef<str>, by: i64) -> Self {
        let key = key.as_ref();
        let held = match self.fields.get(key) {
            None | Some(Value::Null) => Some(0),
            Some(held) => held.as_number().and_then(Number::as_i128),
        };
        match held.and_then(|held| held.checked_add(i128::from(by))) {
            Some(sum) => self.put(key, Value::from(sum)),
            None => {
                let found = self.fields.get(key).map_or("nothing", Value::kind);
                self.with_fault(StateError::NoCount { key: key.into(), found: found.into() })
            }
        }
    }

    /// Returns this state without a field.
    pub fn remove(&self, key: impl AsRef<str>) -> Self {
        let key = key.as_ref();
        if !self.fields.contains(key) {
            return self.clone();
        }
        self.changed(key, self.fields.without(key), || Change::Remove(key.into()))
    }

    /// Returns this state with all that another holds. Inside an action, of a state that came of the same one only what was
    /// changed since is taken.
    pub fn merge(&self, other: &Self) -> Self {
        let merged = match self.changes_beside(other) {
            Some(changes) => changes.iter().fold(self.clone(), Self::apply),
            None => other.iter().fold(self.clone(), |state, (key, value)| state.put(key, value.clone())),
        };
        match other.fault() {
            Some(fault) => merged.with_fault(fault.clone()),
            None => merged,
        }
    }

    /// Returns a state of its own with some of the fields; names that there are not are left out.
    pub fn subset<K: AsRef<str>>(&self, keys: impl IntoIterator<Item = K>) -> Self {
        let held = |key: K| self.value(key.as_ref()).map(|value| (Text::from(key.as_ref()), value.clone()));
        let fields = keys.into_iter().filter_map(held).collect();
        Self { fields, codecs: self.codecs.clone(), fault: self.fault.clone(), visit: None }
    }

    /// Returns this state with a change made.
    pub fn apply(self, change: &Change) -> Self {
        match change {
            Change::Set(key, value) => self.put(key, value.clone()),
            Change::Append(key, item) => self.push(key, item.clone()),
            Change::Remove(key) => self.remove(key),
        }
    }

    /// Returns this state, from now on read and written through codecs. What it holds is taken as stored through them already.
    pub fn with_codecs(&self, codecs: &Arc<Codecs>) -> Self {
        Self { codecs: Some(codecs.clone()), ..self.clone() }
    }

    /// Returns this state, from now on read and written through codecs. Fields with a codec of their own are stored through it,
    /// unless this state has codecs already.
    pub fn encode_with(&self, codecs: &Arc<Codecs>) -> Self {
        if self.codecs.is_some() {
            return self.clone();
        }
        let coded = self.with_codecs(codecs);
        let held = codecs.fields().filter_map(|key| Some((key, self.fields.get(key)?)));
        held.fold(coded, |state, (key, value)| match codecs.of_field(key).map(|codec| codec.encode(value.clone())) {
            Some(Err(reason)) => state.with_fault(StateError::Unwritable { key: key.clone(), reason }),
            Some(Ok(value)) => state.put(key, value),
            None => state,
        })
    }

    fn decoded<T: DeserializeOwned>(&self, key: &str, value: &Value) -> Result<T, ValueError> {
        let codecs = self.codecs.as_deref();
        match codecs.and_then(|codecs| codecs.of_field(key)) {
            None => de::decode(value, codecs),
            Some(codec) => de::decode(&codec.decode(value.clone())?, codecs),
        }
    }

    fn encoded(&self, key: &str, content: &impl Serialize) -> Result<Value, ValueError> {
        let codecs = self.codecs.as_deref();
        let value = ser::encode(content, codecs)?;
        match codecs.and_then(|codecs| codecs.of_field(key)) {
            None => Ok(value),
            Some(codec) => codec.encode(value),
        }
    }

    fn put(&self, key: &str, value: Value) -> Self {
        self.changed(key, self.fields.with(key, value.clone()), || Change::Set(key.into(), value))
    }

    fn put_list(&self, key: &str, list: List) -> Self {
        match self.stored(key, Value::List(list)) {
            Ok(value) => self.put(key, value),
            Err(reason) => self.with_fault(StateError::Unwritable { key: key.into(), reason }),
        }
    }

    fn stored(&self, key: &str, value: Value) -> Result<Value, ValueError> {
        match self.codecs.as_ref().and_then(|codecs| codecs.of_field(key)) {
            None => Ok(value),
            Some(codec) => codec.encode(value),
        }
    }

    fn push(&self, key: &str, item: Value) -> Self {
        if self.codecs.as_ref().is_some_and(|codecs| codecs.of_field(key).is_some()) {
            return self.push_coded(key, item);
        }
        match self.fields.get(key) {
            None | Some(Value::Null) => self.put(key, Value::List(List::default().push(item))),
            Some(Value::List(list)) => {
                let item = item.like(list.last());
                let fields = self.fields.with(key, list.push(item.clone()));
                self.changed(key, fields, || Change::Append(key.into(), item))
            }
            Some(other) => self.with_fault(StateError::NoList { key: key.into(), found: other.kind() }),
        }
    }

    /// A field with a codec of its own is stored anew: nobody knows what an item behind the others makes of it.
    fn push_coded(&self, key: &str, item: Value) -> Self {
        let held = match self.fields.get(key) {
            None | Some(Value::Null) => Ok(Value::List(List::default())),
            Some(value) => self.decoded(key, value),
        };
        match held {
            Ok(Value::List(list)) => self.put_list(key, list.push(item)),
            Ok(other) => self.with_fault(StateError::NoList { key: key.into(), found: other.kind() }),
            Err(reason) => self.with_fault(StateError::Unwritable { key: key.into(), reason }),
        }
    }

    /// Returns the state with these fields, after one of them was changed.
    fn changed(&self, key: &str, fields: Map, change: impl FnOnce() -> Change) -> Self {
        let Some(visit) = &self.visit else {
            return Self { fields, codecs: self.codecs.clone(), fault: self.fault.clone(), visit: None };
        };
        match visit.wrote(key, change) {
            Ok(visit) => Self { fields, codecs: self.codecs.clone(), fault: self.fault.clone(), visit: Some(visit) },
            Err(error) => self.with_fault(error),
        }
    }

    /// Returns this state with a mistake to remember, unless there is one already.
    pub(crate) fn with_fault(&self, fault: StateError) -> Self {
        let first = self.fault.clone().unwrap_or_else(|| Arc::new(fault));
        Self { fault: Some(first), ..self.clone() }
    }
}

impl Index<&str> for State {
    type Output = Value;

    /// Returns what a field holds, as [`State::value`] does; nothing when there is no such field.
    fn index(&self, key: &str) -> &Value {
        self.value(key).unwrap_or(&value::NULL)
    }
}

impl From<Map> for State {
    fn from(fields: Map) -> Self {
        Self { fields, ..Self::default() }
    }
}

impl PartialEq for State {
    /// Returns true when both hold the same fields.
    fn eq(&self, other: &Self) -> bool {
        self.fields == other.fields
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// Makes a [`State`] of names and values: `state! { question: "why?", turns: 3, "a name": [1, 2] }`.
#[macro_export]
macro_rules! state {
    ($($key:tt : $value:expr),* $(,)?) => {
        $crate::State::default()$(.set($crate::__key!($key), $value))*
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __key {
    ($key:ident) => {
        ::core::stringify!($key)
    };
    ($key:literal) => {
        $key
    };
}
