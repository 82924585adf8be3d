//! Names of fields, with and without the type of what they hold.

use std::{fmt, marker::PhantomData};

use trackway_model::Text;

/// The name of a field that holds a `T`: what is read through it is a `T`, and only what fits a `T` can be set through it.
///
/// `#[derive(Schema)]` makes one for each field of a struct.
///
/// ```
/// use trackway_machine::{Key, State};
///
/// const COUNT: Key<u32> = Key::new("count");
///
/// let state = State::default().set(COUNT, 3);
/// assert_eq!(state.get(COUNT)?, 3);
/// # Ok::<(), trackway_machine::StateError>(())
/// ```
pub struct Key<T> {
    name: &'static str,
    holds: PhantomData<fn() -> T>,
}

impl<T> Key<T> {
    /// Makes the key of a field.
    pub const fn new(name: &'static str) -> Self {
        Self { name, holds: PhantomData }
    }

    /// Returns the name of the field.
    pub const fn name(&self) -> &'static str {
        self.name
    }
}

impl<T> Clone for Key<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Key<T> {}

impl<T> AsRef<str> for Key<T> {
    fn as_ref(&self) -> &str {
        self.name
    }
}

impl<T> fmt::Debug for Key<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Key").field(&self.name).finish()
    }
}

impl<T> fmt::Display for Key<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// A key under which a `T` may be read: a [`Key`] of that type, or any name.
pub trait Gives<T>: AsRef<str> {}

/// A key under which a `V` may be set: a [`Key`] of a type that it fits, or any name.
#[diagnostic::on_unimplemented(message = "a `{V}` cannot be set under this key, which holds another type")]
pub trait Takes<V>: AsRef<str> {}

/// A key of a list that takes an `I`: a [`Key`] of a `Vec` whose items it fits, or any name.
#[diagnostic::on_unimplemented(message = "a `{I}` is no item of what this key holds")]
pub trait Collects<I>: AsRef<str> {}

impl<T> Gives<T> for Key<T> {}
impl<T, V: Fits<T>> Takes<V> for Key<T> {}
impl<T, I: Fits<T>> Collects<I> for Key<Vec<T>> {}
impl<T, I: Fits<T>> Collects<I> for Key<Option<Vec<T>>> {}

macro_rules! names {
    ($($name:ty),*) => {$(
        impl<T> Gives<T> for $name {}
        impl<V> Takes<V> for $name {}
        impl<I> Collects<I> for $name {}
    )*};
}

names!(&str, &&str, String, &String, Text, &Text);

/// What can stand for a `T`, since both have one form as a value.
#[diagnostic::on_unimplemented(message = "a `{Self}` cannot stand for a `{T}`")]
pub trait Fits<T> {}

impl<T> Fits<T> for T {}
impl<T> Fits<T> for &T {}
impl<T> Fits<Option<T>> for T {}
impl<T> Fits<Option<T>> for &T {}
impl<T> Fits<Vec<T>> for &[T] {}
impl<T, const N: usize> Fits<Vec<T>> for [T; N] {}
impl<T, const N: usize> Fits<Vec<T>> for &[T; N] {}
impl Fits<String> for &str {}
impl Fits<Option<String>> for &str {}
