//! The counts of a segment as the bytes that the catalog keeps.
//!
//! ```text
//! version u8 | list of projects | crc32c u32 of what stands before            numbers are LEB128, a list begins with its length
//! project    name | traces | spans | last start | list of services
//! service    name | spans and errors of other operations | list of operations
//! operation  name | spans | errors                                            a name is its length and its text
//! ```

use std::collections::BTreeMap;

use trackway_model::{Text, Timestamp};

use super::{OperationTally, ProjectPart, ProjectTally, ServicePart, Tallies};

/// The version that is written.
const VERSION: u8 = 1;
const SUM: usize = 4;

impl Tallies {
    /// Returns the counts as bytes.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        put_number(&mut bytes, self.projects.len() as u64);
        for (name, ProjectPart { tally, services }) in &self.projects {
            put_text(&mut bytes, name);
            put_number(&mut bytes, tally.traces);
            put_number(&mut bytes, tally.spans);
            put_number(&mut bytes, tally.last_start.0);
            put_number(&mut bytes, services.len() as u64);
            for (name, ServicePart { others, operations }) in services {
                put_text(&mut bytes, name);
                put_tally(&mut bytes, *others);
                put_number(&mut bytes, operations.len() as u64);
                for (name, tally) in operations {
                    put_text(&mut bytes, name);
                    put_tally(&mut bytes, *tally);
                }
            }
        }
        bytes.extend(crc32c::crc32c(&bytes).to_le_bytes());
        bytes
    }

    /// Reads what [`encode`](Self::encode) wrote; `None` when the bytes are damaged or of another version.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let (content, sum) = bytes.split_at_checked(bytes.len().checked_sub(SUM)?)?;
        if crc32c::crc32c(content).to_le_bytes() != *sum {
            return None;
        }
        let mut rest = content.strip_prefix(&[VERSION])?;
        let projects = take_list(&mut rest, |rest| {
            let (traces, spans) = (take_number(rest)?, take_number(rest)?);
            let last_start = Timestamp(take_number(rest)?);
            let services = take_list(rest, |rest| {
                let others = take_tally(rest)?;
                Some(ServicePart { others, operations: take_list(rest, take_tally)? })
            })?;
            Some(ProjectPart { tally: ProjectTally { traces, spans, last_start }, services })
        })?;
        rest.is_empty().then_some(Self { projects })
    }
}

fn put_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn put_text(bytes: &mut Vec<u8>, text: &str) {
    put_number(bytes, text.len() as u64);
    bytes.extend(text.as_bytes());
}

fn put_tally(bytes: &mut Vec<u8>, tally: OperationTally) {
    put_number(bytes, tally.spans);
    put_number(bytes, tally.errors);
}

fn take_number(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..u64::BITS).step_by(7) {
        let (byte, behind) = rest.split_first()?;
        *rest = behind;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

fn take_text(rest: &mut &[u8]) -> Option<Text> {
    let length = usize::try_from(take_number(rest)?).ok()?;
    let (text, behind) = rest.split_at_checked(length)?;
    *rest = behind;
    Some(std::str::from_utf8(text).ok()?.into())
}

fn take_tally(rest: &mut &[u8]) -> Option<OperationTally> {
    Some(OperationTally { spans: take_number(rest)?, errors: take_number(rest)? })
}

fn take_list<T>(rest: &mut &[u8], mut take: impl FnMut(&mut &[u8]) -> Option<T>) -> Option<BTreeMap<Text, T>> {
    let length = take_number(rest)?;
    (0..length).map(|_| Some((take_text(rest)?, take(rest)?))).collect()
}
