//! Writes an index.

use std::{
    collections::HashMap,
    fs::File,
    io::{self, Write},
};

use trackway_model::{Text, Timestamp, TraceId};

use super::{
    super::{
        bloom::Bloom,
        listed::{Flags, Mark},
    },
    BLOCK, HEADER, MAGIC, VERSION,
    bytes::{put, seal},
    hash,
};

/// Some rows in a row that are of one trace.
struct Run {
    trace_id: TraceId,
    first: u64,
    rows: u64,
    start: Timestamp,
    last: Timestamp,
    errors: u64,
    flags: Flags,
    project: u32,
}

/// What is known of a trace, and its ranges: the first row, and how many.
type Trace = (Run, Vec<(u64, u64)>);

/// What the index of a segment will say: one entry for each range of rows of a trace.
#[derive(Default)]
pub(in super::super) struct Ranges {
    runs: Vec<Run>,
    projects: Vec<Text>,
    numbers: HashMap<Text, u32>,
}

/// What became of an index that was written.
pub(in super::super) struct WrittenIndex {
    /// How many bytes it has.
    pub(in super::super) bytes: u64,
    /// How many traces it names.
    pub(in super::super) traces: u64,
    /// The traces, as a set that can be asked without the index.
    pub(in super::super) bloom: Bloom,
}

impl Ranges {
    /// Notes the next row; rows come in the order of the file.
    pub(in super::super) fn note(&mut self, row: u64, mark: &Mark<'_>) {
        let project = self.number(mark.project);
        let open = if mark.end.is_none() { Flags::OPEN } else { Flags::default() };
        let run = Run {
            trace_id: mark.trace_id,
            first: row,
            rows: 1,
            start: mark.start,
            last: mark.end.map_or(mark.start, |end| end.max(mark.start)),
            errors: u64::from(mark.is_error),
            flags: mark.flags | open,
            project,
        };
        match self.runs.last_mut() {
            Some(last) if last.trace_id == run.trace_id && last.first + last.rows == row => last.add(&run),
            _ => self.runs.push(run),
        }
    }

    fn number(&mut self, project: &str) -> u32 {
        let last = self.runs.last().map(|run| run.project);
        let is_last = |number: &u32| self.projects.get(*number as usize).is_some_and(|known| **known == *project);
        if let Some(number) = last.filter(is_last).or_else(|| self.numbers.get(project).copied()) {
            return number;
        }
        let number = self.projects.len() as u32;
        self.projects.push(project.into());
        self.numbers.insert(project.into(), number);
        number
    }

    /// Brings together what is of one trace: its entry in the list, with its ranges.
    fn into_traces(mut self) -> (Vec<Trace>, Vec<Text>) {
        self.runs.sort_unstable_by_key(|run| (run.trace_id, run.first));
        let mut traces: Vec<Trace> = Vec::new();
        for run in self.runs {
            let range = (run.first, run.rows);
            match traces.last_mut() {
                Some((trace, ranges)) if trace.trace_id == run.trace_id => {
                    trace.add(&run);
                    ranges.push(range);
                }
                _ => traces.push((run, vec![range])),
            }
        }
        traces.sort_unstable_by_key(|(trace, _)| (trace.start, trace.trace_id));
        (traces, self.projects)
    }

    /// Returns the index as the bytes of its file.
    pub(super) fn encode(self, print: u32) -> (Vec<u8>, WrittenIndex) {
        let (traces, projects) = self.into_traces();
        let mut file = vec![0; HEADER];
        let mut directory = Vec::new();
        put(&mut directory, projects.len() as u64);
        for project in &projects {
            put(&mut directory, project.len() as u64);
            directory.extend(project.as_bytes());
        }
        let hashes = encode_places(&traces, &mut file, &mut directory);
        encode_list(&traces, &mut file, &mut directory);
        seal(&mut directory);
        let mut header = Vec::with_capacity(HEADER);
        header.extend(MAGIC);
        header.extend(VERSION.to_le_bytes());
        header.extend(print.to_le_bytes());
        header.extend((traces.len() as u64).to_le_bytes());
        header.extend((file.len() as u64).to_le_bytes());
        header.extend((directory.len() as u32).to_le_bytes());
        seal(&mut header);
        file.splice(..HEADER, header);
        file.append(&mut directory);
        let (bytes, traces) = (file.len() as u64, traces.len() as u64);
        (file, WrittenIndex { bytes, traces, bloom: Bloom::of(&hashes) })
    }
}

impl Run {
    fn add(&mut self, other: &Self) {
        let mixed = if self.project == other.project { Flags::default() } else { Flags::MIXED };
        self.rows += other.rows;
        self.start = self.start.min(other.start);
        self.last = self.last.max(other.last);
        self.errors += other.errors;
        self.flags |= other.flags | mixed;
    }
}

/// Writes where the traces are, and returns their hashes.
fn encode_places(traces: &[Trace], file: &mut Vec<u8>, directory: &mut Vec<u8>) -> Vec<u64> {
    let numbered = traces.iter().enumerate().map(|(number, (trace, ranges))| (hash(trace.trace_id), number, ranges));
    let mut places: Vec<_> = numbered.collect();
    places.sort_unstable_by_key(|(hash, number, _)| (*hash, *number));
    for block in places.chunks(BLOCK) {
        let first = block.first().map_or(0, |(hash, ..)| *hash);
        let (mut bytes, mut before) = (Vec::new(), first);
        for (hash, number, ranges) in block {
            put(&mut bytes, hash - before);
            put(&mut bytes, *number as u64);
            put(&mut bytes, ranges.len() as u64);
            let mut end = 0;
            for (row, rows) in *ranges {
                put(&mut bytes, row - end);
                put(&mut bytes, *rows);
                end = row + rows;
            }
            before = *hash;
        }
        seal(&mut bytes);
        put(directory, first);
        put(directory, bytes.len() as u64);
        file.append(&mut bytes);
    }
    places.into_iter().map(|(hash, ..)| hash).collect()
}

/// Writes what is known of the traces.
fn encode_list(traces: &[Trace], file: &mut Vec<u8>, directory: &mut Vec<u8>) {
    let mut last = Timestamp(0);
    for block in traces.chunks(BLOCK) {
        let first = block.first().map_or(Timestamp(0), |(trace, _)| trace.start);
        let (mut bytes, mut before) = (Vec::new(), first);
        for (trace, _) in block {
            bytes.extend(trace.trace_id.bytes());
            put(&mut bytes, trace.start.0 - before.0);
            put(&mut bytes, trace.last.0 - trace.start.0);
            put(&mut bytes, trace.rows);
            put(&mut bytes, trace.errors);
            bytes.push(trace.flags.0);
            put(&mut bytes, u64::from(trace.project));
            before = trace.start;
            last = last.max(trace.last);
        }
        seal(&mut bytes);
        put(directory, first.0);
        put(directory, last.0);
        put(directory, bytes.len() as u64);
        file.append(&mut bytes);
    }
}

/// Writes the index of a segment whose footer has the checksum `print`.
pub(in super::super) fn write_index(file: &mut File, ranges: Ranges, print: u32) -> io::Result<WrittenIndex> {
    let (bytes, written) = ranges.encode(print);
    file.write_all(&bytes)?;
    Ok(written)
}
