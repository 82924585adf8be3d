//! The runs of an export: a file of lines, those of each run behind the line that names it.

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, Result};
use trackway_model::{
    ChildRecord, RunFact, RunKey, RunRecord, StateRecord, StepBegin, StepEnd, StepKey, StreamEvent, StreamMoment,
};
use trackway_store::{Order, PageRequest, Run, RunQuery, Runs, Step, StepDetail, StepStatus, Stream};
use trackway_wire::records::{Item, encode, encode_run};

/// How many runs, steps and remarks are asked for at once.
const PAGE: usize = 500;

/// What was written of runs.
#[derive(Default)]
pub(super) struct Written {
    pub(super) runs: u64,
    pub(super) bytes: u64,
    /// The file; absent where there was no run.
    pub(super) file: Option<PathBuf>,
}

/// Writes every run, or those of one project, into a directory; the file is durable when this returns.
pub(super) fn export(store: &dyn Runs, project: Option<&str>, directory: &Path) -> Result<Written> {
    let query = RunQuery { project: project.map(str::to_owned), ..RunQuery::default() };
    let path = directory.join("runs.ndjson");
    let mut written = Written::default();
    let mut lines: Option<BufWriter<File>> = None;
    let mut page = PageRequest { limit: PAGE, cursor: None };
    loop {
        let list = store.runs(&query, &page)?;
        for summary in &list.items {
            let Some(run) = store.run(&summary.key)? else { continue };
            let lines = match &mut lines {
                Some(lines) => lines,
                None => lines.insert(BufWriter::new(File::create_new(&path).with_context(|| named(&path))?)),
            };
            Telling { store, run: &summary.key, lines }.all(&run).with_context(|| named(&path))?;
            written.runs += 1;
        }
        match list.next {
            Some(next) => page.cursor = Some(next),
            None => break,
        }
    }
    if let Some(lines) = lines {
        let file = lines.into_inner().map_err(|error| error.into_error());
        let synced = file.and_then(|file| file.sync_all().and_then(|()| file.metadata()));
        written.bytes = synced.with_context(|| named(&path))?.len();
        written.file = Some(path);
    }
    Ok(written)
}

fn named(path: &Path) -> String {
    format!("cannot write {}", path.display())
}

/// Tells a run from its beginning, as its client did.
struct Telling<'a> {
    store: &'a dyn Runs,
    run: &'a Arc<RunKey>,
    lines: &'a mut BufWriter<File>,
}

impl Telling<'_> {
    fn all(&mut self, run: &Run) -> Result<()> {
        self.line(&encode_run(self.run))?;
        self.tell(RunFact::App(run.app.clone()))?;
        if let Some(state) = self.store.first_state(self.run)? {
            let placed = run.placements.iter().find(|placed| placed.after.is_none());
            let (next, time) = placed.map_or((None, None), |placed| (placed.next.clone(), placed.time));
            self.tell(RunFact::State(StateRecord { after: None, next, state, time }))?;
        }
        let last = self.steps(run)?;
        // What stands is the state after the last step, unless another was set since then.
        let is_placed = last.is_some() && run.placements.iter().any(|placed| placed.after == last);
        if let Some(standing) = self.store.standing(self.run)?.filter(|_| is_placed) {
            self.tell(RunFact::State(standing))?;
        }
        // A child that only tells of itself where it comes from tells of it in its own lines.
        for child in run.children.iter().filter(|child| child.time.is_some()) {
            let (sequence, event, time) = (child.sequence, child.event, child.time);
            self.tell(RunFact::Child(ChildRecord { sequence, child: child.run.clone(), event, time }))?;
        }
        self.remarks()
    }

    /// Tells of all steps, and returns the last.
    fn steps(&mut self, run: &Run) -> Result<Option<StepKey>> {
        let mut page = PageRequest { limit: PAGE, cursor: None };
        let mut before: Option<StepKey> = None;
        loop {
            let steps = self.store.steps(self.run, Order::Ascending, &page)?;
            for step in steps.items {
                let key = step.key;
                if step.is_edited && before.is_some() {
                    self.placed(run, before, key)?;
                }
                if let Some(detail) = self.store.step(self.run, key)? {
                    self.step(detail)?;
                }
                before = Some(key);
            }
            match steps.next {
                Some(next) => page.cursor = Some(next),
                None => return Ok(before),
            }
        }
    }

    /// Tells of a state that was set by hand between two steps.
    fn placed(&mut self, run: &Run, after: Option<StepKey>, then: StepKey) -> Result<()> {
        let Some(state) = self.store.state_before(self.run, then)? else { return Ok(()) };
        let placed = run.placements.iter().find(|placed| placed.after == after);
        let (next, time) = placed.map_or((None, None), |placed| (placed.next.clone(), placed.time));
        self.tell(RunFact::State(StateRecord { after, next, state, time }))
    }

    fn step(&mut self, detail: StepDetail) -> Result<()> {
        let StepDetail { step, inputs, result, error, attributes } = detail;
        let Step { key, action, start, end, status, has_state, is_suspect, stream, span, choice, .. } = step;
        let has_ended = matches!(status, StepStatus::Done | StepStatus::Failed);
        let has_begun = start.is_some() || inputs.is_some() || span.is_some() || !has_ended;
        if has_begun && !action.is_empty() {
            let action = action.clone();
            self.tell(RunFact::Begin(StepBegin { step: key, action, time: start, inputs, span }))?;
        }
        for event in stream.map(|stream| moments(key, stream)).into_iter().flatten() {
            self.tell(RunFact::Stream(event))?;
        }
        for attribute in attributes {
            self.tell(RunFact::Attribute(attribute))?;
        }
        if has_ended {
            let state = if has_state { self.store.state(self.run, key)? } else { None };
            let ended = StepEnd { step: key, action, time: end, result, error, state, is_suspect, choice };
            self.tell(RunFact::End(ended))?;
        }
        Ok(())
    }

    fn remarks(&mut self) -> Result<()> {
        let mut page = PageRequest { limit: PAGE, cursor: None };
        loop {
            let remarks = self.store.remarks(self.run, &page)?;
            for remark in remarks.items {
                self.tell(RunFact::Remark(remark))?;
            }
            match remarks.next {
                Some(next) => page.cursor = Some(next),
                None => return Ok(()),
            }
        }
    }

    fn tell(&mut self, fact: RunFact) -> Result<()> {
        self.line(&encode(&Item::Fact(RunRecord { run: Arc::clone(self.run), fact })))
    }

    fn line(&mut self, line: &str) -> Result<()> {
        self.lines.write_all(line.as_bytes())?;
        Ok(self.lines.write_all(b"\n")?)
    }
}

fn moments(step: StepKey, stream: Stream) -> Vec<StreamEvent> {
    let Stream { begin, first_item, end, items } = stream;
    let known = [
        begin.map(|time| (StreamMoment::Begin, Some(time))),
        first_item.map(|time| (StreamMoment::FirstItem, Some(time))),
        items.map(|items| (StreamMoment::End { items }, end)),
    ];
    known.into_iter().flatten().map(|(moment, time)| StreamEvent { step, moment, time }).collect()
}
