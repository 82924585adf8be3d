//! Values that libraries have a context carry, at most one of each type.

use std::any::{Any, TypeId};
use std::sync::Arc;

/// A value that somebody carries along.
type Local = Arc<dyn Any + Send + Sync>;

/// The values; to clone them is to count one more.
#[derive(Clone, Default)]
pub(crate) struct Locals(Option<Arc<[Local]>>);

impl Locals {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Returns the value of that type.
    pub(crate) fn get<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        self.iter().find_map(|value| value.clone().downcast().ok())
    }

    /// Returns these with that value, in the place of one of its type.
    pub(crate) fn with<T: Any + Send + Sync>(&self, value: Arc<T>) -> Self {
        let value: Local = value;
        Self(Some(std::iter::once(value).chain(self.others::<T>()).collect()))
    }

    /// Returns these without the value of that type.
    pub(crate) fn without<T: Any + Send + Sync>(&self) -> Self {
        let others: Arc<[Local]> = self.others::<T>().collect();
        Self((!others.is_empty()).then_some(others))
    }

    fn others<T: Any>(&self) -> impl Iterator<Item = Local> {
        self.iter().filter(|value| (***value).type_id() != TypeId::of::<T>()).cloned()
    }

    fn iter(&self) -> std::slice::Iter<'_, Local> {
        self.0.as_deref().unwrap_or_default().iter()
    }
}
