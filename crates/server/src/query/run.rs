//! Questions about runs.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
};

use trackway_model::{
    Annotation, Json, Remark, RunKey, RunPointer, SpanRecord, StepKey, Text, Timestamp, TraceId, Value, keys,
};
use trackway_store::{
    AnnotationQuery, At, Child, Deleted, DeletedRuns, Error, Order, Page, PageRequest, Run, RunProject, RunQuery,
    RunSummary, Runs, Step, StepDetail, Store, TraceSummary,
};
use trackway_wire::foreign;

use super::Query;

/// The most spans of a trace among which those of each step are counted.
const MOST_COUNTED: u64 = 2_000;
/// How many numbers back the state before a step is looked for: steps that failed may have none.
const MOST_BACK: i64 = 100;

/// A run with all that its page shows.
pub(crate) struct RunPage {
    pub(crate) run: Run,
    /// Where it comes from, and what is known of each.
    pub(crate) lineage: Vec<(RunPointer, Option<RunSummary>)>,
    /// What it brought forth, and what is known of each.
    pub(crate) children: Vec<(Child, Option<RunSummary>)>,
    /// The trace of its spans.
    pub(crate) trace: Option<TraceSummary>,
}

/// Steps of a run.
pub(crate) struct StepPage {
    pub(crate) steps: Vec<Step>,
    /// How many spans each has, in the same order.
    pub(crate) spans: Vec<Option<u64>>,
    pub(crate) next: Option<String>,
}

/// A state of a run, and the step that it belongs to.
pub(crate) struct StateAt {
    pub(crate) step: StepKey,
    pub(crate) action: Text,
    /// Absent when none is known.
    pub(crate) state: Option<Json>,
    /// The action that was set to come next, where that was asked for.
    pub(crate) next: Option<Text>,
}

impl StateAt {
    /// The state of before the first step.
    pub(crate) fn first(state: Option<Json>) -> Self {
        Self { step: StepKey { sequence: -1, attempt: 0 }, action: Text::default(), state, next: None }
    }
}

/// On which side of a step a state is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// What the step began with.
    Before,
    /// What it left.
    After,
    /// What it left, or what was set by hand since.
    Since,
}

/// A step as somebody tests it: with the state that it began with and the one that it left.
pub(crate) struct Tested {
    pub(crate) run: Arc<RunKey>,
    pub(crate) detail: StepDetail,
    pub(crate) before: Option<Json>,
    pub(crate) after: Option<Json>,
}

/// Which states are compared.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Before {
    /// What the step began with.
    Previous,
    /// What there was before the first step: nothing at all, where nobody told.
    Nothing,
    /// This one.
    At(At),
}

/// Two states; the first is absent where there was none, and has the number -1 where it was there before the first step.
pub(crate) struct States {
    pub(crate) before: Option<StateAt>,
    pub(crate) after: StateAt,
}

/// A run or a step that is now different, as it stands.
pub(crate) struct RunNews {
    pub(crate) runs: Vec<RunSummary>,
    pub(crate) steps: Vec<(Arc<RunKey>, Step)>,
}

impl Query {
    async fn ask_runs<T: Send + 'static>(
        &self,
        question: impl FnOnce(&dyn Runs) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let runs = Arc::clone(&self.runs);
        self.ask(move |_| question(&*runs)).await
    }

    /// The projects that have runs.
    pub(crate) async fn run_projects(&self) -> Result<Vec<RunProject>, Error> {
        self.ask_runs(|runs| runs.run_projects()).await
    }

    pub(crate) async fn runs(&self, query: RunQuery, page: PageRequest) -> Result<Page<RunSummary>, Error> {
        self.ask_runs(move |runs| runs.runs(&query, &page)).await
    }

    /// The runs with an application id or a run id; of one partition, or of all when it is absent.
    pub(crate) async fn find_runs(
        &self,
        project: String,
        app: String,
        partition: Option<Option<String>>,
    ) -> Result<Vec<Arc<RunKey>>, Error> {
        self.ask_runs(move |runs| runs.find_runs(&project, &app, partition.as_ref().map(Option::as_deref))).await
    }

    /// A run with all that its page shows.
    pub(crate) async fn run(&self, run: Arc<RunKey>) -> Result<Option<RunPage>, Error> {
        let runs = Arc::clone(&self.runs);
        self.ask(move |store| run_page(store, &*runs, &run)).await
    }

    pub(crate) async fn steps(&self, run: Arc<RunKey>, order: Order, page: PageRequest) -> Result<StepPage, Error> {
        let runs = Arc::clone(&self.runs);
        self.ask(move |store| {
            let Page { items: steps, next } = runs.steps(&run, order, &page)?;
            Ok(StepPage { spans: span_counts(store, &steps)?, steps, next })
        })
        .await
    }

    /// A step, and how many spans it has.
    pub(crate) async fn step(&self, run: Arc<RunKey>, at: At) -> Result<Option<(StepDetail, Option<u64>)>, Error> {
        let runs = Arc::clone(&self.runs);
        self.ask(move |store| {
            let Some(key) = runs.locate(&run, at)? else { return Ok(None) };
            let Some(detail) = runs.step(&run, key)? else { return Ok(None) };
            let counts = span_counts(store, std::slice::from_ref(&detail.step))?;
            Ok(Some((detail, counts.into_iter().flatten().next())))
        })
        .await
    }

    /// The state on one side of a step; `None` when there is no such step.
    pub(crate) async fn state(&self, run: Arc<RunKey>, at: At, side: Side) -> Result<Option<StateAt>, Error> {
        self.ask_runs(move |runs| match side {
            Side::After => state_at(runs, &run, at),
            Side::Before => began_with(runs, &run, at),
            Side::Since => standing(runs, &run),
        })
        .await
    }

    /// The state of before the first step.
    pub(crate) async fn first_state(&self, run: Arc<RunKey>) -> Result<Option<Json>, Error> {
        self.ask_runs(move |runs| runs.first_state(&run)).await
    }

    /// A step as somebody tests it; `None` when there is no such step.
    pub(crate) async fn tested(&self, run: Arc<RunKey>, at: At) -> Result<Option<Tested>, Error> {
        self.ask_runs(move |runs| tested(runs, &run, at)).await
    }

    /// Two states of a run; `None` when there is no such step.
    pub(crate) async fn states(&self, run: Arc<RunKey>, before: Before, after: At) -> Result<Option<States>, Error> {
        self.ask_runs(move |runs| {
            let Some(after) = state_at(runs, &run, after)? else { return Ok(None) };
            let before = match before {
                Before::Nothing => first_state(runs, &run)?,
                Before::Previous => state_before(runs, &run, after.step)?,
                Before::At(at) => match state_at(runs, &run, at)? {
                    Some(before) => Some(before),
                    None => return Ok(None),
                },
            };
            Ok(Some(States { before, after }))
        })
        .await
    }

    pub(crate) async fn remarks(&self, run: Arc<RunKey>, page: PageRequest) -> Result<Page<Remark>, Error> {
        self.ask_runs(move |runs| runs.remarks(&run, &page)).await
    }

    /// Deletes a run and the trace that bears its id.
    pub(crate) async fn delete_run(&self, run: Arc<RunKey>) -> Result<(DeletedRuns, Deleted), Error> {
        let runs = Arc::clone(&self.runs);
        self.ask(move |store| Ok((runs.delete_run(&run)?, store.delete_trace(foreign::run_id(&run))?))).await
    }

    /// When a run was last deleted.
    pub(crate) async fn deleted_at(&self, run: Arc<RunKey>) -> Result<Option<Timestamp>, Error> {
        self.ask_runs(move |runs| runs.deleted_at(&run)).await
    }

    pub(crate) async fn delete_runs(&self, project: String) -> Result<DeletedRuns, Error> {
        self.ask_runs(move |runs| runs.delete_runs(&project)).await
    }

    /// What has become of runs and steps; those that are there no more are left out.
    pub(crate) async fn run_news(
        &self,
        changed: Vec<Arc<RunKey>>,
        steps: Vec<(Arc<RunKey>, StepKey)>,
    ) -> Result<RunNews, Error> {
        self.ask_runs(move |runs| {
            let summaries = changed.into_iter().filter_map(|run| runs.run_summary(&run).transpose());
            let steps = steps.into_iter().filter_map(|(run, step)| {
                let detail = runs.step(&run, step).transpose()?;
                Some(detail.map(|detail| (run, detail.step)))
            });
            Ok(RunNews { runs: summaries.collect::<Result<_, _>>()?, steps: steps.collect::<Result<_, _>>()? })
        })
        .await
    }

    pub(crate) async fn annotations(
        &self,
        query: AnnotationQuery,
        page: PageRequest,
    ) -> Result<Page<Annotation>, Error> {
        self.ask_runs(move |runs| runs.annotations(&query, &page)).await
    }

    pub(crate) async fn annotation(&self, project: String, id: u64) -> Result<Option<Annotation>, Error> {
        self.ask_runs(move |runs| runs.annotation(&project, id)).await
    }

    pub(crate) async fn annotate(&self, annotation: Annotation) -> Result<Annotation, Error> {
        self.ask_runs(move |runs| runs.annotate(annotation)).await
    }

    pub(crate) async fn revise_annotation(&self, annotation: Annotation) -> Result<Option<Annotation>, Error> {
        self.ask_runs(move |runs| runs.revise_annotation(annotation)).await
    }

    pub(crate) async fn import_annotations(&self, annotations: Vec<Annotation>) -> Result<u64, Error> {
        self.ask_runs(move |runs| runs.import_annotations(annotations)).await
    }

    pub(crate) async fn delete_annotation(&self, project: String, id: u64) -> Result<bool, Error> {
        self.ask_runs(move |runs| runs.delete_annotation(&project, id)).await
    }
}

fn run_page(store: &dyn Store, runs: &dyn Runs, key: &RunKey) -> Result<Option<RunPage>, Error> {
    let Some(run) = runs.run(key)? else { return Ok(None) };
    let known = |at: &RunPointer| {
        let pointed = RunKey { project: key.project.clone(), partition: at.partition.clone(), app: at.app.clone() };
        runs.run_summary(&pointed)
    };
    let lineage = run.lineage.iter().map(|at| Ok((at.clone(), known(at)?))).collect::<Result<_, Error>>()?;
    let children = run.children.iter().map(|it| Ok((it.clone(), known(&it.run)?))).collect::<Result<_, Error>>()?;
    let trace = match store.summary(foreign::run_id(key))? {
        Some(trace) => Some(trace),
        None => trace_of_last_step(store, runs, &run.summary)?,
    };
    Ok(Some(RunPage { run, lineage, children, trace }))
}

/// The trace that the last step ran in, where the run has spans in a trace of another id.
fn trace_of_last_step(store: &dyn Store, runs: &dyn Runs, run: &RunSummary) -> Result<Option<TraceSummary>, Error> {
    let Some(last) = run.last_step else { return Ok(None) };
    match runs.step(&run.key, last)?.and_then(|detail| detail.step.span) {
        Some((trace, _)) => store.summary(trace),
        None => Ok(None),
    }
}

fn state_at(runs: &dyn Runs, run: &RunKey, at: At) -> Result<Option<StateAt>, Error> {
    let Some(step) = runs.locate(run, at)? else { return Ok(None) };
    let Some(detail) = runs.step(run, step)? else { return Ok(None) };
    Ok(Some(StateAt { step, action: detail.step.action, state: runs.state(run, step)?, next: None }))
}

/// A step as somebody tests it; `None` when there is no such step.
pub(crate) fn tested(runs: &dyn Runs, run: &Arc<RunKey>, at: At) -> Result<Option<Tested>, Error> {
    let Some(key) = runs.locate(run, at)? else { return Ok(None) };
    let Some(detail) = runs.step(run, key)? else { return Ok(None) };
    let (before, after) = (runs.state_before(run, key)?, runs.state(run, key)?);
    Ok(Some(Tested { run: Arc::clone(run), detail, before, after }))
}

/// What a step began with.
fn began_with(runs: &dyn Runs, run: &RunKey, at: At) -> Result<Option<StateAt>, Error> {
    let Some(step) = runs.locate(run, at)? else { return Ok(None) };
    let Some(detail) = runs.step(run, step)? else { return Ok(None) };
    Ok(Some(StateAt { step, action: detail.step.action, state: runs.state_before(run, step)?, next: None }))
}

/// What the next step will begin with.
fn standing(runs: &dyn Runs, run: &RunKey) -> Result<Option<StateAt>, Error> {
    let Some(standing) = runs.standing(run)? else { return Ok(None) };
    let (next, state) = (standing.next, Some(standing.state));
    let Some(step) = standing.after else { return Ok(Some(StateAt { next, ..StateAt::first(state) })) };
    let action = runs.step(run, step)?.map(|detail| detail.step.action).unwrap_or_default();
    Ok(Some(StateAt { step, action, state, next }))
}

/// The state of before the first step, where somebody told.
fn first_state(runs: &dyn Runs, run: &RunKey) -> Result<Option<StateAt>, Error> {
    let first = StateAt::first(runs.first_state(run)?);
    Ok(Some(first).filter(|first| first.state.is_some()))
}

/// What a step began with, and the step that this is to be called by: the one before or, where that has no state, one
/// further back by its number.
fn state_before(runs: &dyn Runs, run: &RunKey, step: StepKey) -> Result<Option<StateAt>, Error> {
    let is_edited = runs.step(run, step)?.is_some_and(|detail| detail.step.is_edited);
    let edited = if is_edited { runs.state_before(run, step)? } else { None };
    let first = step.sequence.saturating_sub(MOST_BACK).max(0);
    for sequence in (first..step.sequence).rev() {
        let found = state_at(runs, run, At::Sequence(sequence))?;
        if let Some(found) = found.filter(|found| found.state.is_some()) {
            return Ok(Some(StateAt { state: edited.or(found.state), ..found }));
        }
    }
    match edited {
        Some(_) => Ok(Some(StateAt::first(edited))),
        None => first_state(runs, run),
    }
}

/// How many spans each of these steps has beside its own; unknown where its trace is long.
fn span_counts(store: &dyn Store, steps: &[Step]) -> Result<Vec<Option<u64>>, Error> {
    let mut traces: HashMap<TraceId, Option<HashMap<StepKey, u64>>> = HashMap::new();
    for (trace, _) in steps.iter().filter_map(|step| step.span) {
        if let Entry::Vacant(unseen) = traces.entry(trace) {
            unseen.insert(spans_by_step(store, trace)?);
        }
    }
    let count = |step: &Step| {
        let Some((trace, _)) = step.span else { return Some(0) };
        let counts = traces.get(&trace)?.as_ref()?;
        // The span of the step itself is among them, once that has come.
        Some(counts.get(&step.key).copied().unwrap_or(0).saturating_sub(1))
    };
    Ok(steps.iter().map(count).collect())
}

fn spans_by_step(store: &dyn Store, trace: TraceId) -> Result<Option<HashMap<StepKey, u64>>, Error> {
    let mut counts = HashMap::new();
    let Some(summary) = store.summary(trace)? else { return Ok(Some(counts)) };
    if summary.span_count > MOST_COUNTED {
        return Ok(None);
    }
    let page = PageRequest { limit: usize::try_from(MOST_COUNTED).unwrap_or(usize::MAX), cursor: None };
    let spans = store.trace(trace, &page)?.map(|trace| trace.spans.items).unwrap_or_default();
    for step in spans.iter().filter_map(|span| step_of(&span.record)) {
        *counts.entry(step).or_default() += 1;
    }
    Ok(Some(counts))
}

/// The step that a span says it belongs to.
fn step_of(span: &SpanRecord) -> Option<StepKey> {
    let number = |key| match span.attributes.get(key) {
        Some(Value::Int(number)) => Some(*number),
        _ => None,
    };
    let attempt = number(keys::TRACKWAY_STEP_ATTEMPT).unwrap_or(0);
    Some(StepKey { sequence: number(keys::TRACKWAY_STEP_SEQUENCE)?, attempt: u32::try_from(attempt).ok()? })
}

/// The run that a span says it belongs to.
pub(super) fn run_of(span: &SpanRecord) -> Option<RunKey> {
    let app = span.attributes.text(keys::TRACKWAY_APP_ID)?.into();
    let project = span.attributes.text(keys::TRACKWAY_PROJECT).map_or_else(|| span.project.clone(), Text::from);
    let partition = span.attributes.text(keys::TRACKWAY_APP_PARTITION).map(Text::from);
    Some(RunKey { project, partition, app })
}
