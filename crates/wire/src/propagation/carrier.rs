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
}

/// Something that named texts can be put into, such as the headers of a request that goes out.
pub trait Inject {
    /// Puts `text` under `name`, in the place of what was there.
    fn put(&mut self, name: &'static str, text: String);
}

impl<S: BuildHasher> Extract for HashMap<String, String, S> {
    fn each(&self, name: &str, each: &mut dyn FnMut(&str)) {
        self.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name)).for_each(|(_, text)| each(text));
    }
}

impl<S: BuildHasher> Inject for HashMap<String, String, S> {
    fn put(&mut self, name: &'static str, text: String) {
        self.insert(name.to_owned(), text);
    }
}

impl Extract for BTreeMap<String, String> {
    fn each(&self, name: &str, each: &mut dyn FnMut(&str)) {
        self.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name)).for_each(|(_, text)| each(text));
    }
}

impl Inject for BTreeMap<String, String> {
    fn put(&mut self, name: &'static str, text: String) {
        self.insert(name.to_owned(), text);
    }
}

/// A list of headers, where a name may stand more than once.
impl<K: AsRef<str>, V: AsRef<str>> Extract for [(K, V)] {
    fn each(&self, name: &str, each: &mut dyn FnMut(&str)) {
        let named = self.iter().filter(|(key, _)| key.as_ref().eq_ignore_ascii_case(name));
        named.for_each(|(_, text)| each(text.as_ref()));
    }
}

impl<K: AsRef<str>, V: AsRef<str>> Extract for Vec<(K, V)> {
    fn each(&self, name: &str, each: &mut dyn FnMut(&str)) {
        self.as_slice().each(name, each);
    }
}

impl Inject for Vec<(String, String)> {
    fn put(&mut self, name: &'static str, text: String) {
        self.retain(|(key, _)| !key.eq_ignore_ascii_case(name));
        self.push((name.to_owned(), text));
    }
}
