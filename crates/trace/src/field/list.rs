//! Lists, which OTLP has as arrays.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use trackway_model::{Text, Value};

use super::{Field, ValueRef};

/// What a list can hold to be recorded: numbers, truth values and texts. A list of `u8` is bytes.
#[diagnostic::on_unimplemented(
    message = "a list of `{Self}` cannot be recorded as it is",
    note = "lists of numbers, booleans and texts can; write `?list` to record what its `Debug` writes"
)]
pub trait Item: Field {}

macro_rules! items {
    ($($type:ty)*) => {
        $(impl Item for $type {})*
    };
}

items!(bool char i8 i16 i32 i64 i128 isize u16 u32 u64 u128 usize f32 f64);
items!(str String Box<str> Rc<str> Arc<str> Cow<'_, str> Text Value);

impl<T: Item + ?Sized> Item for &T {}

impl<T: Item> Field for [T] {
    fn lend<R>(&self, record: impl FnOnce(ValueRef<'_>) -> R) -> R {
        let values = self.iter().filter_map(|item| item.lend(|value| value.to_value()));
        record(ValueRef::Value(&Value::Array(values.collect())))
    }
}

impl<T: Item, const N: usize> Field for [T; N] {
    fn lend<R>(&self, record: impl FnOnce(ValueRef<'_>) -> R) -> R {
        self.as_slice().lend(record)
    }
}

impl<T: Item> Field for Vec<T> {
    fn lend<R>(&self, record: impl FnOnce(ValueRef<'_>) -> R) -> R {
        self.as_slice().lend(record)
    }
}

impl<const N: usize> Field for [u8; N] {
    fn lend<R>(&self, record: impl FnOnce(ValueRef<'_>) -> R) -> R {
        self.as_slice().lend(record)
    }
}
