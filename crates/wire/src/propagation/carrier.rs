//! What a context is carried in.

use std::{
    collections::{BTreeMap, HashMap},
    hash::BuildHasher,
};

/// Something that holds named texts, such as the headers of a request that came in.
pub trait Extract {
    /// Calls `each` with every text under `name`, in order; names are compared without regard to case, as HTTP does.
    ///
    /// A text that is not UTF-8 is passed over.
    fn each(&self, name: &str, each: &mut dyn FnMut(&str));

    /// Calls `each` with every name and its text, in any order, for the formats that put each entry of the baggage under a
    /// name of its own.
    ///
    /// A carrier that cannot tell which names it has says none, and such baggage is then not found.
    fn entries(&self, each: &mut dyn FnMut(&str, &str)) {
        let _ = each; // There is nothing to call it with.
    }
}

/// Something that named texts can be put into, such as the headers of a request that goes out.
pub trait Inject {
    /// Puts `text` under `name`, in the place of what was there.
    fn put(&mut self, name: &str, text: String);
}

impl<S: BuildHasher> Extract for HashMap<String, String, S> {
    fn each(&self, name: &str, each: &mut dyn FnMut(&str)) {
        self.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name)).for_each(|(_, text)| each(text));
    }

    fn entries(&self, each: &mut dyn FnMut(&str, &str)) {
        self.iter().for_each(|(name, text)| each(name, text));
    }
}

impl<S: BuildHasher> Inject for HashMap<String, String, S> {
    fn put(&mut self, name: &str, text: String) {
        self.insert(name.to_owned(), text);
    }
}

impl Extract for BTreeMap<String, String> {
    fn each(&self, name: &str, each: &mut dyn FnMut(&str)) {
        self.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name)).for_each(|(_, text)| each(text));
    }

    fn entries(&self, each: &mut dyn FnMut(&str, &str)) {
        self.iter().for_each(|(name, text)| each(name, text));
    }
}

impl Inject for BTreeMap<String, String> {
    fn put(&mut self, name: &str, text: String) {
        self.insert(name.to_owned(), text);
    }
}

/// A list of headers, where a name may stand more than once.
impl<K: AsRef<str>, V: AsRef<str>> Extract for [(K, V)] {
    fn each(&self, name: &str, each: &mut dyn FnMut(&str)) {
        let named = self.iter().filter(|(key, _)| key.as_ref().eq_ignore_ascii_case(name));
        named.for_each(|(_, text)| each(text.as_ref()));
    }

    fn entries(&self, each: &mut dyn FnMut(&str, &str)) {
        self.iter().for_each(|(name, text)| each(name.as_ref(), text.as_ref()));
    }
}

impl<K: AsRef<str>, V: AsRef<str>> Extract for Vec<(K, V)> {
    fn each(&self, name: &str, each: &mut dyn FnMut(&str)) {
        self.as_slice().each(name, each);
    }

    fn entries(&self, each: &mut dyn FnMut(&str, &str)) {
        self.as_slice().entries(each);
    }
}

impl Inject for Vec<(String, String)> {
    fn put(&mut self, name: &str, text: String) {
        self.retain(|(key, _)| !key.eq_ignore_ascii_case(name));
        self.push((name.to_owned(), text));
    }
}

/// Reads texts by a function, where what holds them is of a type that is neither ours nor the caller's.
///
/// ```
/// use trackway_wire::propagation::{Getter, SpanContext};
///
/// # struct Request;
/// # impl Request { fn header(&self, name: &str) -> Option<&str> { (name == "traceparent").then_some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01") } }
/// # let request = Request;
/// let parent = SpanContext::extract(&Getter::new(|name| request.header(name)))?;
/// assert!(parent.is_some());
/// # Ok::<(), trackway_wire::propagation::Corrupt>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Getter<F>(F);

impl<F> Getter<F> {
    /// Returns a carrier of the texts that `get` returns, one for a name. Whether it regards case is its own affair: the
    /// names that are asked for are in lower case.
    pub fn new<T: AsRef<str>>(get: F) -> Self
    where
        F: Fn(&str) -> Option<T>,
    {
        Self(get)
    }
}

impl<F: Fn(&str) -> Option<T>, T: AsRef<str>> Extract for Getter<F> {
    fn each(&self, name: &str, each: &mut dyn FnMut(&str)) {
        if let Some(text) = (self.0)(name) {
            each(text.as_ref());
        }
    }
}

/// Writes texts by a function, which is to put each in the place of what was there.
///
/// ```
/// use trackway_wire::propagation::{Baggage, Setter};
///
/// let mut lines = String::new();
/// let mut carrier = Setter::new(|name, text| lines += &format!("{name}: {text}\r\n"));
/// Baggage::default().with("tier", "gold").inject(&mut carrier);
/// assert_eq!(lines, "baggage: tier=gold\r\n");
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Setter<F>(F);

impl<F: FnMut(&str, String)> Setter<F> {
    /// Returns a carrier that hands names and texts to `set`.
    pub fn new(set: F) -> Self {
        Self(set)
    }
}

impl<F: FnMut(&str, String)> Inject for Setter<F> {
    fn put(&mut self, name: &str, text: String) {
        (self.0)(name, text);
    }
}
