//! Runs and traces in one list.
//!
//! Both lists are read side by side, the newest start first. A trace that is wholly of one run is that run and no item of
//! its own; only where a name is searched that the run does not bear itself, the trace's match brings the run. Where spans
//! are searched, the traces are listed that have them, those of runs too, and no run.

use std::{cell::Cell, collections::VecDeque, sync::Arc};

use trackway_model::Elapsed;
use trackway_store::{
    Error, Page, PageRequest, RunQuery, RunStatus, RunSummary, Runs, Search, Store, TraceQuery, TraceStatus,
    TraceSummary,
};
use trackway_wire::foreign;

use super::{Query, run::run_of};

/// How many traces and runs are looked at for one page; then it ends, however few were found.
const MOST_LOOKED_AT: usize = 5_000;
/// The most spans of a trace among which its roots are looked for.
const MOST_SPANS: usize = 10_000;
/// Parts the two places of a cursor; neither has it.
const PARTING: char = '~';
/// A list that has come to its end.
const AT_END: &str = "-";

/// An item of the list.
pub(crate) enum Doing {
    Run(Box<RunSummary>),
    Trace(Box<TraceSummary>),
}

/// A part of the list, and what it took to find it.
pub(crate) struct Activity {
    pub(crate) items: Vec<Doing>,
    /// Asks for what is behind these; absent at the end.
    pub(crate) next: Option<String>,
    pub(crate) search: Search,
}

impl Query {
    /// A page of runs and traces, the newest start first. It may have few items, or none, and still another behind it.
    pub(crate) async fn activity(&self, query: TraceQuery, page: PageRequest) -> Result<Activity, Error> {
        let runs = Arc::clone(&self.runs);
        self.ask(move |store| activity(store, &*runs, &query, &page)).await
    }
}

fn activity(store: &dyn Store, runs: &dyn Runs, query: &TraceQuery, page: &PageRequest) -> Result<Activity, Error> {
    let run_query = run_query(query);
    let read_runs = |page: &PageRequest| match &run_query {
        Some(query) => runs.runs(query, page),
        None => Ok(Page { items: Vec::new(), next: None }),
    };
    let search = Cell::new(Search::default());
    let read_traces = |page: &PageRequest| {
        let found = store.traces(query, page)?;
        let scanned = search.get().scanned + found.search.scanned;
        search.set(Search { scanned, ..found.search });
        Ok(Page { items: found.items, next: found.next })
    };
    let (at_runs, at_traces) = places(page)?;
    let mut from_runs = Source::new(&read_runs, at_runs, page.limit);
    let mut from_traces = Source::new(&read_traces, at_traces, page.limit);
    let mut items = Vec::new();
    let mut looked_at = 0;
    while items.len() < page.limit && looked_at < MOST_LOOKED_AT {
        looked_at += 1;
        let run_start = from_runs.peek()?.map(|run| run.start);
        let trace_start = from_traces.peek()?.map(|trace| trace.start);
        if run_start >= trace_start {
            let Some(run) = from_runs.take() else { break };
            items.extend(Some(run).filter(|run| lasts_at_most(run, query)).map(|run| Doing::Run(Box::new(run))));
        } else if let Some(trace) = from_traces.take() {
            items.extend(match query.spans {
                Some(_) => Some(Doing::Trace(Box::new(trace))),
                None => shown(store, runs, query, run_query.as_ref(), trace)?,
            });
        }
    }
    let next = cursor(from_runs.place()?, from_traces.place()?);
    Ok(Activity { items, next, search: search.get() })
}

/// The runs that are asked for with these words; `None` where no run has what is asked for.
fn run_query(query: &TraceQuery) -> Option<RunQuery> {
    let TraceQuery { project, service, name, group, status, min_duration, max_duration: _, start, end, spans } =
        query.clone();
    let status = status.map(|status| match status {
        TraceStatus::Running => RunStatus::Running,
        TraceStatus::Lost => RunStatus::Lost,
        TraceStatus::Error => RunStatus::Failed,
        TraceStatus::Ok => RunStatus::Ok,
    });
    let is_of_runs = service.is_none() && group.is_none() && spans.is_none();
    is_of_runs.then_some(RunQuery { project, partition: None, name, status, start, end, min_duration })
}

/// What a trace is in the list: itself, or where it is wholly of one run, nothing, or the run that only it has found.
fn shown(
    store: &dyn Store,
    runs: &dyn Runs,
    asked: &TraceQuery,
    query: Option<&RunQuery>,
    trace: TraceSummary,
) -> Result<Option<Doing>, Error> {
    let Some(run) = run_around(store, runs, &trace)? else { return Ok(Some(Doing::Trace(Box::new(trace)))) };
    let Some((query, name)) = query.and_then(|query| Some((query, query.name.as_deref()?))) else { return Ok(None) };
    let is_its_own = foreign::run_id(&run.key) == trace.trace_id;
    let is_named = run.key.app.to_lowercase().contains(&name.to_lowercase());
    let is_found = is_its_own && !is_named && answers(&run, query) && lasts_at_most(&run, asked);
    Ok(is_found.then(|| Doing::Run(Box::new(run))))
}

/// Whether a run is what a query asks for, but for its name.
fn answers(run: &RunSummary, query: &RunQuery) -> bool {
    query.project.as_deref().is_none_or(|project| project == &*run.key.project)
        && query.status.is_none_or(|status| status == run.status)
        && query.start.is_none_or(|start| run.start >= start)
        && query.end.is_none_or(|end| run.start < end)
        && query.min_duration.is_none_or(|least| duration(run) >= least)
}

/// Whether a run is short enough, which the list of runs is not asked for.
fn lasts_at_most(run: &RunSummary, query: &TraceQuery) -> bool {
    query.max_duration.is_none_or(|most| duration(run) <= most)
}

fn duration(run: &RunSummary) -> Elapsed {
    run.first.zip(run.last).map_or(Elapsed(0), |(first, last)| last.since(first))
}

/// The run that all roots of a trace are of.
fn run_around(store: &dyn Store, runs: &dyn Runs, trace: &TraceSummary) -> Result<Option<RunSummary>, Error> {
    let read = |limit| store.trace(trace.trace_id, &PageRequest { limit, cursor: None });
    let Some(first) = read(1)? else { return Ok(None) };
    let Some(first) = first.spans.items.first() else { return Ok(None) };
    let is_root = first.record.parent_id.is_none();
    if is_root && run_of(&first.record).is_none() {
        return Ok(None);
    }
    // No other trace than that of a run's own spans has the run's id.
    if let Some(run) = run_of(&first.record).filter(|run| foreign::run_id(run) == trace.trace_id) {
        return runs.run_summary(&run);
    }
    let Some(all) = read(MOST_SPANS)?.filter(|all| all.spans.next.is_none()) else { return Ok(None) };
    let roots = all.spans.items.iter().filter(|span| span.record.parent_id.is_none());
    let mut of_roots = roots.map(|root| run_of(&root.record).filter(|_| root.announced.is_none()));
    let Some(Some(run)) = of_roots.next() else { return Ok(None) };
    if of_roots.any(|other| other.as_ref() != Some(&run)) {
        return Ok(None);
    }
    runs.run_summary(&run)
}

type Pages<'a, T> = &'a dyn Fn(&PageRequest) -> Result<Page<T>, Error>;

/// Where a list goes on: at its beginning, behind a cursor of its own, or nowhere.
#[derive(Debug, Clone)]
enum Place {
    Begin,
    Behind(String),
    End,
}

/// One of the two lists, read page by page as it is taken.
struct Source<'a, T> {
    pages: Pages<'a, T>,
    limit: usize,
    /// Where the page at hand begins.
    begin: Place,
    items: VecDeque<T>,
    taken: usize,
    /// Where it ends.
    end: Place,
}

impl<'a, T> Source<'a, T> {
    fn new(pages: Pages<'a, T>, place: Place, limit: usize) -> Self {
        Self { pages, limit, begin: place.clone(), items: VecDeque::new(), taken: 0, end: place }
    }

    fn read(&self, place: &Place, limit: usize) -> Result<Page<T>, Error> {
        match place {
            Place::Begin => (self.pages)(&PageRequest { limit, cursor: None }),
            Place::Behind(cursor) => (self.pages)(&PageRequest { limit, cursor: Some(cursor.clone()) }),
            Place::End => Ok(Page { items: Vec::new(), next: None }),
        }
    }

    fn peek(&mut self) -> Result<Option<&T>, Error> {
        if self.items.is_empty() && !matches!(self.end, Place::End) {
            let page = self.read(&self.end, self.limit)?;
            self.begin = std::mem::replace(&mut self.end, page.next.map_or(Place::End, Place::Behind));
            self.items = page.items.into();
            self.taken = 0;
        }
        Ok(self.items.front())
    }

    fn take(&mut self) -> Option<T> {
        self.taken += 1;
        self.items.pop_front()
    }

    /// Where the list goes on behind what was taken of it.
    fn place(&self) -> Result<Place, Error> {
        if self.items.is_empty() {
            return Ok(self.end.clone());
        }
        if self.taken == 0 {
            return Ok(self.begin.clone());
        }
        // A cursor stands at the end of a page, so the same page is asked for once more as far as it was taken.
        let page = self.read(&self.begin, self.taken)?;
        Ok(page.next.map_or(Place::End, Place::Behind))
    }
}

fn cursor(runs: Place, traces: Place) -> Option<String> {
    let text = |place| match place {
        Place::Begin => String::new(),
        Place::Behind(cursor) => cursor,
        Place::End => AT_END.into(),
    };
    match (runs, traces) {
        (Place::End, Place::End) => None,
        (runs, traces) => Some(format!("{}{PARTING}{}", text(runs), text(traces))),
    }
}

fn places(page: &PageRequest) -> Result<(Place, Place), Error> {
    let Some(cursor) = &page.cursor else { return Ok((Place::Begin, Place::Begin)) };
    let (runs, traces) = cursor.split_once(PARTING).ok_or_else(|| Error::Cursor { cursor: cursor.clone() })?;
    let place = |text: &str| match text {
        "" => Place::Begin,
        AT_END => Place::End,
        cursor => Place::Behind(cursor.to_owned()),
    };
    Ok((place(runs), place(traces)))
}
