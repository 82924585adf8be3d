//! A start over every kind of damage: it succeeds, it loses only what is damaged, and it says so.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod kit;

use std::{
    fs,
    path::{Path, PathBuf},
};

use kit::*;
use tempfile::TempDir;
use trackway_store::*;

/// A log of five frames with one trace each, and where each begins.
struct Log {
    directory: TempDir,
    bytes: Vec<u8>,
    starts: Vec<usize>,
}

impl Log {
    fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let mut starts = Vec::new();
        let (store, _) = open(directory.path());
        for trace in 1..=5 {
            starts.push(fs::read(file(directory.path(), 1)).map_or(24, |bytes| bytes.len()));
            append(&store, [span(trace, 1)]).unwrap();
        }
        drop(store);
        let bytes = fs::read(file(directory.path(), 1)).unwrap();
        Self { directory, bytes, starts }
    }

    /// Opens the store over other bytes, as after a kill; returns the traces that are there and what was reported.
    fn open_with(&self, bytes: &[u8]) -> (Vec<u128>, Recovery) {
        self.forget();
        self.note_durable("DELETE FROM durable");
        fs::write(file(self.path(), 1), bytes).unwrap();
        self.open()
    }

    /// Opens the store over other bytes, as after it was closed.
    fn open_closed_with(&self, bytes: &[u8]) -> (Vec<u128>, Recovery) {
        self.forget();
        self.note_durable(&format!("UPDATE durable SET wal_file = 1, wal_offset = {}", self.bytes.len()));
        fs::write(file(self.path(), 1), bytes).unwrap();
        self.open()
    }

    fn note_durable(&self, change: &str) {
        let catalog = rusqlite::Connection::open(self.path().join("catalog.db")).unwrap();
        catalog.execute(change, []).unwrap();
    }

    fn open(&self) -> (Vec<u128>, Recovery) {
        let (store, recovery) = open(self.path());
        (traces(&store), recovery)
    }

    fn forget(&self) {
        fs::remove_dir_all(self.path().join("wal")).unwrap();
        fs::create_dir(self.path().join("wal")).unwrap();
        let _ = fs::remove_dir_all(self.path().join("corrupt"));
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    /// The traces of all frames but those that a range touches.
    fn untouched(&self, touched: impl Fn(usize, usize) -> bool) -> Vec<u128> {
        let ends = self.starts.iter().skip(1).copied().chain([self.bytes.len()]);
        let frames = (1..).zip(self.starts.iter().copied().zip(ends));
        frames.filter(|(_, (start, end))| !touched(*start, *end)).map(|(trace, _)| trace).collect()
    }
}

fn file(directory: &Path, number: u64) -> PathBuf {
    directory.join(format!("wal/{number:04}.log"))
}

fn traces(store: &Embedded) -> Vec<u128> {
    let found = store.traces(&TraceQuery::default(), &all()).unwrap().items;
    let mut ids: Vec<_> = found.iter().map(|trace| u128::from_be_bytes(trace.trace_id.bytes())).collect();
    ids.sort_unstable();
    ids
}

#[test]
fn a_torn_tail_is_cut_wherever_it_tore() {
    let log = Log::new();
    let last = log.starts[4];
    for cut in last..log.bytes.len() {
        let (traces, recovery) = log.open_with(&log.bytes[..cut]);
        assert_eq!(traces, [1, 2, 3, 4], "cut at {cut}");
        assert_eq!(recovery.torn_bytes, (cut - last) as u64);
        assert_eq!(recovery.damaged, []);
        assert_eq!(fs::read(file(log.path(), 1)).unwrap(), log.bytes[..last]);
        let copy = fs::read(log.path().join(format!("corrupt/0001-{last}.bin"))).unwrap_or_default();
        assert_eq!(copy, log.bytes[last..cut], "what is cut is kept");
    }
}

/// Where the damage is, how far it reaches, and why it is none of a write under way.
fn told(damaged: &[Damage]) -> Vec<String> {
    damaged.iter().map(|damage| format!("{}+{} {}", damage.offset, damage.bytes, damage.reason)).collect()
}

#[test]
fn a_flipped_length_at_the_end_is_no_torn_write() {
    let log = Log::new();
    let (last, end) = (log.starts[4], log.bytes.len());
    for bit in 0..32 {
        let mut bytes = log.bytes.clone();
        bytes[last + 8 + bit / 8] ^= 1 << (bit % 8);
        let (traces, recovery) = log.open_with(&bytes);
        assert_eq!((traces, recovery.torn_bytes), (vec![1, 2, 3, 4], 0), "bit {bit}");
        assert_eq!(told(&recovery.damaged), [format!("{last}+{} the frame's checksum does not match", end - last)]);
        assert_eq!(fs::read(log.path().join(format!("corrupt/0001-{last}.bin"))).unwrap(), bytes[last..]);
    }
}

#[test]
fn after_it_was_closed_a_log_has_no_torn_end() {
    let log = Log::new();
    let (last, end) = (log.starts[4], log.bytes.len());
    let zeroed = [&log.bytes[..last], &vec![0; end - last]].concat();
    let (no_frame, zeros) = ("the file's end is no whole frame", "only zeros are left");
    let stored = format!("though {end} bytes of the file were stored");
    for (bytes, there, expected) in [
        (&zeroed[..], vec![1, 2, 3, 4], format!("{last}+{} {zeros}, {stored}", end - last)),
        (&log.bytes[..end - 1], vec![1, 2, 3, 4], format!("{last}+{} {no_frame}, {stored}", end - last)),
        (
            &log.bytes[..last],
            vec![1, 2, 3, 4],
            format!("{last}+{} the file ends here, though more of it was stored", end - last),
        ),
        (&log.bytes[..5], vec![], format!("0+{end} {no_frame}, {stored}")),
        (&[], vec![], format!("0+{end} the file ends here, though more of it was stored")),
    ] {
        let (traces, recovery) = log.open_closed_with(bytes);
        assert_eq!((traces, recovery.torn_bytes), (there.clone(), 0));
        assert_eq!(told(&recovery.damaged), [expected]);
        let (store, again) = open(log.path());
        assert_eq!((crate::traces(&store), again.damaged), (there, vec![]), "told once");
        append(&store, [span(9, 1)]).unwrap();
        drop(store);
        assert!(log.open().0.contains(&9), "and what comes is stored");
    }
}

#[test]
fn a_log_file_that_lost_everything_after_a_kill_is_reported() {
    let (directory, killed) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let (store, _) = open(directory.path());
    append(&store, [span(1, 1)]).unwrap();
    for name in ["catalog.db", "catalog.db-wal"] {
        fs::copy(directory.path().join(name), killed.path().join(name)).unwrap();
    }
    fs::create_dir(killed.path().join("wal")).unwrap();
    fs::write(file(killed.path(), 1), b"").unwrap();
    drop(store);
    let (_, recovery) = open(killed.path());
    let reason = &recovery.damaged[0].reason;
    assert_eq!(reason, "the file ends here, though more of it was stored");
}

#[test]
fn what_cannot_be_the_beginning_of_a_write_is_damage() {
    let log = Log::new();
    let end = log.bytes.len();
    let (traces, recovery) = log.open_with(&[&*log.bytes, b"junk"].concat());
    assert_eq!(traces, [1, 2, 3, 4, 5]);
    assert_eq!(told(&recovery.damaged), [format!("{end}+4 the frame's checksum does not match")]);
    let (_, recovery) = log.open_with(b"junk");
    assert_eq!(told(&recovery.damaged), ["0+4 the file's header is cut off"]);
    let (_, recovery) = log.open_with(&[0; 4096]);
    assert_eq!((recovery.damaged, recovery.torn_bytes), (vec![], 4096), "a file that was just being made");
}

#[test]
fn what_is_appended_behind_a_cut_tail_survives() {
    let log = Log::new();
    log.open_with(&log.bytes[..log.bytes.len() - 1]);
    let (store, _) = open(log.path());
    append(&store, [span(9, 1)]).unwrap();
    drop(store);
    let (traces, recovery) = log.open();
    assert_eq!((traces, recovery.torn_bytes), (vec![1, 2, 3, 4, 9], 0));
}

#[test]
fn a_tail_of_zeros_is_a_write_that_never_came() {
    let log = Log::new();
    let (traces, recovery) = log.open_with(&[&*log.bytes, &[0; 5000]].concat());
    assert_eq!((traces, recovery.torn_bytes, recovery.damaged), (vec![1, 2, 3, 4, 5], 5000, vec![]));
    assert!(!log.path().join("corrupt").exists());
}

#[test]
fn a_flipped_bit_costs_no_more_than_its_frame() {
    let log = Log::new();
    for at in 0..log.bytes.len() {
        let mut bytes = log.bytes.clone();
        bytes[at] ^= 1 << (at % 8);
        let (traces, recovery) = log.open_with(&bytes);
        assert_eq!(traces, log.untouched(|start, end| start <= at && at < end), "flipped at {at}");
        assert_eq!((recovery.damaged.len(), recovery.torn_bytes), (1, 0), "flipped at {at}");
    }
}

#[test]
fn damaged_bytes_are_put_aside_and_reported() {
    let log = Log::new();
    let (start, end) = (log.starts[2], log.starts[3]);
    let mut bytes = log.bytes.clone();
    bytes[start + 30] ^= 1;
    let (_, recovery) = log.open_with(&bytes);
    let damage = &recovery.damaged[0];
    assert_eq!((damage.offset, damage.bytes), (start as u64, (end - start) as u64));
    assert_eq!((&damage.file, &*damage.reason), (&file(log.path(), 1), "the frame's checksum does not match"));
    let kept = fs::read(log.path().join(format!("corrupt/0001-{start}.bin"))).unwrap();
    assert_eq!(kept, bytes[start..end]);
    let (store, again) = open(log.path());
    assert_eq!(again.damaged, recovery.damaged, "the damage is still there");
    assert_eq!(counter(&store, "store.wal_damaged_frames"), 1);
}

#[test]
fn a_hole_over_several_frames_leaves_the_others() {
    let log = Log::new();
    for (from, to) in
        [(10, log.starts[1] + 5), (log.starts[1] + 1, log.starts[3] + 1), (log.starts[3], log.bytes.len())]
    {
        let mut bytes = log.bytes.clone();
        bytes[from..to].fill(0xab);
        let (traces, recovery) = log.open_with(&bytes);
        assert_eq!(traces, log.untouched(|start, end| start < to && from < end), "{from}..{to}");
        assert!(!recovery.damaged.is_empty());
    }
}

#[test]
fn files_that_are_no_log_keep_no_start() {
    let log = Log::new();
    fs::write(file(log.path(), 2), b"").unwrap();
    fs::write(file(log.path(), 3), b"TRACK").unwrap();
    fs::write(file(log.path(), 4), b"not a log, though it has the name of one").unwrap();
    fs::create_dir(file(log.path(), 5)).unwrap();
    fs::write(log.path().join("wal/notes.txt"), b"mine").unwrap();
    fs::write(log.path().join("wal/+7.log"), b"mine too").unwrap();
    let (traces, recovery) = log.open();
    assert_eq!(traces, [1, 2, 3, 4, 5]);
    let told: Vec<_> = recovery.damaged.iter().map(|damage| damage.file.file_name().unwrap()).collect();
    assert_eq!(told, ["0002.log", "0003.log", "0004.log", "0004.log"]);
    assert_eq!(fs::read(log.path().join("wal/notes.txt")).unwrap(), b"mine");
    assert_eq!(fs::read(log.path().join("wal/+7.log")).unwrap(), b"mine too");
}

#[test]
fn a_missing_file_costs_what_was_in_it() {
    let log = Log::new();
    log.forget();
    let (traces, recovery) = log.open();
    assert_eq!((traces, recovery.frames), (vec![], 0));
    let damage = &recovery.damaged[..];
    assert_eq!(told(damage), [format!("0+{} the file is missing", log.bytes.len())]);
    assert_eq!(log.open().1.damaged, [], "told once");
}

#[test]
fn a_lost_log_does_not_give_its_deletions_to_the_next() {
    let log = Log::new();
    let (store, _) = open(log.path());
    store.delete_trace(trace_id(1)).unwrap();
    drop(store);
    log.forget();
    let (store, _) = open(log.path());
    append(&store, [span(1, 1)]).unwrap();
    drop(store);
    assert_eq!(log.open().0, [1]);
}

#[test]
fn a_frame_that_its_decoder_refuses_is_put_aside() {
    let directory = TempDir::new().unwrap();
    let (store, _) = open(directory.path());
    for (trace, body) in [(1, "panic"), (2, "neither"), (3, "")] {
        let batch = batch([span(trace, 1)]);
        let mut frame = frame(1, &batch);
        if !body.is_empty() {
            frame.body = body.into();
        }
        wait(store.append(frame, batch)).unwrap();
    }
    drop(store);
    let (store, recovery) = open(directory.path());
    let reasons: Vec<_> = recovery.damaged.iter().map(|damage| &*damage.reason).collect();
    assert_eq!(
        reasons,
        ["the frame's decoder panicked", "the frame cannot be decoded: \"neither\" is neither a span nor an event"]
    );
    assert_eq!((recovery.frames, recovery.spans, traces(&store)), (3, 1, vec![3]));
    assert_eq!(fs::read_dir(directory.path().join("corrupt")).unwrap().count(), 2);
}

#[test]
fn a_damaged_catalog_is_begun_anew_and_reported() {
    let log = Log::new();
    for companion in ["-wal", "-shm"] {
        let _ = fs::remove_file(log.path().join(format!("catalog.db{companion}")));
    }
    fs::write(log.path().join("catalog.db"), "not a database, and long enough to tell".repeat(100)).unwrap();
    let (traces, recovery) = log.open();
    assert_eq!(traces, [1, 2, 3, 4, 5]);
    assert!(recovery.damaged[0].reason.contains("traces that were deleted may be back"));
    assert!(log.path().join("corrupt/catalog-1.db").exists());
    assert_eq!(log.open().1.damaged, []);
}

#[test]
fn what_a_newer_version_wrote_is_left_alone() {
    let log = Log::new();
    let refusal = || match Embedded::open(config(log.path()), decoder()) {
        Err(Error::Newer { path, found, supported }) => (path, found, supported),
        other => panic!("{:?}", other.map(|(_, recovery)| recovery)),
    };

    let mut newer = log.bytes.clone();
    newer[8] = 2;
    let crc = crc32c::crc32c(&newer[..20]);
    newer[20..24].copy_from_slice(&crc.to_le_bytes());
    fs::write(file(log.path(), 1), &newer).unwrap();
    assert_eq!(refusal(), (file(log.path(), 1), 2, 1));
    assert_eq!(fs::read(file(log.path(), 1)).unwrap(), newer);

    let mut newer = log.bytes.clone();
    let (header, payload) = (log.starts[4], log.starts[4] + 16);
    newer[payload] = 9;
    let crc = crc32c::crc32c(&[&newer[header + 8..header + 12], &newer[payload..]].concat());
    newer[header + 12..payload].copy_from_slice(&crc.to_le_bytes());
    fs::write(file(log.path(), 1), &newer).unwrap();
    assert_eq!(refusal(), (file(log.path(), 1), 9, 1));

    fs::write(file(log.path(), 1), &log.bytes).unwrap();
    let catalog = rusqlite::Connection::open(log.path().join("catalog.db")).unwrap();
    catalog.pragma_update(None, "user_version", 7).unwrap();
    assert_eq!(refusal(), (log.path().join("catalog.db"), 7, 3));
}

#[test]
fn a_log_file_goes_when_segments_hold_all_of_it() {
    let directory = TempDir::new().unwrap();
    let small = || Config { wal_file_bytes: 1, ..config(directory.path()) };
    let (store, _) = Embedded::open(small(), decoder()).unwrap();
    for trace in 1..=3 {
        append(&store, [span(trace, 1)]).unwrap();
    }
    let numbers = || -> Vec<u64> { (1..9).filter(|number| file(directory.path(), *number).exists()).collect() };
    assert_eq!(numbers(), [1, 2, 3]);
    store.flush().unwrap();
    assert_eq!(numbers(), [4], "the last of them goes on in the next, which is empty");
    append(&store, [span(4, 1)]).unwrap();
    store.flush().unwrap();
    drop(store);

    let (store, recovery) = Embedded::open(small(), decoder()).unwrap();
    assert_eq!((recovery.frames, recovery.spans, recovery.damaged), (0, 4, vec![]));
    assert_eq!(traces(&store), [1, 2, 3, 4]);
    append(&store, [span(5, 1)]).unwrap();
    drop(store);
    let (store, recovery) = Embedded::open(small(), decoder()).unwrap();
    assert_eq!((recovery.frames, traces(&store)), (1, vec![1, 2, 3, 4, 5]), "a number is never used again");
}

#[test]
fn log_files_that_a_kill_left_behind_are_not_read_again() {
    let directory = TempDir::new().unwrap();
    let (store, _) = open(directory.path());
    append(&store, [span(1, 1)]).unwrap();
    let log = fs::read(file(directory.path(), 1)).unwrap();
    store.flush().unwrap();
    drop(store);
    fs::write(file(directory.path(), 1), &log).unwrap();
    let (store, recovery) = open(directory.path());
    assert_eq!((recovery.frames, recovery.spans, recovery.damaged), (0, 1, vec![]));
    assert!(!file(directory.path(), 1).exists());
    drop(store);
}

#[test]
fn what_comes_again_and_again_is_written_once() {
    let directory = TempDir::new().unwrap();
    let (store, _) = open(directory.path());
    append(&store, [span(1, 1)]).unwrap();
    let length = fs::metadata(file(directory.path(), 1)).unwrap().len();
    assert_eq!(append(&store, [span(1, 1), open_span(1, 1)]).unwrap().duplicates, 1);
    assert_eq!(fs::metadata(file(directory.path(), 1)).unwrap().len(), length);
    assert_eq!((counter(&store, "store.duplicates"), counter(&store, "store.superseded")), (1, 1));
}
