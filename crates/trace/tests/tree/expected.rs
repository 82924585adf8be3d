//! The spans that a program ought to make.

use std::collections::BTreeMap;

use trackway::StatusCode;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Trace {
    New(usize),
    Remote,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    None,
    Span(usize),
    Remote,
    /// One that was not recorded: its id is known to nobody.
    Unrecorded,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Bool(bool),
    I64(i64),
    F64(u64),
    Text(String),
    Bytes(usize),
    Array(Vec<i64>),
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Fields {
    pub(crate) values: BTreeMap<String, Value>,
    pub(crate) dropped: u32,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Link {
    pub(crate) trace: Option<Trace>,
    pub(crate) span: Place,
    pub(crate) remote: bool,
    pub(crate) state: String,
}

#[derive(Debug, Clone)]
pub(crate) struct Span {
    pub(crate) tracer: usize,
    pub(crate) name: String,
    pub(crate) kind: usize,
    pub(crate) trace: Trace,
    pub(crate) parent: Place,
    pub(crate) remote_parent: bool,
    pub(crate) state: String,
    pub(crate) fields: Fields,
    pub(crate) events: Vec<(String, Fields)>,
    pub(crate) dropped_events: u32,
    pub(crate) links: Vec<Link>,
    pub(crate) dropped_links: u32,
    pub(crate) status: (StatusCode, String),
    /// When it began and ended, in operations; two at one moment are equal.
    pub(crate) start: u64,
    pub(crate) end: Option<u64>,
    pub(crate) is_incomplete: bool,
    /// True for what many threads record into: what is left out then depends on who is read first.
    pub(crate) is_far: bool,
}
