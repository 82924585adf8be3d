//! Values that pass through serde in one piece.
//!
//! A value that is set, or read as a value, need not be taken apart and put together again. Serde's traits cannot say so: the
//! one side leaves the value here, and the other finds it. To every other format a value is as if this were not there.

use std::cell::RefCell;

use crate::Value;

/// The name by which both sides know each other.
pub(crate) const NAME: &str = "trackway_machine::Value";

thread_local! {
    static PLACE: RefCell<Place> = const { RefCell::new(Place::Empty) };
}

enum Place {
    Empty,
    Wanted,
    Holds(Value),
}

fn swap(next: Place) -> Place {
    PLACE.with(|place| place.replace(next))
}

/// Returns what `give` leaves, and all else that it returns.
pub(crate) fn receive<T>(give: impl FnOnce() -> T) -> (Option<Value>, T) {
    let before = swap(Place::Wanted);
    let given = give();
    match swap(before) {
        Place::Holds(value) => (Some(value), given),
        Place::Empty | Place::Wanted => (None, given),
    }
}

/// Leaves a value where it is wanted; returns false where nobody asked for one.
pub(crate) fn give(value: impl FnOnce() -> Value) -> bool {
    PLACE.with_borrow_mut(|place| {
        let is_wanted = matches!(place, Place::Wanted);
        if is_wanted {
            *place = Place::Holds(value());
        }
        is_wanted
    })
}

/// Leaves a value for what `take` reads.
pub(crate) fn offer<T>(value: Value, take: impl FnOnce() -> T) -> T {
    let before = swap(Place::Holds(value));
    let taken = take();
    swap(before);
    taken
}

/// Takes the value that was left, if there is one.
pub(crate) fn take() -> Option<Value> {
    match swap(Place::Empty) {
        Place::Holds(value) => Some(value),
        other => {
            swap(other);
            None
        }
    }
}
