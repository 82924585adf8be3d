//! Which keys spans have, in which order: spans of one kind nearly always have the same.
//!
//! ```text
//! (start) ── http.route, text ──► 1 ── http.status, int ──► 2 ── ...
//!        └── db.system, text ───► 7 ── db.statement, text ─► 8
//! ```
//!
//! Following a span along its attributes costs a comparison for each, and no look into a table.

use trackway_model::{Text, Value};

use super::schema::Scalar;

/// The most ways on from one place, and the most in all; what goes beyond is not remembered.
const MOST_ONWARD: usize = 16;
const MOST_WAYS: usize = 16 * 1024;

/// The orders in which spans were met to have their attributes.
#[derive(Debug, Clone)]
pub(super) struct Shapes {
    places: Vec<Place>,
}

#[derive(Debug, Clone, Default)]
struct Place {
    onward: Vec<Way>,
    /// What the writer calls the order that ends here.
    order: Option<u32>,
}

/// An attribute that comes next.
#[derive(Debug, Clone)]
pub(super) struct Way {
    pub(super) key: Text,
    pub(super) scalar: Option<Scalar>,
    /// How many spans went here.
    pub(super) count: u64,
    /// Into which column the value goes; `None` until that was looked up.
    pub(super) column: Option<Option<u16>>,
    to: usize,
}

impl Default for Shapes {
    fn default() -> Self {
        Self { places: vec![Place::default()] }
    }
}

impl Shapes {
    /// Where every span begins.
    pub(super) const START: usize = 0;

    /// Goes on from a place by an attribute, and returns the way and where it leads; `None` when there are too many.
    pub(super) fn follow(&mut self, from: usize, key: &Text, value: &Value) -> Option<(&mut Way, usize)> {
        let scalar = Scalar::of(value);
        let next = self.places.len();
        let place = self.places.get_mut(from)?;
        let found = place.onward.iter().position(|way| way.scalar == scalar && way.key == *key);
        let at = match found {
            Some(0) => 0,
            // Ways that are often gone come to the front.
            Some(at) => {
                place.onward.swap(at, at - 1);
                at - 1
            }
            None if place.onward.len() < MOST_ONWARD && next <= MOST_WAYS => {
                place.onward.push(Way { key: key.clone(), scalar, count: 0, column: None, to: next });
                let at = place.onward.len() - 1;
                self.places.push(Place::default());
                at
            }
            None => return None,
        };
        let way = self.places.get_mut(from)?.onward.get_mut(at)?;
        let to = way.to;
        Some((way, to))
    }

    /// Returns what the order that ends at a place is called; `None` until it was [named](Self::name_order).
    pub(super) fn order(&self, place: usize) -> Option<u32> {
        self.places.get(place)?.order
    }

    /// Names the order that ends at a place.
    pub(super) fn name_order(&mut self, place: usize, name: u32) {
        if let Some(place) = self.places.get_mut(place) {
            place.order = Some(name);
        }
    }

    /// Returns all ways.
    pub(super) fn ways(&self) -> impl Iterator<Item = &Way> {
        self.places.iter().flat_map(|place| &place.onward)
    }
}
