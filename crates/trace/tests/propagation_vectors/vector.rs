//! One recorded vector.

use std::fmt;

use serde_json::Value as Json;

/// What was given to a library, what it did, and what the format's specification says, if there is one.
pub struct Vector(Json);

impl Vector {
    /// Reads all vectors of a file.
    pub fn read(path: &str) -> Vec<Self> {
        let text = std::fs::read(path).unwrap_or_else(|error| panic!("{path}: {error}"));
        let mut document: Json = serde_json::from_slice(&text).unwrap();
        let Json::Array(vectors) = document["vectors"].take() else { panic!("{path} has no list of vectors") };
        vectors.into_iter().map(Self).collect()
    }

    fn text(&self, key: &str) -> &str {
        self.0[key].as_str().unwrap_or_default()
    }

    pub fn id(&self) -> &str {
        self.text("id")
    }

    pub fn group(&self) -> &str {
        self.text("group")
    }

    pub fn op(&self) -> &str {
        self.text("op")
    }

    /// One of the things that were given; null when it was not.
    pub fn input(&self, key: &str) -> &Json {
        &self.0["input"][key]
    }

    /// All that was given.
    pub fn inputs(&self) -> &Json {
        &self.0["input"]
    }

    /// What the library returned; `None` when it raised an error.
    pub fn library(&self) -> Option<&Json> {
        self.0["library_result"].get("ok")
    }

    /// The type of the error that the library raised.
    pub fn library_error(&self) -> Option<&str> {
        self.0["library_result"]["error"].as_str()
    }

    /// What the specification says; `None` when it says nothing of this.
    pub fn standard(&self) -> Option<&Json> {
        self.0.get("standard_expects").filter(|json| !json.is_null())
    }
}

impl fmt::Display for Vector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Says how what we made differs from what was to be.
pub fn same(made: &Json, expected: &Json) -> Result<(), String> {
    if made == expected { Ok(()) } else { Err(format!("made {made}, expected {expected}")) }
}
