//! A filter of spans, arranged so that most traces are passed over by their names, and most spans by what they share.

use std::{collections::HashMap, ptr};

use trackway_model::{Resource, Scope, SpanRecord};

use super::{
    names::{Matches, NameId, Names},
    trace::Trace,
    words::Words,
};
use crate::{
    SpanFilter,
    filter::{Reach, Subject},
};

/// The most names that are looked at to save looking at spans; where there are more, hardly two spans share one.
const MOST_NAMES: usize = 65_536;

/// What a trace must have a span for. All parts must hold of one span.
pub(super) struct Sieve<'a> {
    services: Option<Matches>,
    names: Option<Matches>,
    /// Parts that look at what spans share, and the verdicts on what was met of it.
    of_process: Vec<&'a SpanFilter>,
    verdicts: HashMap<(*const Resource, *const Scope), bool>,
    /// The other parts, the cheap ones first.
    of_span: Vec<&'a SpanFilter>,
    looks_at_events: bool,
    /// How many spans were looked at.
    pub(super) scanned: u64,
}

impl<'a> Sieve<'a> {
    /// Arranges a filter; `None` when no span that is there can pass.
    pub(super) fn new(filter: &'a SpanFilter, words: &Words) -> Option<Self> {
        let mut parts = Vec::new();
        split(filter, &mut parts);
        parts.sort_by_key(|(reach, _)| *reach);
        let (mut of_service, mut of_name, mut of_process, mut of_span) = (vec![], vec![], vec![], vec![]);
        for (reach, part) in &parts {
            match reach {
                None if part.passes_text("") => {}
                None => return None,
                Some(Reach::Service) if words.services.len() <= MOST_NAMES => of_service.push(*part),
                Some(Reach::Name) if words.operations.len() <= MOST_NAMES => of_name.push(*part),
                Some(Reach::Service | Reach::Process) => of_process.push(*part),
                Some(_) => of_span.push(*part),
            }
        }
        let services = passing(&of_service, &words.services)?;
        let names = passing(&of_name, &words.operations)?;
        let looks_at_events = parts.iter().any(|(reach, _)| *reach == Some(Reach::Events));
        Some(Self { services, names, of_process, verdicts: HashMap::new(), of_span, looks_at_events, scanned: 0 })
    }

    /// Returns true when some span of the trace passes everything.
    pub(super) fn catches_one_of(&mut self, trace: &Trace) -> bool {
        if !trace.operations.keys().any(|(service, name)| self.may_be(*service, *name)) {
            return false;
        }
        if self.of_process.is_empty() && self.of_span.is_empty() {
            return true;
        }
        let has_late = self.looks_at_events && trace.has_late_events();
        for (service, name, span) in trace.named_spans() {
            self.scanned += 1;
            if !self.may_be(service, name) || !self.is_of_process(span) {
                continue;
            }
            let subject = match has_late {
                true => Subject::with_events(span, trace.late_of(span.span_id)),
                false => Subject::new(span),
            };
            if self.of_span.iter().all(|part| subject.passes(part)) {
                return true;
            }
        }
        false
    }

    fn may_be(&self, service: NameId, name: NameId) -> bool {
        self.services.as_ref().is_none_or(|services| services.contains(service))
            && self.names.as_ref().is_none_or(|names| names.contains(name))
    }

    /// Judges what spans share once; nothing of the table moves while a sieve is in use.
    fn is_of_process(&mut self, span: &SpanRecord) -> bool {
        if self.of_process.is_empty() {
            return true;
        }
        let shared = (ptr::from_ref(&*span.resource), ptr::from_ref(&*span.scope));
        let judge = || self.of_process.iter().all(|part| Subject::new(span).passes(part));
        *self.verdicts.entry(shared).or_insert_with(judge)
    }
}

/// Takes a filter apart into what must all hold.
fn split<'a>(filter: &'a SpanFilter, parts: &mut Vec<(Option<Reach>, &'a SpanFilter)>) {
    match filter {
        SpanFilter::All(all) => all.iter().for_each(|part| split(part, parts)),
        part => parts.push((part.reach(), part)),
    }
}

/// Finds the texts that pass all parts: `None` when there are none, and none are looked for when there are no parts.
fn passing(parts: &[&SpanFilter], names: &Names) -> Option<Option<Matches>> {
    if parts.is_empty() {
        return Some(None);
    }
    names.passing(|text| parts.iter().all(|part| part.passes_text(text))).map(Some)
}
