//! What lists count of each segment, so that nobody opens it to count again.

mod encoded;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use trackway_model::{SpanRecord, Text, Timestamp};

use crate::{Project, Service};

/// The most operations that the counts of a segment tell apart.
pub(crate) const MOST_OPERATIONS: usize = 4_096;

/// The most operations that the counts of all segments together tell apart.
pub(crate) const MOST_TOGETHER: usize = 16 * MOST_OPERATIONS;

/// What there is of a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct ProjectTally {
    /// Traces that list under it, without those that an older part of the store has as well.
    pub(crate) traces: u64,
    /// Spans of the traces that list under it.
    pub(crate) spans: u64,
    /// The latest start of a trace.
    pub(crate) last_start: Timestamp,
}

/// What there is of an operation of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct OperationTally {
    /// Its spans.
    pub(crate) spans: u64,
    /// Those of them that failed.
    pub(crate) errors: u64,
}

/// The counts of one segment, or of several.
///
/// They tell at most 4,096 operations apart. The spans of further ones are counted for their service, and those of
/// services beyond as many for their project only.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Tallies {
    projects: BTreeMap<Text, ProjectPart>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct ProjectPart {
    tally: ProjectTally,
    services: BTreeMap<Text, ServicePart>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct ServicePart {
    /// The spans of operations that are not told apart.
    others: OperationTally,
    operations: BTreeMap<Text, OperationTally>,
}

/// Counts what goes into a segment.
#[derive(Debug, Default)]
pub(crate) struct Tallying {
    tallies: Tallies,
    operations: usize,
    services: usize,
}

impl Tallying {
    /// Counts a trace that no older part of the store has.
    pub(crate) fn note_trace(&mut self, project: &Text) {
        self.project(project).tally.traces += 1;
    }

    /// Counts a span of a trace that lists under `project` and starts at `trace_start`.
    pub(crate) fn note_span(&mut self, project: &Text, span: &SpanRecord, trace_start: Timestamp) {
        self.note_operation(project, span.service(), &span.name, span.is_error(), trace_start);
    }

    /// Counts a span by what is counted of it.
    pub(crate) fn note_operation(
        &mut self,
        project: &Text,
        service: &str,
        name: &str,
        is_error: bool,
        trace_start: Timestamp,
    ) {
        let one = OperationTally { spans: 1, errors: u64::from(is_error) };
        let (operations, services) = (self.operations, self.services);
        let part = self.project(project);
        part.tally.spans += 1;
        part.tally.last_start = part.tally.last_start.max(trace_start);
        let (is_new, service) = match part.services.get_mut(service) {
            Some(known) => (false, known),
            None if services < MOST_OPERATIONS => (true, part.services.entry(service.into()).or_default()),
            None => return,
        };
        let is_new_operation = match service.operations.get_mut(name) {
            Some(known) => {
                known.add(one);
                false
            }
            None if operations < MOST_OPERATIONS => {
                service.operations.insert(name.into(), one);
                true
            }
            None => {
                service.others.add(one);
                false
            }
        };
        self.services += usize::from(is_new);
        self.operations += usize::from(is_new_operation);
    }

    /// Returns what was counted.
    pub(crate) fn finish(self) -> Tallies {
        self.tallies
    }

    fn project(&mut self, name: &Text) -> &mut ProjectPart {
        self.tallies.project(name)
    }
}

impl Tallies {
    /// Counts what another part has as well.
    pub(crate) fn add(&mut self, other: &Self) {
        for (name, theirs) in &other.projects {
            let ours = self.project(name);
            ours.tally.traces += theirs.tally.traces;
            ours.tally.spans += theirs.tally.spans;
            ours.tally.last_start = ours.tally.last_start.max(theirs.tally.last_start);
            for (name, theirs) in &theirs.services {
                let ours = ours.services.entry(name.clone()).or_default();
                ours.others.add(theirs.others);
                for (name, tally) in &theirs.operations {
                    ours.operations.entry(name.clone()).or_default().add(*tally);
                }
            }
        }
    }

    /// Counts a trace that lists under a project, with how many spans it has and when it starts.
    pub(crate) fn add_trace(&mut self, project: &Text, spans: u64, start: Timestamp) {
        let tally = &mut self.project(project).tally;
        tally.traces += 1;
        tally.spans += spans;
        tally.last_start = tally.last_start.max(start);
    }

    /// Counts spans of an operation in traces that list under a project, and that were counted for it.
    pub(crate) fn add_operation(&mut self, project: &Text, service: &Text, name: &Text, tally: OperationTally) {
        let service = self.project(project).services.entry(service.clone()).or_default();
        service.operations.entry(name.clone()).or_default().add(tally);
    }

    /// Takes back what a part had that is there no more; the latest starts stay as they are.
    pub(crate) fn subtract(&mut self, other: &Self) {
        for (name, theirs) in &other.projects {
            let Some(ours) = self.projects.get_mut(name) else { continue };
            ours.tally.traces = ours.tally.traces.saturating_sub(theirs.tally.traces);
            ours.tally.spans = ours.tally.spans.saturating_sub(theirs.tally.spans);
            for (name, theirs) in &theirs.services {
                let Some(ours) = ours.services.get_mut(name) else { continue };
                ours.others.subtract(theirs.others);
                for (name, tally) in &theirs.operations {
                    ours.subtract(name, *tally);
                }
            }
            ours.services.retain(|_, service| !service.is_empty());
        }
        self.projects.retain(|_, project| !project.is_empty());
    }

    /// Tells no more than so many operations apart: those with the most spans. The others are counted for their service.
    pub(crate) fn limit(&mut self, most: usize) {
        let services = || self.projects.values().flat_map(|project| project.services.values());
        if services().map(|service| service.operations.len()).sum::<usize>() <= most {
            return;
        }
        let mut sizes: Vec<u64> = services().flat_map(|it| it.operations.values().map(|tally| tally.spans)).collect();
        sizes.sort_unstable_by_key(|spans| std::cmp::Reverse(*spans));
        let least = sizes.get(most).copied().unwrap_or_default();
        // Of those that have as many spans as the first that is too many, the first stay.
        let mut room = most - sizes.partition_point(|spans| *spans > least);
        for service in self.projects.values_mut().flat_map(|project| project.services.values_mut()) {
            let ServicePart { others, operations } = service;
            operations.retain(|_, tally| {
                let is_equal = tally.spans == least && room > 0;
                room -= usize::from(is_equal);
                let stays = is_equal || tally.spans > least;
                if !stays {
                    others.add(*tally);
                }
                stays
            });
        }
    }

    /// Returns the counts of one project alone.
    pub(crate) fn only_project(&self, name: &str) -> Self {
        Self {
            projects: self
                .projects
                .get_key_value(name)
                .map(|(name, part)| (name.clone(), part.clone()))
                .into_iter()
                .collect(),
        }
    }

    /// Returns true when nothing was counted.
    pub(crate) fn is_empty(&self) -> bool {
        self.projects.is_empty()
    }

    /// Returns what there is of a project.
    pub(crate) fn of_project(&self, name: &str) -> ProjectTally {
        self.projects.get(name).map(|part| part.tally).unwrap_or_default()
    }

    /// Returns what there is of each project, by name.
    pub(crate) fn by_project(&self) -> impl Iterator<Item = (&Text, ProjectTally)> {
        self.projects.iter().map(|(name, part)| (name, part.tally))
    }

    /// Says when the latest trace of a project starts.
    pub(crate) fn set_last_start(&mut self, project: &str, start: Timestamp) {
        if let Some(part) = self.projects.get_mut(project) {
            part.tally.last_start = start;
        }
    }

    /// Returns how many traces there are.
    pub(crate) fn traces(&self) -> u64 {
        self.projects.values().map(|part| part.tally.traces).sum()
    }

    /// Returns how many spans there are.
    pub(crate) fn spans(&self) -> u64 {
        self.projects.values().map(|part| part.tally.spans).sum()
    }

    /// Returns every project, by name.
    pub(crate) fn projects(&self) -> Vec<Project> {
        let project = |(name, part): (&Text, &ProjectPart)| Project {
            name: name.clone(),
            trace_count: part.tally.traces,
            span_count: part.tally.spans,
            last_start: part.tally.last_start,
        };
        self.projects.iter().map(project).collect()
    }

    /// Returns every service with its operations, by name; of one project or of all.
    pub(crate) fn services(&self, project: Option<&str>) -> Vec<Service> {
        let mut merged: BTreeMap<&Text, ServicePart> = BTreeMap::new();
        let asked = self.projects.iter().filter(|(name, _)| project.is_none_or(|project| *project == ***name));
        for (name, theirs) in asked.flat_map(|(_, part)| &part.services) {
            let ours = merged.entry(name).or_default();
            ours.others.add(theirs.others);
            for (name, tally) in &theirs.operations {
                ours.operations.entry(name.clone()).or_default().add(*tally);
            }
        }
        let service = |(name, part): (&Text, ServicePart)| {
            let all = part.total();
            let operations = part.operations.into_keys().collect();
            Service { name: name.clone(), span_count: all.spans, error_count: all.errors, operations }
        };
        merged.into_iter().map(service).collect()
    }

    fn project(&mut self, name: &Text) -> &mut ProjectPart {
        self.projects.entry(name.clone()).or_default()
    }
}

impl ProjectPart {
    fn is_empty(&self) -> bool {
        self.tally.traces == 0 && self.tally.spans == 0 && self.services.is_empty()
    }
}

impl ServicePart {
    fn total(&self) -> OperationTally {
        let mut total = self.others;
        self.operations.values().for_each(|tally| total.add(*tally));
        total
    }

    fn subtract(&mut self, name: &str, tally: OperationTally) {
        let mut beyond = tally;
        if let Some(ours) = self.operations.get_mut(name) {
            beyond.subtract(*ours);
            ours.subtract(tally);
            if ours.spans == 0 {
                self.operations.remove(name);
            }
        }
        // Where it was one too many, it was counted with the others.
        self.others.subtract(beyond);
    }

    fn is_empty(&self) -> bool {
        self.others.spans == 0 && self.operations.is_empty()
    }
}

impl OperationTally {
    fn add(&mut self, other: Self) {
        self.spans += other.spans;
        self.errors += other.errors;
    }

    fn subtract(&mut self, other: Self) {
        self.spans = self.spans.saturating_sub(other.spans);
        self.errors = self.errors.saturating_sub(other.errors);
    }
}
