//! What a tracer is given to write into and to read from.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use super::{Extract, Getter, Inject, Setter};

/// Where a tracer is to write a context. Maps, lists of pairs, headers and bytes become one by themselves; of a type of one's
/// own it is `Outgoing::Texts(&mut mine)`.
pub enum Outgoing<'a> {
    /// Named texts.
    Texts(&'a mut dyn Inject),
    /// Bytes, which are added to.
    Bytes(&'a mut Vec<u8>),
}

/// Where a tracer is to read a context. Maps, lists of pairs, headers and bytes become one by themselves; of a type of one's own it
/// is `Incoming::Texts(&mine)`.
pub enum Incoming<'a> {
    /// Named texts.
    Texts(&'a dyn Extract),
    /// Bytes.
    Bytes(&'a [u8]),
}

impl fmt::Debug for Outgoing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Texts(_) => "Outgoing::Texts",
            Self::Bytes(_) => "Outgoing::Bytes",
        })
    }
}

impl fmt::Debug for Incoming<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Texts(_) => "Incoming::Texts",
            Self::Bytes(_) => "Incoming::Bytes",
        })
    }
}

impl<'a> From<&'a mut dyn Inject> for Outgoing<'a> {
    fn from(texts: &'a mut dyn Inject) -> Self {
        Self::Texts(texts)
    }
}

impl<'a> From<&'a mut Vec<u8>> for Outgoing<'a> {
    fn from(bytes: &'a mut Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

impl<'a> From<&'a mut Vec<(String, String)>> for Outgoing<'a> {
    fn from(texts: &'a mut Vec<(String, String)>) -> Self {
        Self::Texts(texts)
    }
}

impl<'a, S: std::hash::BuildHasher> From<&'a mut HashMap<String, String, S>> for Outgoing<'a> {
    fn from(texts: &'a mut HashMap<String, String, S>) -> Self {
        Self::Texts(texts)
    }
}

impl<'a> From<&'a mut BTreeMap<String, String>> for Outgoing<'a> {
    fn from(texts: &'a mut BTreeMap<String, String>) -> Self {
        Self::Texts(texts)
    }
}

impl<'a, F: FnMut(&str, String)> From<&'a mut Setter<F>> for Outgoing<'a> {
    fn from(texts: &'a mut Setter<F>) -> Self {
        Self::Texts(texts)
    }
}

impl<'a> From<&'a dyn Extract> for Incoming<'a> {
    fn from(texts: &'a dyn Extract) -> Self {
        Self::Texts(texts)
    }
}

impl<'a> From<&'a [u8]> for Incoming<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Bytes(bytes)
    }
}

impl<'a> From<&'a Vec<u8>> for Incoming<'a> {
    fn from(bytes: &'a Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

impl<'a, K: AsRef<str>, V: AsRef<str>> From<&'a Vec<(K, V)>> for Incoming<'a> {
    fn from(texts: &'a Vec<(K, V)>) -> Self {
        Self::Texts(texts)
    }
}

impl<'a, S: std::hash::BuildHasher> From<&'a HashMap<String, String, S>> for Incoming<'a> {
    fn from(texts: &'a HashMap<String, String, S>) -> Self {
        Self::Texts(texts)
    }
}

impl<'a> From<&'a BTreeMap<String, String>> for Incoming<'a> {
    fn from(texts: &'a BTreeMap<String, String>) -> Self {
        Self::Texts(texts)
    }
}

impl<'a, F: Fn(&str) -> Option<T>, T: AsRef<str>> From<&'a Getter<F>> for Incoming<'a> {
    fn from(texts: &'a Getter<F>) -> Self {
        Self::Texts(texts)
    }
}

/// The headers of hyper, axum, tonic and reqwest.
#[cfg(feature = "http")]
mod headers {
    use http::HeaderMap;

    use super::{Incoming, Outgoing};

    impl<'a> From<&'a mut HeaderMap> for Outgoing<'a> {
        fn from(texts: &'a mut HeaderMap) -> Self {
            Self::Texts(texts)
        }
    }

    impl<'a> From<&'a HeaderMap> for Incoming<'a> {
        fn from(texts: &'a HeaderMap) -> Self {
            Self::Texts(texts)
        }
    }
}
