//! The attribute macros of the crate `trackway`, which re-exports them. Not for use on its own.
