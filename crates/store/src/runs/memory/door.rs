//! [`Runs`] for [`Memory`].

use std::sync::{Arc, MutexGuard, PoisonError};

use trackway_model::{Annotation, Json, Remark, RunKey, RunRecord, StateRecord, StepKey, Timestamp};

use super::KeptRuns;
use crate::{
    AnnotationQuery, At, DeletedRuns, Error, Memory, Order, Page, PageRequest, Recording, Run, RunProject, RunQuery,
    RunSummary, Runs, Step, StepDetail,
};

impl Memory {
    fn runs_kept(&self) -> MutexGuard<'_, KeptRuns> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Runs for Memory {
    fn record(&self, records: Vec<RunRecord>) -> Recording {
        let ack = self.runs_kept().record(records, self.moment().now);
        Box::pin(std::future::ready(Ok(ack)))
    }

    fn run_projects(&self) -> Result<Vec<RunProject>, Error> {
        Ok(self.runs_kept().projects(self.moment()))
    }

    fn runs(&self, query: &RunQuery, page: &PageRequest) -> Result<Page<RunSummary>, Error> {
        self.runs_kept().list(query, page, self.moment())
    }

    fn find_runs(&self, project: &str, app: &str, partition: Option<Option<&str>>) -> Result<Vec<Arc<RunKey>>, Error> {
        Ok(self.runs_kept().find_named(project, app, partition))
    }

    fn run_summary(&self, run: &RunKey) -> Result<Option<RunSummary>, Error> {
        Ok(self.runs_kept().summary(run, self.moment()))
    }

    fn run(&self, run: &RunKey) -> Result<Option<Run>, Error> {
        Ok(self.runs_kept().whole(run, self.moment()))
    }

    fn steps(&self, run: &RunKey, order: Order, page: &PageRequest) -> Result<Page<Step>, Error> {
        self.runs_kept().steps(run, order, page, self.moment())
    }

    fn locate(&self, run: &RunKey, at: At) -> Result<Option<StepKey>, Error> {
        Ok(self.runs_kept().locate(run, at))
    }

    fn step(&self, run: &RunKey, step: StepKey) -> Result<Option<StepDetail>, Error> {
        Ok(self.runs_kept().step(run, step, self.moment()))
    }

    fn state(&self, run: &RunKey, step: StepKey) -> Result<Option<Json>, Error> {
        Ok(self.runs_kept().state(run, step))
    }

    fn state_before(&self, run: &RunKey, step: StepKey) -> Result<Option<Json>, Error> {
        Ok(self.runs_kept().state_before(run, step))
    }

    fn first_state(&self, run: &RunKey) -> Result<Option<Json>, Error> {
        Ok(self.runs_kept().first_state(run))
    }

    fn standing(&self, run: &RunKey) -> Result<Option<StateRecord>, Error> {
        Ok(self.runs_kept().standing(run))
    }

    fn remarks(&self, run: &RunKey, page: &PageRequest) -> Result<Page<Remark>, Error> {
        self.runs_kept().remarks(run, page)
    }

    fn delete_run(&self, run: &RunKey) -> Result<DeletedRuns, Error> {
        Ok(self.runs_kept().delete(run, self.moment().now))
    }

    fn deleted_at(&self, run: &RunKey) -> Result<Option<Timestamp>, Error> {
        Ok(self.runs_kept().deleted_at(run))
    }

    fn delete_runs(&self, project: &str) -> Result<DeletedRuns, Error> {
        Ok(self.runs_kept().delete_project(project, self.moment().now))
    }

    fn annotations(&self, query: &AnnotationQuery, page: &PageRequest) -> Result<Page<Annotation>, Error> {
        self.runs_kept().annotations(query, page)
    }

    fn annotation(&self, project: &str, id: u64) -> Result<Option<Annotation>, Error> {
        Ok(self.runs_kept().annotation(project, id))
    }

    fn annotate(&self, annotation: Annotation) -> Result<Annotation, Error> {
        Ok(self.runs_kept().annotate(annotation, self.moment().now))
    }

    fn revise_annotation(&self, annotation: Annotation) -> Result<Option<Annotation>, Error> {
        Ok(self.runs_kept().revise(annotation, self.moment().now))
    }

    fn delete_annotation(&self, project: &str, id: u64) -> Result<bool, Error> {
        Ok(self.runs_kept().delete_annotation(project, id))
    }

    fn import_annotations(&self, annotations: Vec<Annotation>) -> Result<u64, Error> {
        Ok(self.runs_kept().import(annotations))
    }
}
