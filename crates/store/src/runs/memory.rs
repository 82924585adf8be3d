//! The smallest thing that keeps runs: plain lists, searched from end to end.

mod ask;
mod door;
mod notes;

use std::{collections::HashMap, sync::Arc};

use trackway_model::{
    Annotation, AppRecord, ChildEvent, ChildRecord, Remark, RunFact, RunKey, RunPointer, RunRecord, StateRecord,
    StepAttribute, StepBegin, StepEnd, StepKey, StreamEvent, StreamMoment, Text, Timestamp,
};

use super::{
    DeletedRuns, RunAck, RunIds, Stream,
    rules::{Ending, heard, merge, pointed, step_of, time_of},
};

/// The runs that a memory store keeps.
#[derive(Default)]
pub(crate) struct KeptRuns {
    ids: Option<RunIds>,
    /// In order of arrival.
    runs: Vec<KeptRun>,
    made: u64,
    links: Vec<Link>,
    annotations: Vec<Annotation>,
    /// Project, the number elsewhere, the number here.
    origins: Vec<(Text, u64, u64)>,
    next_annotation: HashMap<Text, u64>,
    deleted: HashMap<RunKey, Timestamp>,
}

struct KeptRun {
    key: Arc<RunKey>,
    number: u64,
    told: Timestamp,
    news: Timestamp,
    app: AppRecord,
    steps: Vec<KeptStep>,
    placed: Vec<StateRecord>,
    remarks: Vec<(u64, Remark)>,
    remarked: u64,
}

struct KeptStep {
    key: StepKey,
    begin: Option<StepBegin>,
    end: Option<StepEnd>,
    attributes: Vec<StepAttribute>,
    stream: Option<Stream>,
}

/// That one run came out of another: as the one says, as the other says.
struct Link {
    parent: RunKey,
    child: RunPointer,
    told: Option<ChildRecord>,
    named: Option<(ChildEvent, Option<i64>)>,
}

impl KeptStep {
    fn ending(&self) -> Ending {
        match &self.end {
            None => Ending::Open,
            Some(StepEnd { error: Some(_), .. }) => Ending::Failed,
            Some(_) => Ending::Well,
        }
    }

    fn action(&self) -> Text {
        let ended = self.end.as_ref().map(|end| &end.action);
        self.begin.as_ref().map(|begin| &begin.action).or(ended).cloned().unwrap_or_default()
    }

    fn start(&self) -> Option<Timestamp> {
        self.begin.as_ref()?.time
    }

    fn finish(&self) -> Option<Timestamp> {
        self.end.as_ref()?.time
    }
}

impl KeptRuns {
    pub(crate) fn with_ids(ids: RunIds) -> Self {
        Self { ids: Some(ids), ..Self::default() }
    }

    pub(crate) fn record(&mut self, records: Vec<RunRecord>, now: Timestamp) -> RunAck {
        let mut ack = RunAck::default();
        for RunRecord { run, fact } in records {
            ack.acked.push(fact.key());
            let position = self.runs.iter().position(|kept| kept.key == run);
            let position = position.unwrap_or_else(|| {
                note(&mut ack.created, &run);
                note(&mut ack.changed, &run);
                self.made += 1;
                let (key, number, app) = (Arc::clone(&run), self.made, AppRecord::default());
                let (steps, placed, remarks) = (Vec::new(), Vec::new(), Vec::new());
                let news = Timestamp::default();
                self.runs.push(KeptRun { key, number, told: now, news, app, steps, placed, remarks, remarked: 0 });
                self.runs.len() - 1
            });
            let (time, step) = (time_of(&fact), step_of(&fact));
            let is_new = ack.created.contains(&run);
            let is_changed = self.apply(position, fact, &mut ack);
            if let Some(kept) = self.runs.get_mut(position).filter(|_| is_changed || is_new) {
                kept.news = kept.news.max(heard(now, time));
            }
            if is_changed {
                note(&mut ack.changed, &run);
                let step = step.map(|step| (Arc::clone(&run), step));
                ack.steps.extend(step.filter(|it| !ack.steps.contains(it)));
            }
        }
        ack
    }

    /// Applies a fact; false when it changes nothing.
    fn apply(&mut self, position: usize, fact: RunFact, ack: &mut RunAck) -> bool {
        let Some(run) = self.runs.get_mut(position) else { return false };
        match fact {
            RunFact::App(app) => {
                let before = run.app.clone();
                merge(&mut run.app, app);
                let (key, after) = (Arc::clone(&run.key), run.app.clone());
                self.name(&key, &before, &after, ack);
                before != after
            }
            RunFact::Begin(begin) => run.step(begin.step).begin.replace(begin.clone()) != Some(begin),
            RunFact::End(end) => run.step(end.step).end.replace(end.clone()) != Some(end),
            RunFact::Attribute(it) => run.step(it.step).say(it),
            RunFact::Stream(it) => run.step(it.step).flow(&it),
            RunFact::State(state) => run.place(state),
            RunFact::Remark(remark) => run.remark(remark),
            RunFact::Child(child) => {
                let key = RunKey::clone(&run.key);
                // The run that it points at is told apart by its names alone.
                let child = ChildRecord { child: RunPointer { sequence: None, ..child.child }, ..child };
                let link = self.link(&key, &child.child);
                link.told.replace(child.clone()) != Some(child)
            }
        }
    }

    fn link(&mut self, parent: &RunKey, child: &RunPointer) -> &mut Link {
        let is = |link: &Link| {
            link.parent == *parent && link.child.app == child.app && link.child.partition == child.partition
        };
        let position = self.links.iter().position(is).unwrap_or_else(|| {
            let child = RunPointer { sequence: None, ..child.clone() };
            self.links.push(Link { parent: parent.clone(), child, told: None, named: None });
            self.links.len() - 1
        });
        #[allow(clippy::indexing_slicing, reason = "found or pushed above")]
        &mut self.links[position]
    }

    /// Notes where a run says that it comes from, and no more where it said so before.
    fn name(&mut self, run: &RunKey, before: &AppRecord, after: &AppRecord, ack: &mut RunAck) {
        if (&before.parent, &before.spawned_by) == (&after.parent, &after.spawned_by) {
            return;
        }
        let child = RunPointer { app: run.app.clone(), partition: run.partition.clone(), sequence: None };
        for old in [&before.parent, &before.spawned_by].into_iter().flatten() {
            let parent = pointed(&run.project, old);
            self.link(&parent, &child).named = None;
            self.note_if_there(&parent, ack);
        }
        let events = [(&after.spawned_by, ChildEvent::Spawn), (&after.parent, ChildEvent::Fork)];
        for (pointer, event) in events {
            let Some(pointer) = pointer else { continue };
            let parent = pointed(&run.project, pointer);
            self.link(&parent, &child).named = Some((event, pointer.sequence));
            self.note_if_there(&parent, ack);
        }
        self.links.retain(|link| link.told.is_some() || link.named.is_some());
    }

    fn note_if_there(&self, key: &RunKey, ack: &mut RunAck) {
        if let Some(run) = self.find(key) {
            note(&mut ack.changed, &run.key);
        }
    }

    fn find(&self, key: &RunKey) -> Option<&KeptRun> {
        self.runs.iter().find(|run| *run.key == *key)
    }

    pub(crate) fn deleted_at(&self, key: &RunKey) -> Option<Timestamp> {
        self.deleted.get(key).copied()
    }

    pub(crate) fn delete(&mut self, key: &RunKey, now: Timestamp) -> DeletedRuns {
        self.annotations.retain(|it| {
            *it.run != *key || {
                let (project, id) = (&it.run.project, it.id);
                self.origins.retain(|(name, _, here)| name != project || *here != id);
                false
            }
        });
        let Some(position) = self.runs.iter().position(|run| *run.key == *key) else { return DeletedRuns::default() };
        let run = self.runs.remove(position);
        self.deleted.insert(key.clone(), now);
        for link in &mut self.links {
            if link.parent == *key {
                link.told = None;
            }
            if link.parent.project == key.project && link.child.app == key.app && link.child.partition == key.partition
            {
                link.named = None;
            }
        }
        self.links.retain(|link| link.told.is_some() || link.named.is_some());
        DeletedRuns { runs: 1, steps: run.steps.len() as u64 }
    }

    pub(crate) fn delete_project(&mut self, project: &str, now: Timestamp) -> DeletedRuns {
        let keys: Vec<_> =
            self.runs.iter().map(|run| Arc::clone(&run.key)).filter(|key| *key.project == *project).collect();
        let mut deleted = DeletedRuns::default();
        for key in keys {
            let one = self.delete(&key, now);
            deleted = DeletedRuns { runs: deleted.runs + one.runs, steps: deleted.steps + one.steps };
        }
        self.annotations.retain(|it| *it.run.project != *project);
        self.origins.retain(|(name, ..)| **name != *project);
        deleted
    }
}

impl KeptRun {
    fn step(&mut self, key: StepKey) -> &mut KeptStep {
        let position = self.steps.iter().position(|step| step.key == key).unwrap_or_else(|| {
            self.steps.push(KeptStep { key, begin: None, end: None, attributes: Vec::new(), stream: None });
            self.steps.len() - 1
        });
        #[allow(clippy::indexing_slicing, reason = "found or pushed above")]
        &mut self.steps[position]
    }

    fn place(&mut self, state: StateRecord) -> bool {
        if let Some(known) = self.placed.iter_mut().find(|known| known.after == state.after) {
            let differs = *known != state;
            *known = state;
            return differs;
        }
        self.placed.push(state);
        true
    }

    fn remark(&mut self, remark: Remark) -> bool {
        if let Some((_, known)) = self.remarks.iter_mut().find(|(_, known)| known.place == remark.place) {
            let differs = *known != remark;
            *known = remark;
            return differs;
        }
        self.remarked += 1;
        self.remarks.push((self.remarked, remark));
        true
    }
}

impl KeptStep {
    fn say(&mut self, said: StepAttribute) -> bool {
        if let Some(known) = self.attributes.iter_mut().find(|it| (&it.span, &it.key) == (&said.span, &said.key)) {
            let differs = *known != said;
            *known = said;
            return differs;
        }
        self.attributes.push(said);
        true
    }

    fn flow(&mut self, event: &StreamEvent) -> bool {
        let before = self.stream;
        let stream = self.stream.get_or_insert_default();
        match event.moment {
            StreamMoment::Begin => stream.begin = event.time,
            StreamMoment::FirstItem => stream.first_item = event.time,
            StreamMoment::End { items } => (stream.end, stream.items) = (event.time, Some(items)),
        }
        before != self.stream
    }
}

fn note(list: &mut Vec<Arc<RunKey>>, key: &Arc<RunKey>) {
    if !list.contains(key) {
        list.push(Arc::clone(key));
    }
}
