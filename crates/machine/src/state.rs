//! The state of an application.

use crate::Map;

/// The state of an application: named values that never change. What "changes" it returns another state.
#[derive(Debug, Clone, Default)]
pub struct State {
    pub(crate) fields: Map,
}
