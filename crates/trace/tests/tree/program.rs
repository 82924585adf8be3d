//! Random programs: what each of a few threads does, in one order.

use std::fmt;

use proptest::collection::vec;
use proptest::prelude::*;

/// How many threads a program has at a time.
pub(crate) const THREADS: usize = 3;
/// How many callsites there are.
pub(crate) const SITES: usize = 5;
/// How many names of attributes there are.
pub(crate) const KEYS: usize = 8;

/// A number that stands for one of the things there are at that time, whatever their number.
pub(crate) type Pick = usize;

#[derive(Debug, Clone)]
pub(crate) enum Op {
    Span { site: usize },
    Step { handle: Pick, site: usize },
    Data { on: On, data: Data },
    Close { handle: Pick },
    Forget { handle: Pick },
    Capture,
    Remote { sampled: bool, state: bool },
    Baggage { context: Pick },
    Attach { context: Pick },
    Activate { tracer: Pick },
    Start { tracer: Pick, parent: Parent, data: Vec<Data> },
    ActivateOwned { owned: Pick },
    Finish { owned: Pick },
    DropOwned { owned: Pick },
    ContextOfOwned { owned: Pick },
    Task { of: Work },
    Poll { task: Pick, body: Vec<Inside>, ready: bool },
    DropTask { task: Pick },
    Panic { sites: Vec<usize> },
    Callback { context: Pick, site: usize },
    EndThread,
    Flush,
}

/// What data is recorded on.
#[derive(Debug, Clone)]
pub(crate) enum On {
    Handle(Pick),
    Owned(Pick),
    Active,
}

#[derive(Debug, Clone)]
pub(crate) enum Data {
    Attribute { key: Key, value: Val },
    Event { name: usize, fields: Vec<(Key, Val)> },
    Link { context: Pick },
    Status { code: usize },
    Rename { name: usize },
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Key {
    pub(crate) name: usize,
    pub(crate) is_static: bool,
}

#[derive(Debug, Clone)]
pub(crate) enum Val {
    Absent,
    Bool(bool),
    I64(i64),
    U64(u64),
    F64(f64),
    Text(String),
    /// The character, so many times.
    Long(char, usize),
    Bytes(usize),
    Array(Vec<i64>),
}

#[derive(Debug, Clone)]
pub(crate) enum Parent {
    Active,
    Of(Pick),
    None,
}

/// What a future runs in.
#[derive(Debug, Clone)]
pub(crate) enum Work {
    Site(usize),
    Owned(Pick),
}

/// What is done inside a poll.
#[derive(Debug, Clone)]
pub(crate) enum Inside {
    Attribute(Val),
    Event,
    Status,
    Span(usize),
    Capture,
}

fn key() -> impl Strategy<Value = Key> {
    (0..KEYS, any::<bool>()).prop_map(|(name, is_static)| Key { name, is_static })
}

fn value() -> impl Strategy<Value = Val> {
    prop_oneof![
        1 => Just(Val::Absent),
        2 => any::<bool>().prop_map(Val::Bool),
        4 => any::<i64>().prop_map(Val::I64),
        1 => any::<u64>().prop_map(Val::U64),
        2 => any::<f64>().prop_map(Val::F64),
        4 => ".{0,20}".prop_map(Val::Text),
        2 => (prop_oneof![Just('a'), Just('é'), Just('😀')], 1000..6000_usize).prop_map(|(c, n)| Val::Long(c, n)),
        2 => prop_oneof![0..20_usize, 4090..5100_usize].prop_map(Val::Bytes),
        1 => vec(any::<i64>(), 0..4).prop_map(Val::Array),
    ]
}

fn data() -> impl Strategy<Value = Data> {
    prop_oneof![
        6 => (key(), value()).prop_map(|(key, value)| Data::Attribute { key, value }),
        3 => (0..3_usize, vec((key(), value()), 0..3)).prop_map(|(name, fields)| Data::Event { name, fields }),
        2 => (0..1000_usize).prop_map(|context| Data::Link { context }),
        1 => (0..3_usize).prop_map(|code| Data::Status { code }),
        1 => (0..3_usize).prop_map(|name| Data::Rename { name }),
    ]
}

fn inside() -> impl Strategy<Value = Inside> {
    prop_oneof![
        3 => value().prop_map(Inside::Attribute),
        2 => Just(Inside::Event),
        1 => Just(Inside::Status),
        2 => (0..SITES).prop_map(Inside::Span),
        1 => Just(Inside::Capture),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    let pick = || 0..1000_usize;
    let on = prop_oneof![6 => pick().prop_map(On::Handle), 3 => pick().prop_map(On::Owned), 2 => Just(On::Active)];
    let parent = prop_oneof![3 => Just(Parent::Active), 2 => pick().prop_map(Parent::Of), 1 => Just(Parent::None)];
    let work = prop_oneof![3 => (0..SITES).prop_map(Work::Site), 1 => pick().prop_map(Work::Owned)];
    prop_oneof![
        12 => (0..SITES).prop_map(|site| Op::Span { site }),
        4 => (pick(), 0..SITES).prop_map(|(handle, site)| Op::Step { handle, site }),
        14 => (on, data()).prop_map(|(on, data)| Op::Data { on, data }),
        10 => pick().prop_map(|handle| Op::Close { handle }),
        1 => pick().prop_map(|handle| Op::Forget { handle }),
        3 => Just(Op::Capture),
        1 => (prop::bool::weighted(0.7), any::<bool>()).prop_map(|(sampled, state)| Op::Remote { sampled, state }),
        1 => pick().prop_map(|context| Op::Baggage { context }),
        4 => pick().prop_map(|context| Op::Attach { context }),
        2 => pick().prop_map(|tracer| Op::Activate { tracer }),
        3 => (pick(), parent, vec(data(), 0..3)).prop_map(|(tracer, parent, data)| Op::Start { tracer, parent, data }),
        3 => pick().prop_map(|owned| Op::ActivateOwned { owned }),
        1 => pick().prop_map(|owned| Op::Finish { owned }),
        1 => pick().prop_map(|owned| Op::DropOwned { owned }),
        1 => pick().prop_map(|owned| Op::ContextOfOwned { owned }),
        2 => work.prop_map(|of| Op::Task { of }),
        8 => (pick(), vec(inside(), 0..4), prop::bool::weighted(0.3))
            .prop_map(|(task, body, ready)| Op::Poll { task, body, ready }),
        1 => pick().prop_map(|task| Op::DropTask { task }),
        1 => vec(0..SITES, 1..3).prop_map(|sites| Op::Panic { sites }),
        2 => (pick(), 0..SITES).prop_map(|(context, site)| Op::Callback { context, site }),
        1 => Just(Op::EndThread),
        1 => Just(Op::Flush),
    ]
}

/// Which thread does what.
#[derive(Clone)]
pub(crate) struct Program(pub(crate) Vec<(usize, Op)>);

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(thread, op)| write!(f, "\n  {thread}: {op:?}"))
    }
}

pub(crate) fn programs() -> impl Strategy<Value = Program> {
    vec((prop_oneof![3 => Just(0), 1 => 1..THREADS], op()), 1..90).prop_map(Program)
}
