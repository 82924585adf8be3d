//! The words in which some settings are given.

use std::{
    fmt::{self, Display},
    str::FromStr,
};

/// Room on the disk, or "auto".
#[derive(Debug, Clone, Copy)]
pub(super) struct Room(pub(super) Option<u64>);

impl FromStr for Room {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "auto" { Ok(Self(None)) } else { text.parse().map(|bytes| Self(Some(bytes))) }
    }
}

impl Display for Room {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(bytes) => bytes.fmt(formatter),
            None => formatter.write_str("auto"),
        }
    }
}

/// Regular expressions; one where a setting is a single text, since they may hold any separator.
#[derive(Debug, Clone, Default)]
pub(super) struct Patterns(pub(super) Vec<String>);

impl FromStr for Patterns {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(if text.is_empty() { Vec::new() } else { vec![text.to_owned()] }))
    }
}

impl Display for Patterns {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.join(" "))
    }
}

/// Yes or no, in the words that people use in the environment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Switch(pub(super) bool);

impl FromStr for Switch {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.to_ascii_lowercase().as_str() {
            "1" | "true" | "yes" => Ok(Self(true)),
            "0" | "false" | "no" => Ok(Self(false)),
            _ => Err("use 1, true or yes, or else 0, false or no"),
        }
    }
}

impl Display for Switch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}
