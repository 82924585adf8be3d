//! `/api/v1`: the questions of [`crate::query`] over HTTP, as JSON.
//!
//! Times are RFC 3339 with nine decimals, durations whole nanoseconds, 64-bit integers in attributes texts.

pub(crate) mod activity;
mod agent;
pub(crate) mod annotation;
pub(crate) mod case;
pub(crate) mod change;
mod cut;
pub(crate) mod group;
pub(crate) mod imported;
mod json;
pub(crate) mod live;
pub(crate) mod manage;
pub(crate) mod openapi;
mod param;
pub(crate) mod problem;
pub(crate) mod records;
pub(crate) mod run;
mod span;
pub(crate) mod state;
pub(crate) mod step;
pub(crate) mod story;
mod summary;
mod time;
pub(crate) mod trace;
pub(crate) mod upkeep;
mod value;
