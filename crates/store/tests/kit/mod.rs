//! What the tests of the store share: a world with a store in it, a tiny format, and short ways to make and show records.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "each test uses its part of the kit")]

mod agents;
mod codec;
pub mod process;
pub mod runs;
mod values;

use std::{
    collections::BTreeMap,
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::SystemTime,
};

use tempfile::TempDir;
use trackway_model::*;
use trackway_store::*;

#[allow(unused_imports, reason = "each test uses its part of the kit")]
pub use agents::*;
pub use codec::{decode, encode};

/// A clock that a test sets.
#[derive(Clone, Default)]
pub struct Hands(Arc<AtomicU64>);

impl Hands {
    pub fn set(&self, seconds: u64) {
        self.0.store(seconds * 1_000_000_000, SeqCst);
    }

    pub fn clock(&self) -> Clock {
        let hands = self.clone();
        Arc::new(move || Timestamp(hands.0.load(SeqCst)))
    }
}

/// The stores that there are.
pub enum Kind {
    Memory(Box<Memory>),
    Embedded(Box<Embedded>),
}

impl Kind {
    fn as_store(&self) -> &dyn Store {
        match self {
            Self::Memory(store) => &**store,
            Self::Embedded(store) => &**store,
        }
    }
}

/// A store of one kind.
pub struct World {
    store: Option<Kind>,
    pub hands: Hands,
    /// Where an embedded store lies.
    pub directory: Option<TempDir>,
    reopens: bool,
    moves: Moves,
}

/// What becomes of each batch at once.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Moves {
    /// It stays in memory.
    Never,
    /// It goes into segments.
    Flushed,
    /// It goes into segments, which are merged before every question.
    Compacted,
}

impl World {
    pub fn memory() -> Self {
        let hands = Hands::default();
        let store = Kind::Memory(Box::new(Memory::new(hands.clock())));
        Self { store: Some(store), hands, directory: None, reopens: false, moves: Moves::Never }
    }

    pub fn embedded() -> Self {
        let (hands, directory) = (Hands::default(), TempDir::new().unwrap());
        let store = open_at(directory.path(), &hands);
        Self { store: Some(store), hands, directory: Some(directory), reopens: false, moves: Moves::Never }
    }

    /// An embedded store that is opened anew before every question.
    pub fn reopened() -> Self {
        Self { reopens: true, ..Self::embedded() }
    }

    /// An embedded store in which every batch is in segments of its own.
    pub fn flushed() -> Self {
        Self { moves: Moves::Flushed, ..Self::embedded() }
    }

    /// An embedded store in which all batches are in segments that were merged.
    pub fn compacted() -> Self {
        Self { moves: Moves::Compacted, ..Self::embedded() }
    }

    /// Returns true when acknowledgements and news know of every record: a store tells them by what it has in memory.
    pub fn compares_with_all(&self) -> bool {
        self.moves == Moves::Never
    }

    pub fn reopen(&mut self) {
        let Some(directory) = &self.directory else { return };
        self.store = None;
        self.store = Some(open_at(directory.path(), &self.hands));
    }

    /// Goes on with the directory as it was while the store was open, as after a kill.
    pub fn crash(&mut self) {
        let Some(directory) = &self.directory else { return };
        // A kill leaves the directory of one moment, but a copy takes a while: it is made again when something was written meanwhile.
        let copy = (0..1_000).find_map(|_| {
            let copy = TempDir::new().unwrap();
            let before = what_is_there(directory.path());
            for part in ["wal", "catalog.db", "catalog.db-wal", "runs.db", "runs.db-wal", "segments", "corrupt"] {
                copy_all(&directory.path().join(part), &copy.path().join(part));
            }
            (before == what_is_there(directory.path())).then_some(copy)
        });
        let copy = copy.unwrap_or_else(|| panic!("the store never stops writing"));
        self.store = None;
        self.store = Some(open_at(copy.path(), &self.hands));
        self.directory = Some(copy);
    }

    /// The store, to be asked.
    pub fn store(&mut self) -> &dyn Store {
        if self.reopens {
            self.reopen();
        }
        if self.moves == Moves::Compacted {
            self.compact();
        }
        self.asked()
    }

    fn asked(&self) -> &dyn Store {
        self.store.as_ref().unwrap().as_store()
    }

    /// Writes what is in memory as segments.
    pub fn flush(&mut self) {
        if let Some(Kind::Embedded(store)) = &self.store {
            store.flush().unwrap();
        }
    }

    /// Merges all segments that can be merged.
    pub fn compact(&mut self) {
        if let Some(Kind::Embedded(store)) = &self.store {
            store.compact().unwrap();
        }
    }

    pub fn append(&mut self, batch: Batch) -> Ack {
        self.append_at(1, batch)
    }

    /// Appends what arrives at a second.
    pub fn append_at(&mut self, second: u64, batch: Batch) -> Ack {
        let store = self.asked();
        let ack = wait(store.append(frame(second, &batch), batch)).unwrap();
        if self.moves != Moves::Never {
            self.flush();
        }
        ack
    }

    /// Announces what arrives at a second, which it then is.
    pub fn announce(&mut self, second: u64, spans: impl IntoIterator<Item = SpanRecord>) -> Held {
        self.hands.set(second);
        let store = self.asked();
        store.announce(Timestamp(second * 1_000_000_000), spans.into_iter().collect()).unwrap()
    }

    /// What a second brings, a line for each span that was lost or is gone.
    pub fn tend(&mut self, second: u64) -> Vec<String> {
        self.hands.set(second);
        let held = self.asked().tend().unwrap();
        let gone = held.gone.iter().map(|span| format!("gone {}", span_line(span)));
        held.spans.iter().map(span_line).chain(gone).collect()
    }

    pub fn spans(&mut self, spans: impl IntoIterator<Item = SpanRecord>) -> Ack {
        self.append(batch(spans))
    }

    /// The list of traces, a line each.
    pub fn list(&mut self, query: &TraceQuery) -> Vec<String> {
        self.store().traces(query, &all()).unwrap().items.iter().map(line).collect()
    }

    /// The ids of the traces that match.
    pub fn ids(&mut self, query: TraceQuery) -> Vec<u128> {
        let found = self.store().traces(&query, &all()).unwrap().items;
        found.iter().map(|trace| u128::from_be_bytes(trace.trace_id.bytes())).collect()
    }

    /// The ids of the traces that a filter of spans finds, the smallest first.
    pub fn found(&mut self, filter: &str) -> Vec<u128> {
        let filter = filter.parse().unwrap_or_else(|error| panic!("{filter}: {error}"));
        let mut ids = self.ids(TraceQuery { spans: Some(filter), ..TraceQuery::default() });
        ids.sort_unstable();
        ids
    }

    /// The spans of a trace, a line each.
    pub fn tree(&mut self, trace: u128) -> Vec<String> {
        let page = self.store().trace(trace_id(trace), &all()).unwrap();
        page.map(|page| page.spans.items.iter().map(span_line).collect()).unwrap_or_default()
    }
}

/// Copies what is there; what goes meanwhile is left out.
fn copy_all(from: &Path, to: &Path) {
    if from.is_dir() {
        fs::create_dir(to).unwrap();
        for entry in fs::read_dir(from).into_iter().flatten().flatten() {
            copy_all(&entry.path(), &to.join(entry.file_name()));
        }
    } else if let Err(error) = fs::copy(from, to) {
        assert_eq!(error.kind(), ErrorKind::NotFound, "{}: {error}", from.display());
    }
}

/// Every file with its size and when it was last written.
fn what_is_there(path: &Path) -> BTreeMap<PathBuf, (u64, SystemTime)> {
    let mut files = BTreeMap::new();
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        // What goes while this looks is a change, too.
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(facts) if facts.is_dir() => folders.push(entry.path()),
                Ok(facts) => {
                    files.insert(entry.path(), (facts.len(), facts.modified().unwrap()));
                }
                Err(_) => {}
            }
        }
    }
    files
}

fn open_at(path: &Path, hands: &Hands) -> Kind {
    let config = Config { clock: hands.clock(), min_free_bytes: Some(0), ..Config::new(path) };
    let (store, recovery) = Embedded::open(config, decoder()).unwrap();
    assert_eq!(recovery.damaged, []);
    Kind::Embedded(Box::new(store))
}

pub fn config(path: &Path) -> Config {
    Config { min_free_bytes: Some(0), ..Config::new(path) }
}

pub fn open(path: &Path) -> (Embedded, Recovery) {
    Embedded::open(config(path), decoder()).unwrap()
}

pub fn decoder() -> Decoder {
    Box::new(|frame| decode(&frame.body))
}

/// Waits for an answer without a runtime.
pub fn wait<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

pub fn frame(second: u64, batch: &Batch) -> Frame {
    Frame {
        content_type: "test".into(),
        project: None,
        zone: None,
        source: "test".into(),
        arrival: Timestamp(second * 1_000_000_000),
        body: encode(batch).into(),
    }
}

pub fn append(store: &dyn Store, spans: impl IntoIterator<Item = SpanRecord>) -> Result<Ack, Error> {
    let batch = batch(spans);
    wait(store.append(frame(1, &batch), batch))
}

pub fn batch(spans: impl IntoIterator<Item = SpanRecord>) -> Batch {
    Batch { spans: spans.into_iter().collect(), events: Vec::new(), traces: Vec::new() }
}

pub fn trace_id(number: u128) -> TraceId {
    TraceId::new(number.to_be_bytes()).unwrap()
}

pub fn span_id(number: u64) -> SpanId {
    SpanId::new(number.to_be_bytes()).unwrap()
}

/// A span of the service "web" from ten times its id, five long, without a parent.
pub fn span(trace: u128, id: u64) -> SpanRecord {
    SpanRecord {
        trace_id: trace_id(trace),
        span_id: span_id(id),
        parent_id: None,
        flags: 0,
        trace_state: Text::default(),
        name: format!("span {id}").as_str().into(),
        kind: SpanKind::Internal,
        start: Timestamp(id * 10),
        end: Some(Timestamp(id * 10 + 5)),
        attributes: Attributes::default(),
        events: Vec::new(),
        links: Vec::new(),
        status: Status::default(),
        dropped: Dropped::default(),
        scope: Arc::default(),
        resource: resource("web"),
        project: "default".into(),
        data: None,
        foreign: None,
        repeats: Default::default(),
    }
}

pub fn resource(service: &str) -> Arc<Resource> {
    let attributes = [(keys::SERVICE_NAME, Value::from(service))].into_iter().collect();
    Arc::new(Resource { attributes, ..Resource::default() })
}

/// A change to a span, chained.
pub trait With: Sized {
    fn with(self, change: impl FnOnce(&mut Self)) -> Self;
}

impl With for SpanRecord {
    fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}

pub fn child(trace: u128, id: u64, parent: u64) -> SpanRecord {
    span(trace, id).with(|it| it.parent_id = Some(span_id(parent)))
}

pub fn open_span(trace: u128, id: u64) -> SpanRecord {
    span(trace, id).with(|it| it.end = None)
}

pub fn failed(span: SpanRecord) -> SpanRecord {
    span.with(|it| it.status.code = StatusCode::Error)
}

pub fn late(trace: u128, span: u64, time: u64, name: &str) -> Batch {
    let event = event(time, name);
    let event = SpanEvent { trace_id: trace_id(trace), span_id: span_id(span), event };
    Batch { spans: Vec::new(), events: vec![event], traces: Vec::new() }
}

pub fn event(time: u64, name: &str) -> Event {
    Event { time: Timestamp(time), name: name.into(), ..Event::default() }
}

pub fn link(attributes: Attributes) -> Link {
    let trace_state = Text::default();
    Link { trace_id: None, span_id: None, trace_state, flags: 0, attributes, dropped_attributes: 0 }
}

pub fn attributes<const N: usize>(pairs: [(&str, Value); N]) -> Attributes {
    pairs.into_iter().collect()
}

pub fn all() -> PageRequest {
    PageRequest { limit: 10_000, cursor: None }
}

pub fn first(limit: usize) -> PageRequest {
    PageRequest { limit, cursor: None }
}

/// Shows a trace as a list does.
pub fn line(trace: &TraceSummary) -> String {
    let root = if trace.has_root { "" } else { "?" };
    let services: Vec<_> = trace.services.iter().map(|(name, spans)| format!("{name}={spans}")).collect();
    let bar = |it: &Outline| {
        let end = it.duration.map_or("..".into(), |duration| duration.0.to_string());
        format!("{}@{}+{end}{}", short(&it.span_id.to_string()), it.offset.0, if it.error { "!" } else { "" })
    };
    format!(
        "{} {}{root} {}/{} {}+{} {:?} {} spans {} errors {} open [{}] {}",
        short(&trace.trace_id.to_string()),
        trace.root_name,
        trace.project,
        trace.service,
        trace.start.0,
        trace.duration.0,
        trace.status,
        trace.span_count,
        trace.error_count,
        trace.open_count,
        services.join(" "),
        trace.outline.iter().map(bar).collect::<Vec<_>>().join(" "),
    )
}

/// Shows a span.
pub fn span_line(Span { record, state, announced }: &Span) -> String {
    let end = match (record.end, state) {
        (Some(end), _) => end.0.to_string(),
        (None, SpanState::Lost) => "lost".to_owned(),
        (None, _) => "..".to_owned(),
    };
    let announced = announced.map_or(String::new(), |time| format!(" announced@{}", time.0 / 1_000_000_000));
    let events: Vec<_> = record.events.iter().map(|event| format!(" {}@{}", event.name, event.time.0)).collect();
    let id = record.span_id.to_string();
    format!("{} {} {}-{end}{announced}{}", short(&id), record.name, record.start.0, events.concat())
}

fn short(id: &str) -> &str {
    id.trim_start_matches('0')
}

pub fn counter(store: &dyn Store, name: &str) -> u64 {
    store.counters().iter().find(|counter| counter.name == name).unwrap().value
}
