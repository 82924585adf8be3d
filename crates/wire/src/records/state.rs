//! The state of a log's lines: deltas applied to the state that was told before.

use std::{borrow::Cow, collections::HashMap};

use serde_json::value::RawValue;
use trackway_model::{Json, State, Text};

/// What is known of the state that was told last.
#[derive(Default)]
pub(super) enum Told {
    /// Nothing was told yet.
    #[default]
    Nothing,
    /// It was this one.
    Fields(StateText),
    /// A line could not be read that may have told it.
    Lost,
}

/// The state that a log has told up to one of its lines. It is left as text, so that it costs what changes and not what it holds.
///
/// ```
/// use trackway_wire::records::StateText;
///
/// let mut state = StateText::whole(r#"{"question":"why?","chat":[1]}"#)?;
/// state.change(r#"{"remove":["question"],"set":{"answer":42},"append":{"chat":[2,3]}}"#)?;
/// assert_eq!(&*state.json().0, r#"{"chat":[1,2,3],"answer":42}"#);
/// # Ok::<(), String>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct StateText {
    /// In order; a field that went leaves a gap.
    fields: Vec<Option<Field>>,
    places: HashMap<Text, usize>,
    gaps: usize,
}

#[derive(Debug, Clone)]
struct Field {
    /// As it is written between its quotes.
    name: String,
    value: String,
}

impl Told {
    /// Notes a state that was told whole.
    pub(super) fn tell(&mut self, state: &Json) {
        *self = match State::read(&state.0) {
            Some(state) => Self::Fields(StateText::of(&state)),
            // Nothing can build on it.
            None => Self::Lost,
        };
    }

    /// Notes that nobody knows the state any more.
    pub(super) fn lose(&mut self) {
        *self = Self::Lost;
    }

    /// Returns the state that a delta makes of the one before.
    ///
    /// # Errors
    /// Why it makes none, as a sentence; what follows builds on nothing then.
    pub(super) fn change(&mut self, delta: &Json) -> Result<Json, String> {
        let fields = match self {
            Self::Fields(fields) => fields,
            Self::Nothing => return Err("it has a delta, and no state was told before it".into()),
            Self::Lost => {
                return Err("it has a delta, and the state before it is not known: a line above cannot be used".into());
            }
        };
        let changed = fields.change(&delta.0);
        match changed {
            Ok(()) => Ok(fields.json()),
            Err(what) => {
                self.lose();
                Err(what)
            }
        }
    }
}

impl StateText {
    /// Reads a state that is told whole.
    ///
    /// # Errors
    /// What is wrong with it, as a sentence.
    pub fn whole(state: &str) -> Result<Self, String> {
        State::read(state)
            .map(|state| Self::of(&state))
            .ok_or_else(|| "it is no object that names each field once".into())
    }

    fn of(state: &State<'_>) -> Self {
        let mut fields = Self::default();
        state.fields().iter().for_each(|(name, value)| fields.set(name, value));
        fields
    }

    /// Makes of the state the one that a delta leads to. After an error, the state is of no use.
    ///
    /// # Errors
    /// What does not fit, as a sentence: the delta was made for another state.
    pub fn change(&mut self, delta: &str) -> Result<(), String> {
        let parts = State::read(delta).ok_or("its delta is no object without space between its parts")?;
        let part = |wanted: &str| parts.fields().iter().find(|(name, _)| *name == wanted).map(|(_, value)| *value);
        if let Some(names) = part("remove") {
            let names: Vec<String> = read(names, "remove")?;
            names.iter().try_for_each(|name| self.remove(name))?;
        }
        for (name, value) in fields_of(part("set"), "set")? {
            self.set(name, value);
        }
        for (name, items) in fields_of(part("append"), "append")? {
            self.append(name, items)?;
        }
        for (name, splice) in fields_of(part("splice"), "splice")? {
            let (before, after, middle): (usize, usize, Cow<'_, str>) = read(splice, "splice")?;
            self.splice(name, before, after, &middle)?;
        }
        Ok(())
    }

    fn set(&mut self, name: &str, value: &str) {
        let key = State::unquoted(name);
        if let Some(field) = self.field(&key) {
            value.clone_into(&mut field.value);
            return;
        }
        self.places.insert(key, self.fields.len());
        self.fields.push(Some(Field { name: name.to_owned(), value: value.to_owned() }));
    }

    fn remove(&mut self, name: &str) -> Result<(), String> {
        let place = self.places.remove(name).ok_or_else(|| missing(name, "removes"))?;
        if let Some(field) = self.fields.get_mut(place) {
            *field = None;
            self.gaps += 1;
        }
        if self.gaps > self.fields.len() / 2 {
            self.close_gaps();
        }
        Ok(())
    }

    fn close_gaps(&mut self) {
        self.fields.retain(Option::is_some);
        self.gaps = 0;
        let name = |(place, field): (usize, &Option<Field>)| Some((State::unquoted(&field.as_ref()?.name), place));
        self.places = self.fields.iter().enumerate().filter_map(name).collect();
    }

    fn append(&mut self, name: &str, items: &str) -> Result<(), String> {
        let key = State::unquoted(name);
        let no_list = || format!("its delta appends to the field {key:?}, which is no list");
        let field = self.field(&key).ok_or_else(|| missing(&key, "appends to"))?;
        let new = items.strip_prefix('[').and_then(|items| items.strip_suffix(']')).ok_or_else(no_list)?;
        let is_list = field.value.starts_with('[') && field.value.ends_with(']');
        if !is_list {
            return Err(no_list());
        }
        if new.trim_ascii().is_empty() {
            return Ok(());
        }
        field.value.pop();
        if field.value.len() > 1 {
            field.value.push(',');
        }
        field.value.push_str(new);
        field.value.push(']');
        Ok(())
    }

    fn splice(&mut self, name: &str, before: usize, after: usize, middle: &str) -> Result<(), String> {
        let key = State::unquoted(name);
        let field = self.field(&key).ok_or_else(|| missing(&key, "changes"))?;
        let no_fit = || format!("its delta does not fit the field {key:?}");
        let end = field.value.len().checked_sub(after).filter(|end| *end >= before).ok_or_else(no_fit)?;
        let is_fit = field.value.is_char_boundary(before) && field.value.is_char_boundary(end);
        if !is_fit {
            return Err(no_fit());
        }
        field.value.replace_range(before..end, middle);
        serde_json::from_str::<&RawValue>(&field.value).map(drop).map_err(|_| no_fit())
    }

    fn field(&mut self, key: &str) -> Option<&mut Field> {
        self.fields.get_mut(*self.places.get(key)?)?.as_mut()
    }

    /// Returns the state as a JSON object.
    pub fn json(&self) -> Json {
        let fields = || self.fields.iter().flatten();
        let length = fields().map(|field| field.name.len() + field.value.len() + 4).sum::<usize>();
        let mut text = String::with_capacity(length + 2);
        text.push('{');
        for Field { name, value } in fields() {
            if text.len() > 1 {
                text.push(',');
            }
            text.push('"');
            text.push_str(name);
            text.push_str("\":");
            text.push_str(value);
        }
        text.push('}');
        Json(text.into())
    }
}

/// Returns the fields of a part of a delta.
fn fields_of<'a>(part: Option<&'a str>, name: &str) -> Result<Vec<(&'a str, &'a str)>, String> {
    let Some(part) = part else { return Ok(Vec::new()) };
    let fields = State::read(part).ok_or_else(|| format!("{name:?} of its delta is no object that can be read"))?;
    Ok(fields.fields().to_vec())
}

fn read<'a, T: serde::Deserialize<'a>>(text: &'a str, name: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| format!("{name:?} of its delta cannot be read: {error}"))
}

fn missing(name: &str, does: &str) -> String {
    format!("its delta {does} the field {name:?}, which the state before it does not have")
}
