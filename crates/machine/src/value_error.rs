//! Why a value could not be made, or not be read.

use std::fmt;

use trackway_model::Text;

/// Why something cannot be made a value, or a value not what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct ValueError {
    reason: Text,
}

impl ValueError {
    pub(crate) fn new(reason: impl fmt::Display) -> Self {
        Self { reason: Text::from(reason.to_string()) }
    }
}

impl serde::ser::Error for ValueError {
    fn custom<T: fmt::Display>(reason: T) -> Self {
        Self::new(reason)
    }
}

impl serde::de::Error for ValueError {
    fn custom<T: fmt::Display>(reason: T) -> Self {
        Self::new(reason)
    }
}
