//! What the measurements of the server have in common.

pub mod machine;
pub mod process;
