//! [`Runs`] for [`Embedded`].

use std::{future::ready, sync::Arc};

use trackway_model::{Annotation, Json, Remark, RunKey, RunRecord, StateRecord, StepKey, Timestamp};

use super::{Change, Changed, delete, notes, placed, read, rows::RunRow, steps, writer_is_gone};
use crate::{
    AnnotationQuery, At, DeletedRuns, Embedded, Error, Order, Page, PageRequest, Recording, Run, RunAck, RunProject,
    RunQuery, RunSummary, Runs, Step, StepDetail,
};

impl Runs for Embedded {
    fn record(&self, records: Vec<RunRecord>) -> Recording {
        if records.is_empty() {
            return Box::pin(ready(Ok(RunAck::default())));
        }
        match self.runs.enqueue(records) {
            Ok(answer) => Box::pin(async { answer.await.unwrap_or_else(|_| Err(writer_is_gone())) }),
            Err(refusal) => Box::pin(ready(Err(refusal))),
        }
    }

    fn run_projects(&self) -> Result<Vec<RunProject>, Error> {
        self.runs.ask(read::projects)
    }

    fn runs(&self, query: &RunQuery, page: &PageRequest) -> Result<Page<RunSummary>, Error> {
        self.runs.ask(|it| read::list(it, query, page, self.moment()))
    }

    fn find_runs(&self, project: &str, app: &str, partition: Option<Option<&str>>) -> Result<Vec<Arc<RunKey>>, Error> {
        self.runs.ask(|it| read::find_named(it, project, app, partition))
    }

    fn run_summary(&self, run: &RunKey) -> Result<Option<RunSummary>, Error> {
        self.runs.ask(|it| RunRow::find(it, run)?.map(|row| read::summarise(it, &row, self.moment())).transpose())
    }

    fn run(&self, run: &RunKey) -> Result<Option<Run>, Error> {
        self.runs.ask(|it| RunRow::find(it, run)?.map(|row| read::whole(it, &row, self.moment())).transpose())
    }

    fn steps(&self, run: &RunKey, order: Order, page: &PageRequest) -> Result<Page<Step>, Error> {
        self.runs.ask(|it| match RunRow::find(it, run)? {
            Some(row) => steps::steps(it, &row, order, page, self.moment()),
            None => steps::no_steps(page),
        })
    }

    fn locate(&self, run: &RunKey, at: At) -> Result<Option<StepKey>, Error> {
        self.runs.ask(|it| RunRow::find(it, run)?.map_or(Ok(None), |row| read::locate(it, &row, at)))
    }

    fn step(&self, run: &RunKey, step: StepKey) -> Result<Option<StepDetail>, Error> {
        self.runs.ask(|it| RunRow::find(it, run)?.map_or(Ok(None), |row| steps::step(it, &row, step, self.moment())))
    }

    fn state(&self, run: &RunKey, step: StepKey) -> Result<Option<Json>, Error> {
        self.runs.ask(|it| RunRow::find(it, run)?.map_or(Ok(None), |row| read::state(it, &row, step)))
    }

    fn state_before(&self, run: &RunKey, step: StepKey) -> Result<Option<Json>, Error> {
        self.runs.ask(|it| RunRow::find(it, run)?.map_or(Ok(None), |row| placed::state_before(it, &row, step)))
    }

    fn first_state(&self, run: &RunKey) -> Result<Option<Json>, Error> {
        self.runs.ask(|it| RunRow::find(it, run)?.map_or(Ok(None), |row| placed::first_state(it, &row)))
    }

    fn standing(&self, run: &RunKey) -> Result<Option<StateRecord>, Error> {
        self.runs.ask(|it| RunRow::find(it, run)?.map_or(Ok(None), |row| placed::standing(it, &row)))
    }

    fn remarks(&self, run: &RunKey, page: &PageRequest) -> Result<Page<Remark>, Error> {
        self.runs.ask(|it| steps::remarks(it, RunRow::find(it, run)?.as_ref(), page))
    }

    fn delete_run(&self, run: &RunKey) -> Result<DeletedRuns, Error> {
        deleted(self.runs.change(Change::DeleteRun(run.clone()))?)
    }

    fn deleted_at(&self, run: &RunKey) -> Result<Option<Timestamp>, Error> {
        self.runs.ask(|it| delete::when(it, run))
    }

    fn delete_runs(&self, project: &str) -> Result<DeletedRuns, Error> {
        deleted(self.runs.change(Change::DeleteProject(project.to_owned()))?)
    }

    fn annotations(&self, query: &AnnotationQuery, page: &PageRequest) -> Result<Page<Annotation>, Error> {
        self.runs.ask(|it| notes::list(it, query, page))
    }

    fn annotation(&self, project: &str, id: u64) -> Result<Option<Annotation>, Error> {
        self.runs.ask(|it| notes::get(it, project, id))
    }

    fn annotate(&self, annotation: Annotation) -> Result<Annotation, Error> {
        annotation_of(self.runs.change(Change::Annotate(annotation))?).and_then(|made| made.ok_or_else(writer_is_gone))
    }

    fn revise_annotation(&self, annotation: Annotation) -> Result<Option<Annotation>, Error> {
        annotation_of(self.runs.change(Change::Revise(annotation))?)
    }

    fn delete_annotation(&self, project: &str, id: u64) -> Result<bool, Error> {
        Ok(counted(self.runs.change(Change::DeleteAnnotation(project.to_owned(), id))?)? > 0)
    }

    fn import_annotations(&self, annotations: Vec<Annotation>) -> Result<u64, Error> {
        counted(self.runs.change(Change::Import(annotations))?)
    }
}

fn deleted(changed: Changed) -> Result<DeletedRuns, Error> {
    if let Changed::Deleted(deleted) = changed { Ok(deleted) } else { Err(writer_is_gone()) }
}

fn annotation_of(changed: Changed) -> Result<Option<Annotation>, Error> {
    if let Changed::Annotation(annotation) = changed { Ok(annotation) } else { Err(writer_is_gone()) }
}

fn counted(changed: Changed) -> Result<u64, Error> {
    if let Changed::Count(count) = changed { Ok(count) } else { Err(writer_is_gone()) }
}
