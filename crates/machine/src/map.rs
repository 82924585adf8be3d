//! Named values that share what they have in common.

use std::sync::Arc;

use trackway_model::Text;

use crate::Value;

/// Named values, in the order in which the names came. Copies share what they hold.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Map(pub(crate) Arc<Vec<(Text, Value)>>);
