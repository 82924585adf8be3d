//! Cuts texts where their own bytes say so, so that what two texts have in common is cut in the same places.

/// The fewest and the most bytes of a piece; between them it ends after about [`USUAL`] more.
const LEAST: usize = 512;
const MOST: usize = 4096;
const USUAL: u32 = 1024;
/// How many bytes before a place decide whether a piece ends there.
const WINDOW: usize = 64;

/// A number for each byte, of which nothing is asked but that they look like chance.
const GEAR: [u64; 256] = gear();

const fn gear() -> [u64; 256] {
    let mut numbers = [0; 256];
    let (mut state, mut at) = (0_u64, 0);
    while at < numbers.len() {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        #[allow(
            clippy::indexing_slicing,
            reason = "the place is below the length, and a constant is worked out at once"
        )]
        {
            numbers[at] = mixed ^ (mixed >> 31);
        }
        at += 1;
    }
    numbers
}

/// Cuts a text into pieces, which together are the text; each is UTF-8 by itself.
pub(super) fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (piece, behind) = rest.split_at_checked(first_end(rest))?;
        rest = behind;
        (!piece.is_empty()).then_some(piece)
    })
}

/// Returns where the first piece of a text ends.
fn first_end(text: &str) -> usize {
    let bytes = text.as_bytes();
    let most = bytes.len().min(MOST);
    let mut hash = 0_u64;
    let looked_at = bytes.iter().enumerate().take(most).skip(LEAST - WINDOW);
    for (at, byte) in looked_at {
        let number = GEAR.get(usize::from(*byte)).copied().unwrap_or_default();
        hash = (hash << 1).wrapping_add(number);
        if at >= LEAST && hash.leading_zeros() >= USUAL.ilog2() {
            return whole_character(text, at + 1);
        }
    }
    whole_character(text, most)
}

fn whole_character(text: &str, end: usize) -> usize {
    (end..text.len()).find(|end| text.is_char_boundary(*end)).unwrap_or(text.len())
}
