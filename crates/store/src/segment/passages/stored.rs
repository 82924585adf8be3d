//! Reads the passages of a segment.

use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use arrow_array::{Array, ArrayRef, LargeStringArray, RecordBatch, builder::LargeStringBuilder};

use super::{
    super::checked::Shared,
    BLOCK,
    fold::Block,
    form::{MARK, Part, Passage, read_part},
    may_hold_passages,
};

/// How many bytes a block has in the table.
const ENTRY: usize = 16;
/// How many blocks are kept as they were read.
const KEPT: usize = 16;

/// The passages of a segment, of which those are read that a text names.
pub(in super::super) struct StoredPassages {
    file: Shared,
    /// Where the table is, and how many blocks are in it.
    table_at: u64,
    count: usize,
    table: OnceLock<Vec<Block>>,
    kept: Mutex<Kept>,
}

/// Blocks by number, with when each was last needed.
#[derive(Default)]
struct Kept {
    blocks: HashMap<u32, (u64, Arc<str>)>,
    clock: u64,
}

impl StoredPassages {
    /// Takes those of a file that says of them what [`about`](Self::about) returned; `None` when it is not written so.
    pub(in super::super) fn of(file: &Shared, about: &str) -> Option<Self> {
        let (count, table_at) = about.split_once('@')?;
        Some(Self {
            file: file.clone(),
            table_at: table_at.parse().ok()?,
            count: count.parse().ok()?,
            table: OnceLock::new(),
            kept: Mutex::default(),
        })
    }

    /// Returns what a file says of a table of so many bytes at an offset.
    pub(in super::super) fn about(bytes: usize, table_at: u64) -> String {
        format!("{}@{table_at}", bytes / ENTRY)
    }

    /// Returns about how many bytes of memory the table and the blocks take that are kept at most.
    pub(in super::super) fn memory_bytes(&self) -> usize {
        self.count * size_of::<Block>() + self.count.min(KEPT) * BLOCK
    }

    #[cfg(test)]
    pub(super) fn table_at(&self) -> u64 {
        self.table_at
    }

    /// Returns the text that a value of a column that may hold passages stands for.
    ///
    /// # Errors
    /// What is wrong with a value, or with a passage that it names.
    pub(in super::super) fn text<'a>(&self, value: &'a str) -> Result<Cow<'a, str>, String> {
        let Some(mut rest) = value.strip_prefix(char::from(MARK)) else { return Ok(Cow::Borrowed(value)) };
        let mut text = String::new();
        while !rest.is_empty() {
            match read_part(&mut rest).ok_or("a text that names passages is cut off")? {
                Part::Literal(literal) => text.push_str(literal),
                Part::Passage(passage) => {
                    let block = self.block(passage)?;
                    text.push_str(block.get(passage.range()).ok_or("a text names a passage that is not there")?);
                }
            }
        }
        Ok(Cow::Owned(text))
    }

    /// As [`text`](Self::text), of a value of which only the bytes were read.
    ///
    /// # Errors
    /// As [`text`](Self::text), and when the value is not UTF-8.
    pub(in super::super) fn bytes<'a>(&self, value: &'a [u8]) -> Result<Cow<'a, [u8]>, String> {
        if value.first() != Some(&MARK) {
            return Ok(Cow::Borrowed(value));
        }
        let text = self.text(str::from_utf8(value).map_err(|error| error.to_string())?)?;
        Ok(Cow::Owned(text.into_owned().into_bytes()))
    }

    fn block(&self, passage: Passage) -> Result<Arc<str>, String> {
        let number = passage.block();
        if let Some(block) = self.kept(|kept| kept.get(number)) {
            return Ok(block);
        }
        let block = self.read(number)?;
        self.kept(|kept| kept.add(number, Arc::clone(&block)));
        Ok(block)
    }

    /// What is kept can be had from the file again, so a panic elsewhere does no harm to it.
    fn kept<T>(&self, act: impl FnOnce(&mut Kept) -> T) -> T {
        act(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn read(&self, number: u32) -> Result<Arc<str>, String> {
        let block = self.table()?.get(number as usize).ok_or("a text names a block that is not there")?;
        let (length, plain) = (block.pressed as usize, block.plain as usize);
        if plain > BLOCK {
            return Err("a block of passages is larger than any".to_owned());
        }
        let pressed = self.file.0.read(block.offset, length).map_err(|error| error.to_string())?;
        let bytes = zstd::bulk::decompress(&pressed, plain).map_err(|error| error.to_string())?;
        String::from_utf8(bytes).map(Arc::from).map_err(|error| error.to_string())
    }

    fn table(&self) -> Result<&[Block], String> {
        if let Some(table) = self.table.get() {
            return Ok(table);
        }
        let length = self.count.checked_mul(ENTRY).ok_or("the table of passages has no end")?;
        let bytes = self.file.0.read(self.table_at, length).map_err(|error| error.to_string())?;
        let (entries, _) = bytes.as_chunks::<ENTRY>();
        let blocks = entries.iter().map(Block::of);
        Ok(self.table.get_or_init(|| blocks.collect()))
    }
}

impl Block {
    fn of(entry: &[u8; ENTRY]) -> Self {
        let (offset, lengths) = entry.split_first_chunk().unwrap_or((&[0; 8], &[]));
        let (pressed, plain) = lengths.split_first_chunk().unwrap_or((&[0; 4], &[]));
        let plain = plain.first_chunk().copied().unwrap_or_default();
        Self {
            offset: u64::from_le_bytes(*offset),
            pressed: u32::from_le_bytes(*pressed),
            plain: u32::from_le_bytes(plain),
        }
    }
}

impl Kept {
    fn get(&mut self, number: u32) -> Option<Arc<str>> {
        self.clock += 1;
        let (last_used, block) = self.blocks.get_mut(&number)?;
        *last_used = self.clock;
        Some(Arc::clone(block))
    }

    fn add(&mut self, number: u32, block: Arc<str>) {
        if self.blocks.len() == KEPT {
            let oldest = self.blocks.iter().min_by_key(|(_, (last_used, _))| *last_used).map(|(number, _)| *number);
            oldest.map(|oldest| self.blocks.remove(&oldest));
        }
        self.blocks.insert(number, (self.clock, block));
    }
}

/// Puts the texts into a batch that its values stand for.
///
/// # Errors
/// As [`StoredPassages::text`].
pub(in super::super) fn unfold(
    passages: Option<&Arc<StoredPassages>>,
    batch: RecordBatch,
) -> Result<RecordBatch, String> {
    let Some(passages) = passages else { return Ok(batch) };
    let schema = batch.schema();
    let column = |(field, column): (&arrow_schema::FieldRef, &ArrayRef)| {
        let texts = column.as_any().downcast_ref::<LargeStringArray>();
        match texts.filter(|texts| may_hold_passages(field.name()) && has_marks(texts)) {
            Some(texts) => passages.texts(texts),
            None => Ok(Arc::clone(column)),
        }
    };
    let columns = schema.fields().iter().zip(batch.columns()).map(column).collect::<Result<_, _>>()?;
    RecordBatch::try_new(schema, columns).map_err(|error| error.to_string())
}

fn has_marks(texts: &LargeStringArray) -> bool {
    texts.iter().flatten().any(|text| text.starts_with(char::from(MARK)))
}

impl StoredPassages {
    fn texts(&self, values: &LargeStringArray) -> Result<ArrayRef, String> {
        let mut texts = LargeStringBuilder::with_capacity(values.len(), 0);
        for value in values {
            texts.append_option(value.map(|value| self.text(value)).transpose()?);
        }
        Ok(Arc::new(texts.finish()))
    }
}
