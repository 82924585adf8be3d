//! Texts that a request repeats: above all the keys, which nearly every span has.

use trackway_model::Text;

use super::{Malformed, fields::Field};

/// How many texts are remembered, a power of two.
const PLACES: usize = 256;
/// A longer text is not remembered: those hardly repeat.
const LONGEST: usize = 64;

/// The texts of a request that came last: each is checked and made once, and shared while it repeats.
///
/// Every text has one place only where it may be found, so that no request can be made that is slow to read.
pub(super) struct Known {
    places: Vec<Text>,
}

impl Known {
    pub(super) fn new() -> Self {
        Self { places: vec![Text::default(); PLACES] }
    }

    /// Reads a string that may have come before.
    #[inline]
    pub(super) fn text(&mut self, field: Field<'_>) -> Result<Text, Malformed> {
        let bytes = field.bytes()?;
        let Some(place) = self.places.get_mut(place_of(bytes)).filter(|_| bytes.len() <= LONGEST) else {
            return Ok(field.text()?.into());
        };
        if place.as_bytes() != bytes {
            *place = field.text()?.into();
        }
        Ok(place.clone())
    }

    /// Reads a string that is worth to be remembered only where that saves memory: a short one needs none of its own.
    #[inline(always)]
    pub(super) fn long_text(&mut self, field: Field<'_>) -> Result<Text, Malformed> {
        if field.bytes()?.len() > Text::SHORT { self.text(field) } else { Ok(field.text()?.into()) }
    }
}

/// Where a text is looked for: by its length and both of its ends, in which keys differ.
fn place_of(bytes: &[u8]) -> usize {
    let word = |chunk: Option<&[u8; 8]>| chunk.map_or_else(|| short_word(bytes), |chunk| u64::from_le_bytes(*chunk));
    let ends = word(bytes.first_chunk()).rotate_left(29) ^ word(bytes.last_chunk());
    let mixed = ends.wrapping_add(bytes.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> (u64::BITS - PLACES.ilog2())) as usize
}

fn short_word(bytes: &[u8]) -> u64 {
    bytes.iter().take(8).fold(0, |word, byte| word << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::{super::fields::Held, *};

    fn read(known: &mut Known, bytes: &[u8]) -> Result<Text, Malformed> {
        known.text(Field { number: 1, held: Held::Bytes(bytes) })
    }

    #[test]
    fn what_repeats_is_shared_and_what_has_the_same_place_is_not_mistaken_for_it() {
        let mut known = Known::new();
        let first = read(&mut known, b"http.response.status_code").unwrap();
        let again = read(&mut known, b"http.response.status_code").unwrap();
        assert_eq!(first.as_ptr(), again.as_ptr());
        for number in 0..10_000_u32 {
            let text = format!("http.response.{number}.status_code");
            assert_eq!(&*read(&mut known, text.as_bytes()).unwrap(), text);
        }
        assert_eq!(&*read(&mut known, b"").unwrap(), "");
    }

    #[test]
    fn what_is_no_text_is_an_error_however_often_it_comes() {
        let mut known = Known::new();
        for _ in 0..2 {
            assert!(read(&mut known, b"k\xff").is_err());
            assert!(read(&mut known, &[0xff; 100]).is_err());
        }
    }
}
