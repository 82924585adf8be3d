//! Foreign formats to and from Trackway's records.
//!
//! Every format is a module of pure functions over bytes, behind a feature of its name. Nothing here reads a socket, a
//! file or a clock, so that a recorded request decodes the same today and in ten years.

#[cfg(feature = "otlp")]
pub mod otlp;
#[cfg(feature = "propagation")]
pub mod propagation;
