//! Where what is read goes.

use std::{future::Future, pin::Pin, sync::Arc};

use trackway_model::Annotation;
use trackway_wire::burr::Item;

use crate::counters::Counters;

/// An answer that comes when all is durable; a sentence when it could not be stored.
pub(crate) type Taking<'a> = Pin<Box<dyn Future<Output = Result<(), String>> + Send + 'a>>;

/// Takes in what is read.
pub(crate) trait Door: Send + Sync {
    /// Stores what is told of a run.
    fn take(&self, items: Vec<Item>) -> Taking<'_>;

    /// Stores annotations.
    fn annotate(&self, annotations: Vec<Annotation>) -> Taking<'_>;

    /// Returns where readings are counted.
    fn counters(&self) -> &Arc<Counters>;
}
