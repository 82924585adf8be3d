//! What a trace has beside its spans when these are of agents, or when its client tells of it as a whole.

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

use trackway_model::{DataKind, SpanData, SpanRecord, Timestamp, TraceRecord};

use super::{
    Came,
    names::{Matches, NameId},
    run::Run,
    words::Words,
};
use crate::cursor::SpanPlace;

/// About how much memory it takes besides: itself, and what is worked out.
pub(super) const AGENTS_OVERHEAD: u64 = 1_300;

/// What there is beside the spans.
#[derive(Default)]
pub(super) struct Agents {
    pub(super) about: Option<About>,
    /// How many spans are known to be of an agent.
    spans: u64,
    /// How many of them are model calls or agents at work.
    working: u64,
    /// The conversations that spans name: the first counts.
    conversations: BTreeMap<SpanPlace, NameId>,
    /// The titles of spans, and how many have each.
    titles: BTreeMap<NameId, u64>,
    /// Worked out when somebody asks, and again after every change.
    run: OnceLock<Run>,
}

/// What the client last told of the whole trace.
pub(super) struct About {
    pub(super) record: Arc<TraceRecord>,
    /// When it told.
    pub(super) arrival: Timestamp,
    name: NameId,
    group: Option<NameId>,
}

impl Agents {
    /// Notes a span that came.
    pub(super) fn hold(&mut self, span: &SpanRecord, place: SpanPlace, words: &mut Words) {
        self.run.take();
        let Some(data) = span.data.as_deref() else { return };
        self.spans += 1;
        self.working += u64::from(is_working(data));
        if let Some(conversation) = &data.conversation {
            self.conversations.insert(place, words.groups.hold(conversation));
        }
        if let Some(title) = &data.title {
            *self.titles.entry(words.operations.hold(title)).or_default() += 1;
        }
    }

    /// Notes that a span went.
    pub(super) fn release(&mut self, span: &SpanRecord, place: SpanPlace, words: &mut Words) {
        self.run.take();
        let Some(data) = span.data.as_deref() else { return };
        self.spans -= 1;
        self.working -= u64::from(is_working(data));
        if let Some(conversation) = self.conversations.remove(&place) {
            words.groups.release(conversation);
        }
        let Some(title) = data.title.as_ref().and_then(|title| words.operations.id(title)) else { return };
        if let Some(spans) = self.titles.get_mut(&title) {
            *spans -= 1;
            if *spans == 0 {
                self.titles.remove(&title);
            }
        }
        words.operations.release(title);
    }

    /// Takes what the client tells of the whole trace in the place of what it told before; returns that.
    pub(super) fn tell(&mut self, record: Arc<TraceRecord>, came: Came, words: &mut Words) -> Option<Arc<TraceRecord>> {
        let name = words.operations.hold(&record.name);
        let group = record.group.as_ref().map(|group| words.groups.hold(group));
        let before = self.about.replace(About { record, arrival: came.arrival, name, group });
        before.map(|before| before.release(words))
    }

    /// Gives back what the trace holds beside its spans, before it goes.
    pub(super) fn release_all(self, words: &mut Words) {
        self.about.into_iter().for_each(|about| drop(about.release(words)));
        self.conversations.into_values().for_each(|conversation| words.groups.release(conversation));
        for (title, spans) in self.titles {
            (0..spans).for_each(|_| words.operations.release(title));
        }
    }

    /// The conversation that the trace belongs to.
    pub(super) fn group(&self) -> Option<NameId> {
        let told = self.about.as_ref().and_then(|about| about.group);
        told.or_else(|| self.conversations.first_key_value().map(|(_, conversation)| *conversation))
    }

    /// Returns true when a failure may be survived: some span is a model call or an agent at work.
    pub(super) fn are_working(&self) -> bool {
        self.working > 0
    }

    /// Returns true when the trace has a name, or a span a title, that a search found.
    pub(super) fn are_named(&self, names: &Matches) -> bool {
        self.about.iter().any(|about| names.contains(about.name)) || self.titles.keys().any(|it| names.contains(*it))
    }

    /// What the spans come to, which are given when it has to be worked out.
    pub(super) fn run<'a>(&self, spans: impl Iterator<Item = &'a Arc<SpanRecord>>) -> &Run {
        self.run.get_or_init(|| Run::of(spans))
    }
}

impl About {
    fn release(self, words: &mut Words) -> Arc<TraceRecord> {
        words.operations.release(self.name);
        self.group.into_iter().for_each(|group| words.groups.release(group));
        self.record
    }
}

fn is_working(data: &SpanData) -> bool {
    data.kind.is_model_call() || data.kind == DataKind::Agent
}
