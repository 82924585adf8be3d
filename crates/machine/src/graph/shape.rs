//! What the states of a graph are to look like.

use std::any::type_name;

use trackway_model::Text;

use crate::{Field, Schema, State, StateError, near};

/// The fields that the states of a graph have, by one schema or several.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    /// The names of the structs.
    pub(super) name: Text,
    pub(super) fields: Vec<Field>,
}

impl Shape {
    pub(super) fn of<S: Schema>() -> Self {
        let path = type_name::<S>();
        let generics = path.find('<').unwrap_or(path.len());
        let start = path.get(..generics).and_then(|path| path.rfind("::")).map_or(0, |colons| colons + 2);
        Self { name: path.get(start..).unwrap_or(path).into(), fields: S::fields().to_vec() }
    }

    /// Returns the shape with the other's fields too. Of two fields of one name the first counts.
    pub(super) fn and(mut self, other: Self) -> Self {
        if self.name != other.name {
            self.name = Text::from(format!("{} and {}", self.name, other.name));
        }
        for field in other.fields {
            if self.field(field.name).is_none() {
                self.fields.push(field);
            }
        }
        self
    }

    pub(super) fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// Returns what somebody may have meant who wrote a field that there is none of.
    pub(super) fn hint(&self, written: &str) -> String {
        near::hint(written, self.fields.iter().map(|field| field.name))
    }

    /// Checks one field of a state.
    pub(super) fn check(&self, state: &State, name: &str) -> Result<(), StateError> {
        match self.field(name) {
            Some(field) => field.check(state),
            None => Err(StateError::NotInSchema { key: name.into(), schema: self.name.clone(), hint: self.hint(name) }),
        }
    }
}
