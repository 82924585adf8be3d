//! The questions, each answered from the facts.

use std::{cmp::Reverse, collections::BTreeMap, sync::Arc};

use trackway_model::{Elapsed, Json, Remark, RunKey, RunPointer, StateRecord, StepKey, Text, Timestamp};

use super::{KeptRun, KeptRuns, KeptStep, Link};
use crate::{
    ActionTotals, At, Child, Error, Order, Page, PageRequest, Placement, Run, RunProject, RunQuery, RunStatus,
    RunSummary, Step, StepDetail, Taken, Trail,
    clock::Moment,
    runs::{
        place,
        rules::{Ending, between, changed, cut, has_name, pointed, trail_places},
    },
};

impl KeptRuns {
    pub(crate) fn projects(&self, moment: Moment) -> Vec<RunProject> {
        let mut projects = BTreeMap::<Text, RunProject>::new();
        for run in self.runs.iter().map(|run| self.summarise(run, moment)) {
            let name = run.key.project.clone();
            let new = || RunProject { name: name.clone(), run_count: 0, last_start: run.start };
            let project = projects.entry(name.clone()).or_insert_with(new);
            project.run_count += 1;
            project.last_start = project.last_start.max(run.start);
        }
        projects.into_values().collect()
    }

    pub(crate) fn list(&self, query: &RunQuery, page: &PageRequest, moment: Moment) -> Result<Page<RunSummary>, Error> {
        let after = place::read::<2>(page, 'r')?;
        let all = self.runs.iter().map(|run| (run.number, self.summarise(run, moment)));
        let mut found: Vec<_> = all
            .filter(|(_, run)| matches(run, query))
            .map(|(number, run)| ([run.start.0, number], run))
            .filter(|(place, _)| after.is_none_or(|after| *place < after))
            .collect();
        found.sort_by_key(|(place, _)| Reverse(*place));
        Ok(place::page(found, page.limit, 'r'))
    }

    pub(crate) fn find_named(&self, project: &str, app: &str, partition: Option<Option<&str>>) -> Vec<Arc<RunKey>> {
        let has_id = |key: &RunKey| self.ids.as_ref().is_some_and(|ids| ids(key).to_string() == app);
        let is = |key: &&Arc<RunKey>| {
            *key.project == *project
                && (*key.app == *app || has_id(key))
                && partition.is_none_or(|partition| key.partition.as_deref() == partition)
        };
        let mut found: Vec<_> = self.runs.iter().map(|run| &run.key).filter(is).cloned().collect();
        found.sort();
        found
    }

    pub(crate) fn summary(&self, key: &RunKey, moment: Moment) -> Option<RunSummary> {
        Some(self.summarise(self.find(key)?, moment))
    }

    fn links_of<'a>(&'a self, key: &'a RunKey) -> impl Iterator<Item = &'a Link> {
        self.links.iter().filter(move |link| link.parent == *key)
    }

    fn summarise(&self, run: &KeptRun, moment: Moment) -> RunSummary {
        let times =
            || run.steps.iter().flat_map(|step| [step.start(), step.finish()]).chain([run.app.created]).flatten();
        let (first, last_step) = (times().min(), run.steps.last());
        let failed = |step: &&KeptStep| step.ending() == Ending::Failed;
        let suspect = |step: &&KeptStep| step.end.as_ref().is_some_and(|end| end.is_suspect);
        let events = |event| self.links_of(&run.key).filter(|link| link.child().event == event).count() as u64;
        let trail = |place: u64| {
            let step = run.steps.get(place as usize)?;
            let duration = between(step.start(), step.finish());
            Some(Trail { step: step.key, duration, failed: step.ending() == Ending::Failed })
        };
        RunSummary {
            key: Arc::clone(&run.key),
            run_id: self.ids.as_ref().map(|ids| ids(&run.key)),
            start: first.unwrap_or(run.told),
            first,
            last: times().max(),
            status: last_step.map_or(RunStatus::Ok, |step| step.ending().of_run(run.news, moment)),
            step_count: run.steps.len() as u64,
            error_count: run.steps.iter().filter(failed).count() as u64,
            suspect_count: run.steps.iter().filter(suspect).count() as u64,
            last_step: last_step.map(|step| step.key),
            last_action: last_step.map(KeptStep::action).filter(|action| !action.is_empty()),
            parent: run.app.parent.clone(),
            spawned_by: run.app.spawned_by.clone(),
            child_count: events(trackway_model::ChildEvent::Spawn),
            fork_count: events(trackway_model::ChildEvent::Fork),
            remark_count: run.remarks.len() as u64,
            annotation_count: self.annotations.iter().filter(|it| it.run == run.key).count() as u64,
            trail: trail_places(run.steps.len() as u64).filter_map(trail).collect(),
        }
    }

    pub(crate) fn whole(&self, key: &RunKey, moment: Moment) -> Option<Run> {
        let run = self.find(key)?;
        let mut actions = BTreeMap::<Text, ActionTotals>::new();
        for step in run.steps.iter().filter(|step| !step.action().is_empty()) {
            let new = || ActionTotals { action: step.action(), visits: 0, errors: 0, duration: Elapsed(0) };
            let totals = actions.entry(step.action()).or_insert_with(new);
            totals.visits += 1;
            totals.errors += u64::from(step.ending() == Ending::Failed);
            let took = between(step.start(), step.finish()).unwrap_or_default();
            totals.duration = Elapsed(totals.duration.0.wrapping_add(took.0));
        }
        let mut taken = BTreeMap::<(Text, Text), u64>::new();
        for pair in run.steps.windows(2) {
            let [from, to] = pair else { continue };
            let follows = from.key.sequence.checked_add(1) == Some(to.key.sequence) && from.ending() != Ending::Failed;
            if follows && !from.action().is_empty() && !to.action().is_empty() {
                *taken.entry((from.action(), to.action())).or_default() += 1;
            }
        }
        Some(Run {
            summary: self.summarise(run, moment),
            app: run.app.clone(),
            children: self.links_of(key).map(Link::child).take(Run::MOST_CHILDREN).collect(),
            lineage: self.lineage(run),
            actions: actions.into_values().take(Run::MOST_ACTIONS).collect(),
            taken: taken
                .into_iter()
                .map(|((from, to), count)| Taken { from, to, count })
                .take(Run::MOST_ACTIONS)
                .collect(),
            placements: run
                .placed
                .iter()
                .map(|it| Placement { after: it.after, next: it.next.clone(), time: it.time })
                .take(Run::MOST_PLACEMENTS)
                .collect(),
        })
    }

    fn lineage(&self, run: &KeptRun) -> Vec<RunPointer> {
        let mut lineage = Vec::new();
        let mut seen = vec![RunKey::clone(&run.key)];
        let mut next = Some(run);
        while let Some(run) = next {
            let Some(pointer) = run.app.parent.as_ref().or(run.app.spawned_by.as_ref()) else { break };
            let key = pointed(&run.key.project, pointer);
            if lineage.len() == Run::MOST_LINEAGE || seen.contains(&key) {
                break;
            }
            lineage.push(pointer.clone());
            next = self.find(&key);
            seen.push(key);
        }
        lineage
    }

    pub(crate) fn steps(
        &self,
        key: &RunKey,
        order: Order,
        page: &PageRequest,
        moment: Moment,
    ) -> Result<Page<Step>, Error> {
        let after = place::read::<1>(page, place::STEPS)?;
        let Some(run) = self.find(key) else { return Ok(Page { items: Vec::new(), next: None }) };
        let places = 0..run.steps.len();
        let steps = places.map(|place| ([place as u64], self.show(run, place, moment)));
        let mut found: Vec<_> = match order {
            Order::Ascending => steps.filter(|(place, _)| after.is_none_or(|after| *place > after)).collect(),
            Order::Descending => steps.rev().filter(|(place, _)| after.is_none_or(|after| *place < after)).collect(),
        };
        found.truncate(page.limit.max(1) + 1);
        Ok(place::page(found, page.limit, place::STEPS))
    }

    fn show(&self, run: &KeptRun, place: usize, moment: Moment) -> Step {
        let (earlier, from) = run.steps.split_at(place);
        #[allow(clippy::indexing_slicing, reason = "asked for places of the run's own steps")]
        let step = &from[0];
        let state = step.state();
        let before = run.began_with(place);
        let last = earlier.last().map(|step| step.key);
        let latest = run.steps.iter().filter(|it| it.key.sequence == step.key.sequence).map(|it| it.key.attempt).max();
        let is_about = |it: &&trackway_model::Annotation| {
            it.run == run.key && it.sequence == step.key.sequence && it.attempt.or(latest) == Some(step.key.attempt)
        };
        let children = self.links_of(&run.key).map(Link::child).filter(|it| it.sequence == Some(step.key.sequence));
        let inputs = step.begin.as_ref().and_then(|begin| begin.inputs.as_ref());
        Step {
            key: step.key,
            action: step.action(),
            start: step.start(),
            end: step.finish(),
            status: step.ending().of_step(from.len() == 1, run.news, moment),
            inputs: inputs.filter(|json| json.0.len() <= Step::MOST_SHOWN_BYTES).cloned(),
            error: step.end.as_ref().and_then(|end| end.error.as_deref()).map(cut),
            has_result: step.end.as_ref().is_some_and(|end| end.result.is_some()),
            has_state: state.is_some(),
            is_suspect: step.end.as_ref().is_some_and(|end| end.is_suspect),
            changed: state.map_or_else(Vec::new, |state| changed(before, state)),
            attribute_count: step.attributes.len() as u64,
            stream: step.stream,
            children: children.map(|it| it.run).take(Run::MOST_CHILDREN).collect(),
            annotation_count: self.annotations.iter().filter(is_about).count() as u64,
            span: step.begin.as_ref().and_then(|begin| begin.span),
            choice: step.end.as_ref().and_then(|end| end.choice.clone()),
            is_edited: last.is_some() && run.placed.iter().any(|it| it.after == last),
        }
    }

    pub(crate) fn locate(&self, key: &RunKey, at: At) -> Option<StepKey> {
        let steps = &self.find(key)?.steps;
        let found = match at {
            At::Latest => steps.last(),
            At::LatestState => steps.iter().rfind(|step| step.state().is_some()),
            At::Sequence(number) => {
                steps.iter().filter(|step| step.key.sequence == number).max_by_key(|step| step.key.attempt)
            }
            At::Step(key) => steps.iter().find(|step| step.key == key),
        };
        found.map(|step| step.key)
    }

    pub(crate) fn step(&self, key: &RunKey, step: StepKey, moment: Moment) -> Option<StepDetail> {
        let run = self.find(key)?;
        let place = run.steps.iter().position(|it| it.key == step)?;
        let kept = run.steps.get(place)?;
        Some(StepDetail {
            step: self.show(run, place, moment),
            inputs: kept.begin.as_ref().and_then(|begin| begin.inputs.clone()),
            result: kept.end.as_ref().and_then(|end| end.result.clone()),
            error: kept.end.as_ref().and_then(|end| end.error.clone()),
            attributes: kept.attributes.clone(),
        })
    }

    pub(crate) fn state(&self, key: &RunKey, step: StepKey) -> Option<Json> {
        self.find(key)?.steps.iter().find(|it| it.key == step)?.state().cloned()
    }

    pub(crate) fn state_before(&self, key: &RunKey, step: StepKey) -> Option<Json> {
        let run = self.find(key)?;
        run.began_with(run.steps.iter().position(|it| it.key == step)?).cloned()
    }

    pub(crate) fn first_state(&self, key: &RunKey) -> Option<Json> {
        self.find(key)?.placed_after(None).cloned()
    }

    pub(crate) fn standing(&self, key: &RunKey) -> Option<StateRecord> {
        let run = self.find(key)?;
        let after = run.steps.last().map(|step| step.key);
        let placed = run.placed.iter().find(|it| it.after == after).cloned();
        let made = || {
            let state = run.began_with(run.steps.len())?.clone();
            Some(StateRecord { after, next: None, state, time: None })
        };
        placed.or_else(made)
    }

    pub(crate) fn remarks(&self, key: &RunKey, page: &PageRequest) -> Result<Page<Remark>, Error> {
        let after = place::read::<1>(page, 'm')?;
        let all = self.find(key).map_or(&[][..], |run| &run.remarks).iter();
        let found = all.map(|(number, remark)| ([*number], remark.clone()));
        Ok(place::page(found.filter(|(place, _)| after.is_none_or(|after| *place > after)).collect(), page.limit, 'm'))
    }
}

impl KeptRun {
    fn placed_after(&self, step: Option<StepKey>) -> Option<&Json> {
        self.placed.iter().find(|it| it.after == step).map(|it| &it.state)
    }

    /// Returns the state that the step at a place began with.
    fn began_with(&self, place: usize) -> Option<&Json> {
        let state = |step: &'_ KeptStep| self.placed_after(Some(step.key));
        let earlier = self.steps.get(..place).unwrap_or_default();
        earlier.iter().rev().find_map(|step| state(step).or(step.state())).or_else(|| self.placed_after(None))
    }
}

impl KeptStep {
    fn state(&self) -> Option<&Json> {
        self.end.as_ref()?.state.as_ref()
    }
}

impl Link {
    /// What the parent says counts, and what only the child says is added.
    fn child(&self) -> Child {
        let named = self.named.as_ref();
        let told = self.told.as_ref();
        let event = told.map(|it| it.event).or(named.map(|it| it.0)).unwrap_or(trackway_model::ChildEvent::Spawn);
        let sequence = told.and_then(|it| it.sequence).or(named.and_then(|it| it.1));
        Child { run: self.child.clone(), event, sequence, time: told.and_then(|it| it.time) }
    }
}

fn matches(run: &RunSummary, query: &RunQuery) -> bool {
    let lasts = || run.last.unwrap_or_default().since(run.first.unwrap_or_default());
    query.project.as_deref().is_none_or(|name| *name == *run.key.project)
        && query.partition.as_ref().is_none_or(|name| name.as_deref() == run.key.partition.as_deref())
        && has_name(&run.key, query.name.as_deref())
        && query.status.is_none_or(|status| status == run.status)
        && query.start.is_none_or(|start| run.start >= start)
        && query.end.is_none_or(|end: Timestamp| run.start < end)
        && query.min_duration.is_none_or(|least| lasts() >= least)
}
