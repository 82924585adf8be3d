//! Runs of state machines: what is kept of them, and what can be asked.

mod answer;
pub(crate) mod embedded;
pub(crate) mod memory;
mod place;
mod question;
mod rules;

use std::{future::Future, pin::Pin, sync::Arc};

use trackway_model::{Annotation, Json, Remark, RunKey, RunRecord, StateRecord, StepKey, Timestamp, TraceId};

pub use answer::{
    ActionTotals, Child, DeletedRuns, Placement, Run, RunAck, RunProject, RunStatus, RunSummary, Step, StepDetail,
    StepStatus, Stream, Taken, Trail,
};
pub use place::steps_from;
pub use question::{AnnotationQuery, At, Order, RunQuery};

use crate::{Error, Page, PageRequest};

/// Gives a run the id by which it is found beside its names.
///
/// The store knows no format, so whoever opens it says how ids are made; the same names must always give the same id.
pub type RunIds = Arc<dyn Fn(&RunKey) -> TraceId + Send + Sync>;

/// The answer to [`Runs::record`], once the facts are durable.
pub type Recording = Pin<Box<dyn Future<Output = Result<RunAck, Error>> + Send>>;

/// Keeps what is told of runs and answers questions about them; stands beside [`Store`](crate::Store), which keeps spans.
///
/// A fact that was acknowledged is durable and visible to every question asked afterwards. Facts may come twice, in any
/// order and from several senders: the same fact changes nothing, and of two that differ under one
/// [key](trackway_model::RunFact::key) the latest counts. Facts of a whole run
/// ([`AppRecord`](trackway_model::AppRecord)) merge: each field is what was said of it last, and the earliest time counts
/// as the time at which the run was made.
///
/// The steps of a run stand in the order in which the store was first told of them, which for a log is the log's order.
pub trait Runs: Send + Sync {
    /// Stores facts, of one run or of several: all of them or none.
    ///
    /// # Errors
    /// [`Error::Full`] when a bound is reached: try again later; [`Error::TooLarge`] when the facts are beyond one by
    /// themselves: send them in parts; [`Error::ReadOnly`] after the disk failed.
    fn record(&self, records: Vec<RunRecord>) -> Recording;

    /// Returns every project that has runs, by name.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be read.
    fn run_projects(&self) -> Result<Vec<RunProject>, Error>;

    /// Returns a page of the runs that match, the newest [start](RunSummary::start) first.
    ///
    /// # Errors
    /// [`Error::Cursor`] when the cursor is not one of ours.
    fn runs(&self, query: &RunQuery, page: &PageRequest) -> Result<Page<RunSummary>, Error>;

    /// Returns the runs of a project that have this application id or, as 32 hexadecimal digits, this run id; of one
    /// partition, or of all when it is absent. Runs without a partition come first, then by partition.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be read.
    fn find_runs(&self, project: &str, app: &str, partition: Option<Option<&str>>) -> Result<Vec<Arc<RunKey>>, Error>;

    /// Returns what a list shows of a run; `None` when nothing was told of it.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be read.
    fn run_summary(&self, run: &RunKey) -> Result<Option<RunSummary>, Error>;

    /// Returns a run with what stands around it; `None` when nothing was told of it.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be read.
    fn run(&self, run: &RunKey) -> Result<Option<Run>, Error>;

    /// Returns a page of a run's steps; an empty one when nothing was told of the run.
    ///
    /// # Errors
    /// [`Error::Cursor`] when the cursor is not one of ours.
    fn steps(&self, run: &RunKey, order: Order, page: &PageRequest) -> Result<Page<Step>, Error>;

    /// Returns which step of a run is meant; `None` when there is none.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be read.
    fn locate(&self, run: &RunKey, at: At) -> Result<Option<StepKey>, Error>;

    /// Returns everything that is known of a step, except for the state after it.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be read.
    fn step(&self, run: &RunKey, step: StepKey) -> Result<Option<StepDetail>, Error>;

    /// Returns the whole state after a step; `None` when the step has none.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be read.
    fn state(&self, run: &RunKey, step: StepKey) -> Result<Option<Json>, Error>;

    /// Returns the whole state that a step began with: what was set by hand before it, else the state after the nearest step
    /// before it that has one; `None` when nobody told.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be read.
    fn state_before(&self, run: &RunKey, step: StepKey) -> Result<Option<Json>, Error>;

    /// Returns the whole state of before the first step; `None` when nobody told.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be read.
    fn first_state(&self, run: &RunKey) -> Result<Option<Json>, Error>;

    /// Returns where a run stands: the state that its next step will begin with, after its last step. What was set by hand since
    /// has its time, and the action that was to come next. `None` when nobody told of a state.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be read.
    fn standing(&self, run: &RunKey) -> Result<Option<StateRecord>, Error>;

    /// Returns a page of what could not be used of a run's log, in the order in which it came.
    ///
    /// # Errors
    /// [`Error::Cursor`] when the cursor is not one of ours.
    fn remarks(&self, run: &RunKey, page: &PageRequest) -> Result<Page<Remark>, Error>;

    /// Deletes a run with its annotations. What comes for it later is stored anew.
    ///
    /// # Errors
    /// [`Error::ReadOnly`] after the disk failed.
    fn delete_run(&self, run: &RunKey) -> Result<DeletedRuns, Error>;

    /// Returns when a run was last deleted; whoever reads the same files again asks, so as not to bring it back.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be read.
    fn deleted_at(&self, run: &RunKey) -> Result<Option<Timestamp>, Error>;

    /// Deletes every run of a project, and every annotation.
    ///
    /// # Errors
    /// [`Error::ReadOnly`] after the disk failed.
    fn delete_runs(&self, project: &str) -> Result<DeletedRuns, Error>;

    /// Returns a page of the annotations that match, by their number.
    ///
    /// # Errors
    /// [`Error::Cursor`] when the cursor is not one of ours.
    fn annotations(&self, query: &AnnotationQuery, page: &PageRequest) -> Result<Page<Annotation>, Error>;

    /// Returns an annotation; `None` when there is none with this number.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be read.
    fn annotation(&self, project: &str, id: u64) -> Result<Option<Annotation>, Error>;

    /// Stores a new annotation and returns it with the number and the times that the store gave it.
    ///
    /// # Errors
    /// As [`record`](Self::record).
    fn annotate(&self, annotation: Annotation) -> Result<Annotation, Error>;

    /// Replaces what the annotation with this number in this project says, and returns it as it is now; `None` when there
    /// is none. Its number and the time at which it was made stay.
    ///
    /// # Errors
    /// As [`record`](Self::record).
    fn revise_annotation(&self, annotation: Annotation) -> Result<Option<Annotation>, Error>;

    /// Deletes an annotation; false when there is none with this number.
    ///
    /// # Errors
    /// [`Error::ReadOnly`] after the disk failed.
    fn delete_annotation(&self, project: &str, id: u64) -> Result<bool, Error>;

    /// Stores annotations that another program numbered, and returns how many of them changed something.
    ///
    /// One that came before under the same project and number is replaced where the new one was changed later, and one
    /// that was deleted here since stays deleted. Their numbers here are their own where these are free.
    ///
    /// # Errors
    /// As [`record`](Self::record).
    fn import_annotations(&self, annotations: Vec<Annotation>) -> Result<u64, Error>;
}
