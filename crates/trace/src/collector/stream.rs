//! What one thread did, read from its ring.

use std::sync::Arc;

use trackway_model::SpanKind;

use super::draft::{Draft, Head, KeyRead, LinkTo, Read};
use super::far::{Begun, FarSpans};
use super::pipeline::Pipeline;
use super::pipeline_of;
use crate::aside;
use crate::callsite::{Names, mark};
use crate::clock::Timeline;
use crate::ids;
use crate::limits::Limits;
use crate::record::{self, Place, length, words};
use crate::ring::Ring;
use crate::tracer::Core;

/// What all streams share.
#[derive(Default)]
pub(crate) struct Desk {
    pub(crate) names: Names,
    pub(crate) far: FarSpans,
    text: Vec<u8>,
    key: Vec<u8>,
}

pub(crate) struct Stream {
    pub(crate) ring: &'static Ring,
    /// The number of the last span that began.
    numbered: u64,
    scopes: Vec<Scope>,
    open: Stack,
    /// The span that the next record is about; 0 for the innermost.
    about: u64,
}

/// What was attached: spans begin inside it, and belong to its tracer.
#[derive(Default)]
struct Scope {
    trace: u128,
    span: u64,
    flags: u8,
    remote: bool,
    state: String,
    tracer: u32,
    /// The tracer, when its spans become records on their way.
    records: Option<Arc<Core>>,
    limits: Limits,
    /// How many spans were open when it began.
    below: usize,
}

/// Open spans; the places above `depth` are kept for the next ones.
#[derive(Default)]
struct Stack {
    spans: Vec<Open>,
    depth: usize,
}

#[derive(Default)]
struct Open {
    number: u64,
    id: u64,
    parent: u64,
    remote: bool,
    start: u64,
    site: u32,
    announced: u64,
    /// True once others may add to it: it is among the far spans then, with its draft.
    carried: bool,
    draft: Draft,
}

impl Stack {
    #[inline]
    fn last(&self) -> Option<&Open> {
        self.spans.get(..self.depth)?.last()
    }

    #[inline]
    fn last_mut(&mut self) -> Option<&mut Open> {
        self.spans.get_mut(..self.depth)?.last_mut()
    }

    fn push(&mut self) -> Option<&mut Open> {
        if self.depth == self.spans.len() {
            self.spans.push(Open::default());
        }
        self.depth += 1;
        self.spans.get_mut(self.depth - 1)
    }

    /// Moves the span of that number to the top; returns where it was.
    fn raise(&mut self, number: u64) -> Option<usize> {
        let open = self.spans.get_mut(..self.depth)?;
        let at = open.iter().rposition(|open| open.number == number)?;
        open.get_mut(at..)?.rotate_left(1);
        Some(at)
    }
}

impl Stream {
    pub(crate) fn new(ring: &'static Ring) -> Self {
        Self { ring, numbered: ring.first, scopes: Vec::new(), open: Stack::default(), about: 0 }
    }

    /// Reads everything that the thread has published.
    pub(crate) fn read(&mut self, desk: &mut Desk, pipelines: &mut [Option<Pipeline>], line: &Timeline) {
        let ring = self.ring;
        let head = ring.published();
        let mut at = ring.tail();
        let mut given_back = at;
        while at < head {
            at = self.read_one(at, desk, pipelines, line);
            // The thread need not wait for the whole of it.
            if at - given_back >= crate::ring::WORDS / 8 {
                ring.release(at);
                given_back = at;
            }
        }
        ring.release(at);
    }

    /// Reads the record at `at`; returns where the next one begins.
    #[inline]
    fn read_one(&mut self, at: usize, desk: &mut Desk, pipelines: &mut [Option<Pipeline>], line: &Timeline) -> usize {
        let ring = self.ring;
        let word = ring.word(at);
        let second = || ring.word(at + 1);
        match word as u8 {
            record::START => {
                self.start((word >> 8) as u32, line.wall(second()), None, desk, pipelines);
                at + 2
            }
            record::END => {
                if let Some(open) = self.open.last() {
                    // Only 56 bits were kept: a span is shorter than the years that they last.
                    let end = line.wall_of_low_bits(word >> 8);
                    let end = end.max(open.start);
                    self.end(end, desk, pipelines);
                }
                at + 1
            }
            record::NEXT => {
                let now = line.wall(second());
                // The span around both may have ended already.
                let around = self.open.last().map(|open| (open.parent, open.remote));
                self.end(now, desk, pipelines);
                self.start((word >> 8) as u32, now, around, desk, pipelines);
                at + 2
            }
            record::END_OF => {
                self.end_of(word >> 8, line.wall(second()), desk, pipelines);
                at + 2
            }
            record::BOOL | record::I64 | record::F64 | record::TEXT | record::BYTES | record::ASIDE => {
                self.attribute(word, at, desk)
            }
            record::ATTACH => {
                self.attach(word, at, pipelines);
                at + 5
            }
            record::DETACH => {
                self.detach(word >> 8, line, desk, pipelines);
                at + 1
            }
            record::FAR => {
                let (begun, next) = self.far(word, at, desk, line);
                self.numbered += 1;
                desk.far.begin(ids::nth(ring.base, self.numbered), begun, pipelines);
                next
            }
            record::FAR_END => {
                desk.far.end(second(), line.wall(ring.word(at + 2)));
                at + 3
            }
            record::STATE => {
                let state = self.text(at + 1, length(word), desk).to_owned();
                if let Some(scope) = self.scopes.last_mut() {
                    scope.state = state;
                }
                at + 1 + words(length(word))
            }
            record::OF => {
                self.about = word >> 8;
                at + 1
            }
            record::EVENT => {
                let time = line.wall(second());
                let limits = self.limits();
                read_text(ring, at + 2, length(word), &mut desk.text);
                let about = std::mem::take(&mut self.about);
                if let Some(draft) = subject(&mut self.open, &self.scopes, about, &mut desk.far) {
                    draft.event(time, as_text(&desk.text), &limits);
                }
                at + 2 + words(length(word))
            }
            record::LINK => {
                let to = LinkTo { trace: read_trace(ring, at + 2), span: second(), flags: otlp_flags(word >> 8) };
                let limits = self.limits();
                read_text(ring, at + 4, length(word), &mut desk.text);
                let about = std::mem::take(&mut self.about);
                if let Some(draft) = subject(&mut self.open, &self.scopes, about, &mut desk.far) {
                    draft.link(to, as_text(&desk.text), &limits);
                }
                at + 4 + words(length(word))
            }
            record::STATUS | record::NAME => {
                read_text(ring, at + 1, length(word), &mut desk.text);
                let about = std::mem::take(&mut self.about);
                if let Some(draft) = subject(&mut self.open, &self.scopes, about, &mut desk.far) {
                    match word as u8 {
                        record::NAME => draft.rename(as_text(&desk.text)),
                        _ => draft.status((word >> 8) as u8, as_text(&desk.text)),
                    }
                }
                at + 1 + words(length(word))
            }
            record::KIND => {
                if let Some(draft) = self.draft(desk) {
                    draft.set_kind(kind(word >> 8));
                }
                at + 1
            }
            record::CARRIED => {
                self.carry(desk);
                at + 1
            }
            record::GONE => {
                while !self.scopes.is_empty() {
                    self.detach(0, line, desk, pipelines);
                }
                self.open.depth = 0;
                at + 1
            }
            // No thread writes anything else.
            _ => at + 1,
        }
    }

    #[inline]
    fn start(
        &mut self,
        site: u32,
        start: u64,
        around: Option<(u64, bool)>,
        desk: &mut Desk,
        pipelines: &mut [Option<Pipeline>],
    ) {
        self.numbered += 1;
        self.about = 0;
        let number = self.numbered;
        let id = ids::nth(self.ring.base, number);
        let Some(scope) = self.scopes.last() else { return };
        let (parent, remote) = match (around, self.open.last()) {
            (Some(around), _) => around,
            (None, Some(open)) if self.open.depth > scope.below => (open.id, false),
            _ => (scope.span, scope.remote),
        };
        let Some(open) = self.open.push() else { return };
        (open.number, open.id, open.parent, open.remote) = (number, id, parent, remote);
        (open.start, open.site, open.announced, open.carried) = (start, site, 0, false);
        let record = pipeline_of(pipelines, scope.tracer).filter(|pipeline| pipeline.makes_records());
        match record {
            None => open.draft.reset(None),
            Some(pipeline) => {
                let mut blank = Box::new(pipeline.core.blank(scope.trace, id, scope.flags));
                if !pipeline.core.config.processors.is_empty() {
                    open.draft.reset(Some(blank.clone()));
                    let (name, kind) = desk.names.site(site);
                    let head = open.head(scope, name, kind, 0);
                    if let Some(begun) = open.draft.finish_record(&head) {
                        pipeline.began(&begun);
                        *blank = *begun;
                    }
                }
                open.draft.reset(Some(blank));
            }
        }
    }

    /// Ends the span on top.
    #[inline]
    fn end(&mut self, end: u64, desk: &mut Desk, pipelines: &mut [Option<Pipeline>]) {
        let Some(place) = self.open.depth.checked_sub(1) else { return };
        self.end_at(place, end, desk, pipelines);
    }

    /// Ends a span that others are open inside of; they go on.
    fn end_of(&mut self, number: u64, end: u64, desk: &mut Desk, pipelines: &mut [Option<Pipeline>]) {
        let Some(place) = self.open.raise(number) else { return };
        let end = end.max(self.open.last().map_or(0, |open| open.start));
        self.end_at(place, end, desk, pipelines);
        for scope in self.scopes.iter_mut().rev().take_while(|scope| scope.below > place) {
            scope.below -= 1;
        }
    }

    /// Ends the span on top, which belongs to the scope that the given place is in.
    #[inline]
    fn end_at(&mut self, place: usize, end: u64, desk: &mut Desk, pipelines: &mut [Option<Pipeline>]) {
        self.about = 0;
        let Some(scope) = self.scopes.iter().rev().find(|scope| scope.below <= place) else { return };
        let Some(open) = self.open.spans.get_mut(self.open.depth - 1) else { return };
        self.open.depth -= 1;
        if open.carried {
            return desk.far.end(open.id, end);
        }
        if let Some(pipeline) = pipeline_of(pipelines, scope.tracer) {
            let (name, kind) = desk.names.site(open.site);
            let head = open.head(scope, name, kind, end);
            pipeline.take(&mut open.draft, &head);
        }
    }

    /// Puts the innermost span among the far ones: what its context is attached for adds to it from other threads, or from
    /// another scope of this one. Where there are too many, it stays.
    fn carry(&mut self, desk: &mut Desk) {
        let Some(scope) = self.scopes.last() else { return };
        let Some(open) = self.open.last_mut() else { return };
        let (name, kind) = desk.names.site(open.site);
        let Some(far) = desk.far.draft(open.id, || None).filter(|_| !open.carried) else { return };
        std::mem::swap(far, &mut open.draft);
        far.absorb(&mut open.draft, &scope.limits);
        open.carried = true;
        if let Some(far) = desk.far.spans.get_mut(&open.id) {
            far.announced = open.announced;
            far.begun = Some(Begun {
                trace: scope.trace,
                parent: open.parent,
                flags: scope.flags,
                remote: open.remote,
                state: scope.state.clone(),
                name,
                kind,
                start: open.start,
                tracer: scope.tracer,
            });
        }
    }

    fn attach(&mut self, word: u64, at: usize, pipelines: &mut [Option<Pipeline>]) {
        let ring = self.ring;
        let tracer = ring.word(at + 4) as u32;
        let pipeline = pipeline_of(pipelines, tracer);
        let limits =
            pipeline.as_ref().map_or(Limits::default(), |pipeline| pipeline.core.config.limits.unwrap_or_default());
        let records = pipeline.filter(|pipeline| pipeline.makes_records()).map(|pipeline| pipeline.core.clone());
        self.scopes.push(Scope {
            trace: read_trace(ring, at + 2),
            span: ring.word(at + 1),
            flags: (word >> 8) as u8,
            remote: word >> 16 & 1 == 1,
            state: String::new(),
            tracer,
            records,
            limits,
            below: self.open.depth,
        });
        self.about = 0;
    }

    /// Ends the innermost scope, and what was left open in it, at that tick; 0 for one that nobody knows.
    fn detach(&mut self, tick: u64, line: &Timeline, desk: &mut Desk, pipelines: &mut [Option<Pipeline>]) {
        let Some(scope) = self.scopes.last() else { return };
        let below = scope.below;
        while self.open.depth > below {
            // A guard outlived its scope, or was forgotten: when the work ended is a guess, but not later than this.
            let end = if tick == 0 { line.wall(crate::clock::ticks()) } else { line.wall_of_low_bits(tick) };
            let end = end.max(self.open.last().map_or(0, |open| open.start));
            if let Some(draft) = self.open.last_mut().and_then(|open| open.draft(&mut desk.far)) {
                let key = KeyRead { name: INCOMPLETE, mark: mark(INCOMPLETE) };
                draft.attribute(Place::Span, key, Read::Bool(true), &Limits::default());
            }
            self.end(end, desk, pipelines);
        }
        self.scopes.pop();
        self.about = 0;
    }

    fn far(&mut self, word: u64, at: usize, desk: &mut Desk, line: &Timeline) -> (Begun, usize) {
        let ring = self.ring;
        let more = ring.word(at + 5);
        let state_length = (more >> 40) as usize;
        let (name, kind) = desk.names.site((word >> 8) as u32);
        let state = if state_length == 0 { String::new() } else { self.text(at + 6, state_length, desk).to_owned() };
        let begun = Begun {
            trace: read_trace(ring, at + 3),
            parent: ring.word(at + 2),
            flags: more as u8,
            remote: more >> 39 & 1 == 1,
            state,
            name,
            kind,
            start: line.wall(ring.word(at + 1)),
            tracer: (more >> 8 & 0x7fff_ffff) as u32,
        };
        (begun, at + 6 + words(state_length))
    }

    /// Returns what the next record is about.
    fn draft<'a>(&'a mut self, desk: &'a mut Desk) -> Option<&'a mut Draft> {
        let about = std::mem::take(&mut self.about);
        subject(&mut self.open, &self.scopes, about, &mut desk.far)
    }

    fn limits(&self) -> Limits {
        self.scopes.last().map_or(Limits::default(), |scope| scope.limits)
    }

    fn text<'a>(&self, at: usize, length: usize, desk: &'a mut Desk) -> &'a str {
        read_text(self.ring, at, length, &mut desk.text);
        as_text(&desk.text)
    }

    /// Reads an attribute; returns where the next record begins.
    #[inline]
    fn attribute(&mut self, word: u64, at: usize, desk: &mut Desk) -> usize {
        let ring = self.ring;
        let place = match word >> 8 & 0x7f {
            0 => Place::Span,
            1 => Place::Event,
            _ => Place::Link,
        };
        let key = (word >> 16 & 0xff_ffff) as usize;
        let mut next = at + 1;
        let key = if word >> 8 & record::WRITTEN == 0 {
            let (name, mark) = desk.names.key(key as u32);
            KeyRead { name, mark }
        } else {
            read_text(ring, next, key, &mut desk.key);
            next += words(key);
            let name = as_text(&desk.key);
            KeyRead { name, mark: mark(name) }
        };
        let limits = self.scopes.last().map_or(Limits::default(), |scope| scope.limits);
        let about = std::mem::take(&mut self.about);
        let draft = subject(&mut self.open, &self.scopes, about, &mut desk.far);
        let value = match word as u8 {
            record::BOOL => Read::Bool(ring.word(next) != 0),
            record::I64 => Read::I64(ring.word(next) as i64),
            record::F64 => Read::F64(f64::from_bits(ring.word(next))),
            record::ASIDE => {
                if let (Some(value), Some(draft)) = (aside::take(ring), draft) {
                    draft.attribute(place, key, Read::Value(value), &limits);
                }
                return next;
            }
            tag => {
                let bytes = length(word);
                read_text(ring, next, bytes, &mut desk.text);
                next += words(bytes);
                let value = if tag == record::TEXT { Read::Text(as_text(&desk.text)) } else { Read::Bytes(&desk.text) };
                if let Some(draft) = draft {
                    draft.attribute(place, key, value, &limits);
                }
                return next;
            }
        };
        if let Some(draft) = draft {
            draft.attribute(place, key, value, &limits);
        }
        next + 1
    }

    /// Calls `tell` with every open span that has not been told of since `before`, and notes `now` for it.
    pub(crate) fn each_open(
        &mut self,
        desk: &mut Desk,
        started_before: u64,
        before: u64,
        now: u64,
        mut tell: impl FnMut(u32, &Draft, &Head<'_>),
    ) {
        for (place, open) in self.open.spans.iter_mut().take(self.open.depth).enumerate() {
            let Some(scope) = self.scopes.iter().rev().find(|scope| scope.below <= place) else { continue };
            if open.carried || open.start > started_before || open.announced > before {
                continue;
            }
            open.announced = now;
            let (name, kind) = desk.names.site(open.site);
            tell(scope.tracer, &open.draft, &open.head(scope, name, kind, 0));
        }
    }
}

impl Open {
    /// Returns what is known of it, wherever that lies.
    #[inline]
    fn draft<'a>(&'a mut self, far: &'a mut FarSpans) -> Option<&'a mut Draft> {
        if self.carried { far.draft(self.id, || None) } else { Some(&mut self.draft) }
    }

    fn head<'a>(&self, scope: &'a Scope, name: &'static str, kind: SpanKind, end: u64) -> Head<'a> {
        Head {
            trace: scope.trace,
            span: self.id,
            parent: self.parent,
            flags: scope.flags,
            remote: self.remote,
            state: &scope.state,
            name,
            kind,
            start: self.start,
            end,
        }
    }
}

/// The attribute of a span that was open when its scope was left: its end is a guess.
const INCOMPLETE: &str = "trackway.incomplete";

/// Returns the draft of the span of that number; of the innermost one, or of the scope's own span, when it is 0.
#[inline]
fn subject<'a>(open: &'a mut Stack, scopes: &[Scope], about: u64, far: &'a mut FarSpans) -> Option<&'a mut Draft> {
    if about != 0 {
        let spans = open.spans.get_mut(..open.depth)?;
        return spans.iter_mut().rev().find(|open| open.number == about).and_then(|open| open.draft(far));
    }
    let scope = scopes.last()?;
    if open.depth > scope.below {
        return open.last_mut().and_then(|open| open.draft(far));
    }
    let blank = || Some(Box::new(scope.records.as_ref()?.blank(scope.trace, scope.span, scope.flags)));
    if scope.span == 0 { None } else { far.draft(scope.span, blank) }
}

/// Reads a text into `into`; eight bytes a word.
#[inline]
fn read_text(ring: &Ring, at: usize, length: usize, into: &mut Vec<u8>) {
    into.clear();
    for word in 0..words(length) {
        into.extend_from_slice(&ring.word(at + word).to_le_bytes());
    }
    into.truncate(length);
}

/// What was written is text; a damaged one is none.
#[inline]
fn as_text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

fn read_trace(ring: &Ring, at: usize) -> u128 {
    u128::from(ring.word(at)) | u128::from(ring.word(at + 1)) << 64
}

/// Returns OTLP's flags of W3C flags with, in the bit above them, whether the span is one of another process.
fn otlp_flags(word: u64) -> u32 {
    (word & 0xff) as u32 | 0x100 | if word >> 8 & 1 == 1 { 0x200 } else { 0 }
}

fn kind(number: u64) -> SpanKind {
    match number {
        2 => SpanKind::Server,
        3 => SpanKind::Client,
        4 => SpanKind::Producer,
        5 => SpanKind::Consumer,
        _ => SpanKind::Internal,
    }
}
