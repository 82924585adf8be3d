//! Values as they lie on the disk: long ones compressed, lists and graphs as bytes with their lengths before them.

use std::cell::RefCell;

use rusqlite::types::Type;
use trackway_model::{Action, Change, Choice, Delta, Graph, Text, Transition, Tried};
use zstd::bulk::Compressor;

use crate::Error;

/// Below this many bytes compression gains nothing.
const WORTH_PACKING: usize = 96;
const LEVEL: i32 = 3;
const PLAIN: u8 = 0;
const ZSTD: u8 = 1;
/// The most bytes of a value that is read; SQLite holds no longer one.
const MOST_BYTES: u64 = 1 << 30;

thread_local! {
    /// One for the thread that writes: to make a context costs more than to pack a small value.
    static ZSTD_CONTEXT: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
}

/// Packs a value: a byte that tells how, then the value or, after its length, what zstd makes of it.
pub(super) fn pack(value: &[u8]) -> Vec<u8> {
    let mut bytes = vec![ZSTD];
    write_number(&mut bytes, value.len() as u64);
    match compress(value) {
        Some(packed) if bytes.len() + packed.len() <= value.len() => {
            bytes.extend(packed);
            bytes
        }
        _ => [&[PLAIN], value].concat(),
    }
}

/// Returns what zstd makes of a value; absent where that is not worth it, or where there is no memory for it.
fn compress(value: &[u8]) -> Option<Vec<u8>> {
    if value.len() < WORTH_PACKING {
        return None;
    }
    ZSTD_CONTEXT.with_borrow_mut(|context| {
        if context.is_none() {
            *context = Compressor::new(LEVEL).ok();
        }
        context.as_mut()?.compress(value).ok()
    })
}

pub(super) fn unpack(bytes: &[u8]) -> Result<Vec<u8>, Error> {
    match bytes.split_first() {
        Some((&PLAIN, value)) => Ok(value.to_vec()),
        Some((&ZSTD, mut packed)) => {
            let length = read_number(&mut packed).filter(|length| *length <= MOST_BYTES).ok_or_else(damaged)?;
            zstd::bulk::decompress(packed, length as usize).map_err(|_| damaged())
        }
        _ => Err(damaged()),
    }
}

/// Returns how long a value is without unpacking it.
pub(super) fn unpacked_bytes(bytes: &[u8]) -> u64 {
    match bytes.split_first() {
        Some((&ZSTD, mut packed)) => read_number(&mut packed).unwrap_or(u64::MAX),
        _ => bytes.len().saturating_sub(1) as u64,
    }
}

pub(super) fn pack_text(text: &str) -> Vec<u8> {
    pack(text.as_bytes())
}

pub(super) fn unpack_text(bytes: &[u8]) -> Result<String, Error> {
    String::from_utf8(unpack(bytes)?).map_err(|_| damaged())
}

/// What is wrong when a value is not what was written.
pub(super) fn damaged() -> Error {
    Error::Catalog(rusqlite::Error::FromSqlConversionFailure(0, Type::Blob, "a stored value is damaged".into()))
}

pub(super) fn pack_texts(texts: &[Text]) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_texts(&mut bytes, texts);
    pack(&bytes)
}

pub(super) fn unpack_texts(bytes: &[u8]) -> Result<Vec<Text>, Error> {
    let bytes = unpack(bytes)?;
    read_texts(&mut &*bytes).ok_or_else(damaged)
}

pub(super) fn pack_graph(graph: &Graph) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_option(&mut bytes, graph.entrypoint.as_ref());
    write_number(&mut bytes, graph.actions.len() as u64);
    for action in &graph.actions {
        write_text(&mut bytes, &action.name);
        for list in [&action.reads, &action.writes, &action.inputs, &action.optional_inputs, &action.tags] {
            write_texts(&mut bytes, list);
        }
        write_option(&mut bytes, action.code.as_ref());
    }
    write_number(&mut bytes, graph.transitions.len() as u64);
    for transition in &graph.transitions {
        for text in [&transition.from, &transition.to, &transition.condition] {
            write_text(&mut bytes, text);
        }
    }
    pack(&bytes)
}

pub(super) fn unpack_graph(bytes: &[u8]) -> Result<Graph, Error> {
    let bytes = unpack(bytes)?;
    read_graph(&mut &*bytes).ok_or_else(damaged)
}

fn read_graph(bytes: &mut &[u8]) -> Option<Graph> {
    let mut graph = Graph { entrypoint: read_option(bytes)?, ..Graph::default() };
    for _ in 0..read_number(bytes)? {
        graph.actions.push(Action {
            name: read_text(bytes)?,
            reads: read_texts(bytes)?,
            writes: read_texts(bytes)?,
            inputs: read_texts(bytes)?,
            optional_inputs: read_texts(bytes)?,
            tags: read_texts(bytes)?,
            code: read_option(bytes)?,
        });
    }
    for _ in 0..read_number(bytes)? {
        let (from, to) = (read_text(bytes)?, read_text(bytes)?);
        graph.transitions.push(Transition { from, to, condition: read_text(bytes)? });
    }
    Some(graph)
}

pub(super) fn pack_choice(choice: &Choice) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_option(&mut bytes, choice.next.as_ref());
    write_number(&mut bytes, choice.tried.len() as u64);
    for Tried { to, condition, held } in &choice.tried {
        write_text(&mut bytes, to);
        write_text(&mut bytes, condition);
        match held {
            Ok(held) => bytes.push(u8::from(*held)),
            Err(why) => {
                bytes.push(2);
                write_text(&mut bytes, why);
            }
        }
    }
    pack(&bytes)
}

pub(super) fn unpack_choice(bytes: &[u8]) -> Result<Choice, Error> {
    let bytes = unpack(bytes)?;
    read_choice(&mut &*bytes).ok_or_else(damaged)
}

fn read_choice(bytes: &mut &[u8]) -> Option<Choice> {
    let mut choice = Choice { next: read_option(bytes)?, tried: Vec::new() };
    for _ in 0..read_number(bytes)? {
        let (to, condition) = (read_text(bytes)?, read_text(bytes)?);
        let held = match read_number(bytes)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(read_text(bytes)?),
        };
        choice.tried.push(Tried { to, condition, held });
    }
    Some(choice)
}

pub(super) fn delta_bytes(delta: &Delta) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, change) in &delta.changes {
        write_text(&mut bytes, name);
        match change {
            Change::Delete => bytes.push(0),
            Change::Set(value) => {
                bytes.push(1);
                write_text(&mut bytes, value);
            }
            Change::Splice { before, after, middle } => {
                bytes.push(2);
                write_number(&mut bytes, *before as u64);
                write_number(&mut bytes, *after as u64);
                write_text(&mut bytes, middle);
            }
        }
    }
    bytes
}

pub(super) fn unpack_delta(bytes: &[u8]) -> Result<Delta, Error> {
    let bytes = unpack(bytes)?;
    read_delta(&mut &*bytes).ok_or_else(damaged)
}

fn read_delta(bytes: &mut &[u8]) -> Option<Delta> {
    let mut delta = Delta::default();
    while !bytes.is_empty() {
        let name = read_text(bytes)?;
        let (kind, rest) = bytes.split_first()?;
        *bytes = rest;
        let change = match kind {
            0 => Change::Delete,
            1 => Change::Set(read_text(bytes)?),
            2 => {
                let (before, after) = (read_number(bytes)? as usize, read_number(bytes)? as usize);
                Change::Splice { before, after, middle: read_text(bytes)? }
            }
            _ => return None,
        };
        delta.changes.push((name, change));
    }
    Some(delta)
}

fn write_texts(bytes: &mut Vec<u8>, texts: &[Text]) {
    write_number(bytes, texts.len() as u64);
    texts.iter().for_each(|text| write_text(bytes, text));
}

fn read_texts(bytes: &mut &[u8]) -> Option<Vec<Text>> {
    (0..read_number(bytes)?).map(|_| read_text(bytes)).collect()
}

fn write_option(bytes: &mut Vec<u8>, text: Option<&Text>) {
    write_number(bytes, u64::from(text.is_some()));
    text.into_iter().for_each(|text| write_text(bytes, text));
}

fn read_option(bytes: &mut &[u8]) -> Option<Option<Text>> {
    match read_number(bytes)? {
        0 => Some(None),
        _ => read_text(bytes).map(Some),
    }
}

fn write_text(bytes: &mut Vec<u8>, text: &str) {
    write_number(bytes, text.len() as u64);
    bytes.extend(text.as_bytes());
}

fn read_text(bytes: &mut &[u8]) -> Option<Text> {
    let length = read_number(bytes)?;
    let (text, rest) = bytes.split_at_checked(usize::try_from(length).ok()?)?;
    *bytes = rest;
    Some(std::str::from_utf8(text).ok()?.into())
}

/// Seven bits a byte, the lowest first; all but the last have the highest bit set.
fn write_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn read_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}
