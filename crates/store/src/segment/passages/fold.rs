//! Finds what texts repeat, and stores it once.

use std::{
    collections::{BTreeMap, HashMap},
    hash::{BuildHasher, RandomState},
    io, mem,
};

use zstd::bulk::Compressor;

use super::{
    BLOCK, LEAST_TEXT,
    cut::pieces,
    form::{MARK, Part, Passage, write_part},
};

/// A shorter piece is not worth its place.
const LEAST_PIECE: usize = 64;
/// How many pieces that came once are remembered, a power of two.
const SEEN: usize = 1 << 18;
/// How many stored passages are known at least; of those that nobody named for a while, no more are.
const KNOWN: usize = 64 * 1024;
/// About how many bytes of blocks are open at the same time.
const MOST_OPEN: usize = 4 << 20;

/// The passages of a segment that is being written.
///
/// What follows a passage in a text is stored behind it as long as there is room, so that the messages of one conversation
/// lie together, and a text of it is read from few blocks. Memory is bounded: what is forgotten is stored once more.
pub(in super::super) struct Passages {
    key: RandomState,
    press: Compressor<'static>,
    /// By the low bits of a piece's hash: its high bits, when it came once.
    seen: Vec<u32>,
    /// Stored pieces by their hash: those that were named lately, and those before.
    known: HashMap<u64, Known>,
    known_before: HashMap<u64, Known>,
    open: BTreeMap<u32, Open>,
    open_bytes: usize,
    /// Where a passage goes that follows none.
    common: Option<u32>,
    /// How often something was stored.
    clock: u64,
    blocks: Vec<Block>,
    /// The blocks that wait to be written.
    ready: Vec<(u32, Vec<u8>)>,
    ready_bytes: usize,
    has_folded: bool,
    value: Vec<u8>,
}

#[derive(Clone, Copy)]
struct Known {
    /// A second hash: both are the same for the same bytes only.
    check: u64,
    passage: Passage,
}

struct Open {
    bytes: Vec<u8>,
    last_used: u64,
}

/// Where a block is in the file.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Block {
    pub(super) offset: u64,
    pub(super) pressed: u32,
    pub(super) plain: u32,
}

/// What is stored in the place of a text.
pub(in super::super) struct Folded<'a> {
    /// The value of the row.
    pub(in super::super) value: &'a [u8],
    /// The text that it stands for.
    pub(in super::super) text: &'a str,
}

impl Passages {
    /// Makes one that has stored nothing, and compresses by a level of zstd.
    pub(in super::super) fn new(level: i32) -> io::Result<Self> {
        Ok(Self {
            key: RandomState::new(),
            press: Compressor::new(level)?,
            seen: vec![0; SEEN],
            known: HashMap::new(),
            known_before: HashMap::new(),
            open: BTreeMap::new(),
            open_bytes: 0,
            common: None,
            clock: 0,
            blocks: Vec::new(),
            ready: Vec::new(),
            ready_bytes: 0,
            has_folded: false,
            value: Vec::new(),
        })
    }

    /// Returns what is stored in the place of a text; `None` when that is the text itself.
    pub(in super::super) fn fold<'a>(&'a mut self, text: &'a str) -> io::Result<Option<Folded<'a>>> {
        let is_marked = text.as_bytes().first() == Some(&MARK);
        if text.len() < LEAST_TEXT && !is_marked {
            return Ok(None);
        }
        let mut value = mem::take(&mut self.value);
        value.clear();
        value.push(MARK);
        let has_passages = self.write_value(text, &mut value)?;
        self.value = value;
        let is_folded = has_passages || is_marked;
        self.has_folded |= is_folded;
        Ok(is_folded.then_some(Folded { value: &self.value, text }))
    }

    /// Writes the parts of a text; returns whether one is a passage.
    fn write_value(&mut self, text: &str, value: &mut Vec<u8>) -> io::Result<bool> {
        let (mut written, mut at) = (0, 0);
        let mut last: Option<Passage> = None;
        let mut run: Option<Passage> = None;
        for piece in pieces(text) {
            let start = at;
            at += piece.len();
            let Some(passage) = self.passage(piece, last)? else { continue };
            last = Some(passage);
            run = match run {
                Some(before) if written == start && before.goes_on_in(passage) => {
                    Some(Passage { length: before.length + passage.length, ..before })
                }
                before => {
                    write_passage(before, value);
                    write_literal(text, written..start, value);
                    Some(passage)
                }
            };
            written = at;
        }
        write_passage(run, value);
        write_literal(text, written..text.len(), value);
        Ok(last.is_some())
    }

    /// Returns where a piece is stored; `None` when it came for the first time. `before` is the passage before it.
    fn passage(&mut self, piece: &str, before: Option<Passage>) -> io::Result<Option<Passage>> {
        if piece.len() < LEAST_PIECE {
            return Ok(None);
        }
        let hash = self.key.hash_one(piece);
        let check = || self.key.hash_one((piece, 1_u8));
        if let Some(known) = self.known.get(&hash) {
            return Ok((known.check == check()).then_some(known.passage));
        }
        if let Some(known) = self.known_before.get(&hash).copied() {
            if known.check != check() {
                return Ok(None);
            }
            self.know(hash, known);
            return Ok(Some(known.passage));
        }
        if let Some(seen) = self.seen.get_mut(hash as usize & (SEEN - 1)) {
            let high = (hash >> 32) as u32;
            if mem::replace(seen, high) != high {
                return Ok(None);
            }
        }
        let check = check();
        let passage = self.store(piece, before)?;
        self.know(hash, Known { check, passage });
        Ok(Some(passage))
    }

    fn know(&mut self, hash: u64, known: Known) {
        if self.known.len() == KNOWN {
            self.known_before = mem::take(&mut self.known);
        }
        self.known.insert(hash, known);
    }

    /// Stores a piece, behind the passage before it where there is room.
    fn store(&mut self, piece: &str, before: Option<Passage>) -> io::Result<Passage> {
        let wanted = before.map_or(self.common, |before| Some(before.block()));
        let open = wanted.and_then(|number| Some((number, self.open.get(&number)?)));
        let number = match open {
            Some((number, open)) if open.bytes.len() + piece.len() <= BLOCK => number,
            open => {
                if let Some((full, _)) = open {
                    self.close(full)?;
                }
                let number = self.begin();
                if before.is_none() {
                    self.common = Some(number);
                }
                number
            }
        };
        self.clock += 1;
        let open = self.open.entry(number).or_insert_with(|| Open { bytes: Vec::new(), last_used: 0 });
        let place = u64::from(number) * BLOCK as u64 + open.bytes.len() as u64;
        open.bytes.extend(piece.as_bytes());
        open.last_used = self.clock;
        self.open_bytes += piece.len();
        if self.open_bytes > MOST_OPEN {
            self.close_older_half()?;
        }
        Ok(Passage { place, length: piece.len() as u32 })
    }

    fn begin(&mut self) -> u32 {
        self.blocks.push(Block::default());
        self.blocks.len() as u32 - 1
    }

    fn close_older_half(&mut self) -> io::Result<()> {
        let mut uses: Vec<u64> = self.open.values().map(|open| open.last_used).collect();
        uses.sort_unstable();
        let middle = uses.get(uses.len() / 2).copied().unwrap_or_default();
        let older: Vec<u32> =
            self.open.iter().filter(|(_, open)| open.last_used <= middle).map(|(number, _)| *number).collect();
        older.into_iter().try_for_each(|number| self.close(number))
    }

    fn close(&mut self, number: u32) -> io::Result<()> {
        let Some(open) = self.open.remove(&number) else { return Ok(()) };
        self.open_bytes -= open.bytes.len();
        let pressed = self.press.compress(&open.bytes)?;
        if let Some(block) = self.blocks.get_mut(number as usize) {
            (block.pressed, block.plain) = (pressed.len() as u32, open.bytes.len() as u32);
        }
        self.ready_bytes += pressed.len();
        self.ready.push((number, pressed));
        Ok(())
    }

    /// Whether something else is stored in the place of some text.
    pub(in super::super) fn has_folded(&self) -> bool {
        self.has_folded
    }

    /// Returns about how many bytes wait to be written.
    pub(in super::super) fn bytes(&self) -> usize {
        self.ready_bytes
    }

    /// Takes the blocks out that wait to be written, which will stand one behind the other from an offset of the file.
    pub(in super::super) fn take_ready(&mut self, mut offset: u64) -> Vec<u8> {
        let mut all = Vec::with_capacity(self.ready_bytes);
        for (number, pressed) in mem::take(&mut self.ready) {
            if let Some(block) = self.blocks.get_mut(number as usize) {
                block.offset = offset;
            }
            offset += pressed.len() as u64;
            all.extend(pressed);
        }
        self.ready_bytes = 0;
        all
    }

    /// Closes what is open: nothing more is stored.
    pub(in super::super) fn close_all(&mut self) -> io::Result<()> {
        let open: Vec<u32> = self.open.keys().copied().collect();
        open.into_iter().try_for_each(|number| self.close(number))
    }

    /// Returns the table of all blocks, once they were taken out; it is empty when there are none.
    pub(in super::super) fn table(&self) -> Vec<u8> {
        let entry = |block: &Block| {
            let mut entry = block.offset.to_le_bytes().to_vec();
            entry.extend(block.pressed.to_le_bytes());
            entry.extend(block.plain.to_le_bytes());
            entry
        };
        self.blocks.iter().flat_map(entry).collect()
    }
}

fn write_passage(passage: Option<Passage>, value: &mut Vec<u8>) {
    if let Some(passage) = passage {
        write_part(Part::Passage(passage), value);
    }
}

fn write_literal(text: &str, range: std::ops::Range<usize>, value: &mut Vec<u8>) {
    if let Some(literal) = text.get(range).filter(|literal| !literal.is_empty()) {
        write_part(Part::Literal(literal), value);
    }
}
