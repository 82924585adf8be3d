//! What an action, a hook or a tracker may fail with.

/// Any error that can go from thread to thread; `?` makes one of every error type.
pub type Fault = Box<dyn std::error::Error + Send + Sync>;
