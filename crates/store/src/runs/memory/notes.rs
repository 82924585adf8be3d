//! Annotations, in a plain list.

use std::sync::Arc;

use trackway_model::{Annotation, RunKey, Timestamp};

use super::KeptRuns;
use crate::{AnnotationQuery, At, Error, Page, PageRequest, runs::place};

impl KeptRuns {
    pub(crate) fn annotations(&self, query: &AnnotationQuery, page: &PageRequest) -> Result<Page<Annotation>, Error> {
        let after = place::read::<1>(page, 'a')?;
        let is_about = |it: &Annotation| {
            let Some(step) = query.step else { return true };
            let latest = || self.locate(&it.run, At::Sequence(it.sequence)).map(|step| step.attempt);
            it.sequence == step.sequence && it.attempt.or_else(latest) == Some(step.attempt)
        };
        let mut found: Vec<_> = self
            .annotations
            .iter()
            .filter(|it| {
                *it.run.project == *query.project
                    && query.run.as_ref().is_none_or(|run: &RunKey| *run == *it.run)
                    && query.sequence.is_none_or(|number| number == it.sequence)
                    && is_about(it)
                    && after.is_none_or(|[after]| it.id > after)
            })
            .map(|it| ([it.id], it.clone()))
            .collect();
        found.sort_by_key(|(place, _)| *place);
        Ok(place::page(found, page.limit, 'a'))
    }

    pub(crate) fn annotation(&self, project: &str, id: u64) -> Option<Annotation> {
        self.annotations.iter().find(|it| *it.run.project == *project && it.id == id).cloned()
    }

    pub(crate) fn annotate(&mut self, annotation: Annotation, now: Timestamp) -> Annotation {
        let next = self.next_annotation.entry(annotation.run.project.clone()).or_default();
        let annotation = Annotation { id: *next, created: Some(now), updated: Some(now), ..annotation };
        *next += 1;
        self.annotations.push(annotation.clone());
        annotation
    }

    pub(crate) fn revise(&mut self, annotation: Annotation, now: Timestamp) -> Option<Annotation> {
        let is = |it: &&mut Annotation| it.run.project == annotation.run.project && it.id == annotation.id;
        let known = self.annotations.iter_mut().find(is)?;
        *known = Annotation { created: known.created, updated: Some(now), ..annotation };
        Some(known.clone())
    }

    pub(crate) fn delete_annotation(&mut self, project: &str, id: u64) -> bool {
        let before = self.annotations.len();
        self.annotations.retain(|it| *it.run.project != *project || it.id != id);
        self.annotations.len() < before
    }

    pub(crate) fn import(&mut self, annotations: Vec<Annotation>) -> u64 {
        annotations.into_iter().map(|annotation| u64::from(self.import_one(annotation))).sum()
    }

    fn import_one(&mut self, annotation: Annotation) -> bool {
        let (project, theirs) = (annotation.run.project.clone(), annotation.id);
        let known = self.origins.iter().find(|(name, there, _)| *name == project && *there == theirs);
        if let Some((_, _, here)) = known.cloned() {
            let is = |it: &&mut Annotation| it.run.project == project && it.id == here;
            let Some(known) = self.annotations.iter_mut().find(is) else { return false };
            let is_newer = annotation.updated > known.updated;
            if is_newer {
                *known = Annotation { id: here, ..annotation };
            }
            return is_newer;
        }
        let next = self.next_annotation.entry(project.clone()).or_default();
        let is_taken = self.annotations.iter().any(|it| it.run.project == project && it.id == theirs);
        let id = if is_taken || theirs > u64::from(u32::MAX) { *next } else { theirs };
        *next = (*next).max(id + 1);
        self.origins.push((project, theirs, id));
        self.annotations.push(Annotation { id, run: Arc::clone(&annotation.run), ..annotation });
        true
    }
}
