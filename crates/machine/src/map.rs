//! Named values that share what they have in common.

use std::{fmt, sync::Arc};

use trackway_model::Text;

use crate::Value;

/// Up to so many names a map is copied whole when it changes, its names apart from its values.
const FEW: usize = 32;

/// Named values, in the order in which the names came. Copies share what they hold, and changing one leaves the others as
/// they are.
///
/// Two are equal when they hold the same values under the same names, in whichever order.
///
/// ```
/// use trackway_machine::{Map, Value};
///
/// let one = Map::default().with("n", 1);
/// let two = one.with("n", 2);
/// assert_eq!((one.get("n"), two.get("n")), (Some(&Value::from(1)), Some(&Value::from(2))));
/// ```
#[derive(Clone, Default)]
pub struct Map(Option<Arc<Body>>);

#[derive(Clone)]
enum Body {
    /// The names are shared by all maps that come of this one and have the same.
    Few {
        names: Arc<[Text]>,
        values: Box<[Value]>,
    },
    Many(Many),
}

/// Trees of which a change copies a path only.
#[derive(Clone, Default)]
struct Many {
    places: imbl::HashMap<Text, u64>,
    fields: imbl::OrdMap<u64, (Text, Value)>,
    next_place: u64,
}

impl Many {
    fn insert(&mut self, name: &str, value: Value) {
        let known = self.places.get(name).and_then(|place| self.fields.get_mut(place));
        if let Some((_, held)) = known {
            *held = value;
            return;
        }
        let name = Text::from(name);
        self.places.insert(name.clone(), self.next_place);
        self.fields.insert(self.next_place, (name, value));
        self.next_place += 1;
    }
}

impl Map {
    /// Returns the number of names.
    pub fn len(&self) -> usize {
        match self.0.as_deref() {
            None => 0,
            Some(Body::Few { names, .. }) => names.len(),
            Some(Body::Many(many)) => many.fields.len(),
        }
    }

    /// Returns true when there are no names.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the value under a name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        match self.0.as_deref()? {
            Body::Few { names, values } => values.get(place(names, name)?),
            Body::Many(many) => many.fields.get(many.places.get(name)?).map(|(_, value)| value),
        }
    }

    /// Returns true when there is a value under a name.
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Returns the names and values in order.
    pub fn iter(&self) -> Fields<'_> {
        Fields(match self.0.as_deref() {
            None => Walk::Few([].iter().zip(&[])),
            Some(Body::Few { names, values }) => Walk::Few(names.iter().zip(values)),
            Some(Body::Many(many)) => Walk::Many(many.fields.iter()),
        })
    }

    /// Returns the names in order.
    pub fn names(&self) -> impl Iterator<Item = &Text> {
        self.iter().map(|(name, _)| name)
    }

    /// Returns this map with a value under a name. A name that is known keeps its place, a new one comes last.
    #[must_use]
    pub fn with(&self, name: impl AsRef<str>, value: impl Into<Value>) -> Self {
        let (name, value) = (name.as_ref(), value.into());
        match self.0.as_deref() {
            None => Self::few(Arc::new([Text::from(name)]), Box::new([value])),
            Some(Body::Few { names, values }) => with_few(names, values, name, value),
            Some(Body::Many(many)) => {
                let mut many = many.clone();
                many.insert(name, value);
                Self::of(Body::Many(many))
            }
        }
    }

    /// Returns this map without a name.
    #[must_use]
    pub fn without(&self, name: &str) -> Self {
        match self.0.as_deref() {
            None => Self(None),
            Some(Body::Few { names, values }) => {
                let Some(gone) = place(names, name) else { return self.clone() };
                let stays = |(at, _): &(usize, _)| *at != gone;
                let names = names.iter().cloned().enumerate().filter(|(at, _)| *at != gone).map(|(_, name)| name);
                let values = values.iter().enumerate().filter(stays).map(|(_, value)| value.clone());
                Self::few(names.collect(), values.collect())
            }
            Some(Body::Many(many)) => {
                let mut many = many.clone();
                if let Some(place) = many.places.remove(name) {
                    many.fields.remove(&place);
                }
                Self::of(Body::Many(many))
            }
        }
    }

    /// Returns true when both are one map, or copies of one; equal maps that were made apart are not.
    pub fn is_same(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (None, None) => true,
            _ => false,
        }
    }

    /// Makes a map of names that are known to differ from each other.
    pub(crate) fn of_distinct(names: Vec<Text>, values: Vec<Value>) -> Self {
        if names.len() <= FEW {
            return Self::few(names.into(), values.into());
        }
        let mut many = Many::default();
        for (place, (name, value)) in (0..).zip(names.into_iter().zip(values)) {
            many.places.insert(name.clone(), place);
            many.fields.insert(place, (name, value));
            many.next_place = place + 1;
        }
        Self::of(Body::Many(many))
    }

    /// Makes a map of names and values side by side; of two values under one name the latest counts. Where the names are those
    /// of another map, both share them.
    pub(crate) fn of_fields(other: &Self, names: Vec<Text>, values: Vec<Value>) -> Self {
        match other.0.as_deref() {
            Some(Body::Few { names: known, .. }) if **known == *names => Self::few(known.clone(), values.into()),
            _ if are_few_and_distinct(&names) => Self::few(names.into(), values.into()),
            _ => names.into_iter().zip(values).collect(),
        }
    }

    /// Lets this map, which nobody else holds yet, share the names of another where they are the same.
    pub(crate) fn share_names(&mut self, other: &Self) {
        let (Some(own), Some(other)) = (self.0.as_mut().and_then(Arc::get_mut), other.0.as_deref()) else { return };
        if let (Body::Few { names, .. }, Body::Few { names: known, .. }) = (own, other)
            && names == known
        {
            names.clone_from(known);
        }
    }

    fn few(names: Arc<[Text]>, values: Box<[Value]>) -> Self {
        if names.is_empty() { Self(None) } else { Self::of(Body::Few { names, values }) }
    }

    fn of(body: Body) -> Self {
        Self(Some(Arc::new(body)))
    }
}

fn are_few_and_distinct(names: &[Text]) -> bool {
    names.len() <= FEW
        && names.iter().enumerate().all(|(at, name)| !names.iter().skip(at + 1).any(|other| other == name))
}

fn place(names: &[Text], name: &str) -> Option<usize> {
    names.iter().position(|known| **known == *name)
}

fn with_few(names: &Arc<[Text]>, values: &[Value], name: &str, value: Value) -> Map {
    if let Some(place) = place(names, name) {
        let mut values: Box<[Value]> = values.into();
        if let Some(held) = values.get_mut(place) {
            *held = value;
        }
        return Map::few(names.clone(), values);
    }
    let name = Text::from(name);
    let mut values_now = Vec::with_capacity(values.len() + 1);
    values_now.extend(values.iter().cloned().chain([value]));
    let names_now = names.iter().cloned().chain([name]);
    Map::of_distinct(names_now.collect(), values_now)
}

impl FromIterator<(Text, Value)> for Map {
    /// Makes a map; of two values under one name the latest counts.
    fn from_iter<I: IntoIterator<Item = (Text, Value)>>(fields: I) -> Self {
        let mut names = Vec::new();
        let mut values = Vec::new();
        let mut fields = fields.into_iter();
        for (name, value) in fields.by_ref() {
            match place(&names, &name).and_then(|place| values.get_mut(place)) {
                Some(held) => *held = value,
                None => {
                    names.push(name);
                    values.push(value);
                }
            }
            if names.len() > FEW {
                break;
            }
        }
        let mut map = Self::of_distinct(names, values);
        if let Some(Body::Many(many)) = map.0.as_mut().and_then(Arc::get_mut) {
            fields.for_each(|(name, value)| many.insert(&name, value));
        }
        map
    }
}

/// The names and values of a map, in order.
#[derive(Clone)]
pub struct Fields<'a>(Walk<'a>);

#[derive(Clone)]
enum Walk<'a> {
    Few(std::iter::Zip<std::slice::Iter<'a, Text>, std::slice::Iter<'a, Value>>),
    Many(imbl::ordmap::Iter<'a, u64, (Text, Value), imbl::shared_ptr::DefaultSharedPtr>),
}

impl<'a> Iterator for Fields<'a> {
    type Item = (&'a Text, &'a Value);

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            Walk::Few(fields) => fields.next(),
            Walk::Many(fields) => fields.next().map(|(_, (name, value))| (name, value)),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.0 {
            Walk::Few(fields) => fields.size_hint(),
            Walk::Many(fields) => fields.size_hint(),
        }
    }
}

impl ExactSizeIterator for Fields<'_> {}

impl fmt::Debug for Fields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.clone()).finish()
    }
}

impl<'a> IntoIterator for &'a Map {
    type Item = (&'a Text, &'a Value);
    type IntoIter = Fields<'a>;

    fn into_iter(self) -> Fields<'a> {
        self.iter()
    }
}

impl PartialEq for Map {
    fn eq(&self, other: &Self) -> bool {
        let holds = |(name, value): (&Text, &Value)| other.get(name) == Some(value);
        self.is_same(other) || (self.len() == other.len() && self.iter().all(holds))
    }
}

impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.iter().fmt(f)
    }
}
