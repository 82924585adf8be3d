//! The least and the greatest value of pages and of columns.

use parquet::{
    basic::Type,
    data_type::{ByteArray, FixedLenByteArray},
    file::statistics::{Statistics, ValueStatistics},
};

/// How many bytes are told of a text.
const TEXT_BYTES: usize = 64;

/// Between which values all of a page or a column lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Bounds {
    Bool(bool, bool),
    Int(i64, i64),
    Unsigned(u32, u32),
    Ids(Vec<u8>, Vec<u8>),
    Texts(Vec<u8>, Vec<u8>),
}

impl Bounds {
    /// Returns the bounds of texts; the longest are cut, so that they lie a little farther apart.
    pub(super) fn of_texts(least: &[u8], most: &[u8]) -> Self {
        let cut = |text: &[u8]| text.get(..whole_characters(text)).unwrap_or(text).to_vec();
        Self::Texts(cut(least), above(most).unwrap_or_else(|| most.to_vec()))
    }

    /// Returns the bounds of these and others, which are of the same kind.
    pub(super) fn with(self, other: Self) -> Self {
        match (self, other) {
            (Self::Bool(a, b), Self::Bool(c, d)) => Self::Bool(a.min(c), b.max(d)),
            (Self::Int(a, b), Self::Int(c, d)) => Self::Int(a.min(c), b.max(d)),
            (Self::Unsigned(a, b), Self::Unsigned(c, d)) => Self::Unsigned(a.min(c), b.max(d)),
            (Self::Ids(a, b), Self::Ids(c, d)) => Self::Ids(a.min(c), b.max(d)),
            (Self::Texts(a, b), Self::Texts(c, d)) => Self::Texts(a.min(c), b.max(d)),
            (bounds, _) => bounds,
        }
    }

    /// Returns both as they stand in the index of pages.
    pub(super) fn to_bytes(&self) -> (Vec<u8>, Vec<u8>) {
        match self {
            Self::Bool(least, most) => (vec![u8::from(*least)], vec![u8::from(*most)]),
            Self::Int(least, most) => (least.to_le_bytes().to_vec(), most.to_le_bytes().to_vec()),
            Self::Unsigned(least, most) => (least.to_le_bytes().to_vec(), most.to_le_bytes().to_vec()),
            Self::Ids(least, most) | Self::Texts(least, most) => (least.clone(), most.clone()),
        }
    }

    /// Returns what is said of a column with these bounds.
    pub(super) fn statistics(bounds: Option<&Self>, of: Type, nulls: Option<u64>) -> Statistics {
        let bytes = |bytes: &Vec<u8>| ByteArray::from(bytes.clone());
        match bounds {
            Some(Self::Bool(a, b)) => Statistics::boolean(Some(*a), Some(*b), None, nulls, false),
            Some(Self::Int(a, b)) => Statistics::int64(Some(*a), Some(*b), None, nulls, false),
            Some(Self::Unsigned(a, b)) => Statistics::int32(Some(*a as i32), Some(*b as i32), None, nulls, false),
            Some(Self::Ids(a, b)) => {
                let id = |id: &Vec<u8>| Some(FixedLenByteArray::from(bytes(id)));
                Statistics::fixed_len_byte_array(id(a), id(b), None, nulls, false)
            }
            Some(Self::Texts(a, b)) => {
                let are_exact = a.len() < TEXT_BYTES && b.len() < TEXT_BYTES;
                let bounds = ValueStatistics::new(Some(bytes(a)), Some(bytes(b)), None, nulls, false);
                Statistics::ByteArray(bounds.with_min_is_exact(are_exact).with_max_is_exact(are_exact))
            }
            None => match of {
                Type::BOOLEAN => Statistics::boolean(None, None, None, nulls, false),
                Type::INT32 => Statistics::int32(None, None, None, nulls, false),
                Type::INT64 => Statistics::int64(None, None, None, nulls, false),
                Type::DOUBLE => Statistics::double(None, None, None, nulls, false),
                Type::FIXED_LEN_BYTE_ARRAY => Statistics::fixed_len_byte_array(None, None, None, nulls, false),
                _ => Statistics::byte_array(None, None, None, nulls, false),
            },
        }
    }
}

/// Returns how many bytes of a text's beginning are told: no character is cut in two.
fn whole_characters(text: &[u8]) -> usize {
    if text.len() <= TEXT_BYTES {
        return text.len();
    }
    let is_inside = |at: &usize| text.get(*at).is_some_and(|byte| byte & 0xc0 == 0x80);
    (1..=TEXT_BYTES).rev().find(|at| !is_inside(at)).unwrap_or_default()
}

/// Returns a short text that is not less than a long one; `None` when there is none.
fn above(text: &[u8]) -> Option<Vec<u8>> {
    let cut = whole_characters(text);
    let beginning = str::from_utf8(text.get(..cut)?).ok()?;
    if cut == text.len() {
        return Some(text.to_vec());
    }
    let mut characters: Vec<char> = beginning.chars().collect();
    while let Some(last) = characters.pop() {
        if let Some(next) = (u32::from(last) + 1..=u32::from(char::MAX)).find_map(char::from_u32) {
            characters.push(next);
            return Some(characters.into_iter().collect::<String>().into_bytes());
        }
    }
    None
}
