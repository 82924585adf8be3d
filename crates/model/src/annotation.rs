//! What people say of runs.

use std::sync::Arc;

use crate::{Json, RunKey, Text, Timestamp};

/// What somebody says of a step of a run: that it was good, what it should have said, where it belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotation {
    /// Its number, unique in its project.
    pub id: u64,
    /// The run.
    pub run: Arc<RunKey>,
    /// The number of the step.
    pub sequence: i64,
    /// The attempt at the step; absent where only its number was said, which means the latest.
    pub attempt: Option<u32>,
    /// The span in the step, by the id that the client gave it: `3:0.1`.
    pub span: Option<Text>,
    /// The action of the step.
    pub step_name: Text,
    /// What the step is marked with.
    pub tags: Vec<Text>,
    /// The judgements: a JSON list of objects with the fields `data_fields`, `thumbs_up_thumbs_down` and `data_pointers`.
    pub observations: Json,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// When it was last changed.
    pub updated: Option<Timestamp>,
}
