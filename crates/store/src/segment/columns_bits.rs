//! Numbers in few bits, as Parquet has them.
//!
//! ```text
//! hybrid   runs (length << 1, the value in whole bytes) and groups of eight (groups << 1 | 1, packed)
//! deltas   128 | 4 | count | first | blocks of 128 differences: the least, 4 widths, 4 times 32 packed above the least
//! ```

/// The differences of a block, and of each of its parts that has a width of its own.
const BLOCK: usize = 128;
const PART: usize = 32;

/// Returns how many bits a number needs; at least one, for some readers know no fewer.
pub(super) fn width(most: u32) -> u32 {
    (u32::BITS - most.leading_zeros()).max(1)
}

/// Writes numbers of at most `width` bits, the bits of the first lowest.
#[derive(Default)]
struct Packer {
    held: u128,
    bits: u32,
}

impl Packer {
    fn put(&mut self, number: u64, width: u32, out: &mut Vec<u8>) {
        self.held |= u128::from(number) << self.bits;
        self.bits += width;
        while self.bits >= 64 {
            out.extend((self.held as u64).to_le_bytes());
            self.held >>= 64;
            self.bits -= 64;
        }
    }

    fn finish(mut self, out: &mut Vec<u8>) {
        while self.bits > 0 {
            out.push(self.held as u8);
            self.held >>= 8;
            self.bits = self.bits.saturating_sub(8);
        }
    }
}

/// Writes numbers as runs of equal ones and packed groups of eight.
pub(super) fn write_hybrid(numbers: &[u32], width: u32, out: &mut Vec<u8>) {
    let (mut rest, mut before) = (numbers, 0);
    // `before` numbers at the beginning of `rest` wait to be packed.
    while let Some(first) = rest.get(before) {
        let run = rest.iter().skip(before).take_while(|number| *number == first).count();
        // Only whole groups can be packed in front of a run.
        let fill = before.next_multiple_of(8) - before;
        if run >= fill + 8 {
            let (packed, behind) = rest.split_at(before + fill);
            write_packed(packed, width, out);
            write_run(run - fill, *first, width, out);
            rest = behind.get(run - fill..).unwrap_or_default();
            before = 0;
        } else {
            before += run;
        }
    }
    write_packed(rest, width, out);
}

/// Writes one number so many times.
pub(super) fn write_run(times: usize, number: u32, width: u32, out: &mut Vec<u8>) {
    write_varint((times as u64) << 1, out);
    out.extend(number.to_le_bytes().iter().take(width.div_ceil(8) as usize));
}

fn write_packed(numbers: &[u32], width: u32, out: &mut Vec<u8>) {
    if numbers.is_empty() {
        return;
    }
    let groups = numbers.len().div_ceil(8);
    write_varint((groups as u64) << 1 | 1, out);
    let mut packer = Packer::default();
    for number in numbers {
        packer.put(u64::from(*number), width, out);
    }
    for _ in numbers.len()..groups * 8 {
        packer.put(0, width, out);
    }
    packer.finish(out);
}

/// Writes numbers as the differences of neighbours; `bits` says at how many bits their arithmetic wraps, 32 or 64.
pub(super) fn write_deltas(numbers: &[i64], bits: u32, out: &mut Vec<u8>) {
    write_varint(BLOCK as u64, out);
    write_varint((BLOCK / PART) as u64, out);
    write_varint(numbers.len() as u64, out);
    let Some((first, rest)) = numbers.split_first() else { return write_varint(0, out) };
    write_varint(zigzag(*first), out);
    let mut last = *first;
    let mut deltas = [0_i64; BLOCK];
    for block in rest.chunks(BLOCK) {
        for (delta, number) in deltas.iter_mut().zip(block) {
            *delta = wrapped(number.wrapping_sub(last), bits);
            last = *number;
        }
        write_block(deltas.get(..block.len()).unwrap_or(&deltas), bits, out);
    }
}

fn write_block(deltas: &[i64], bits: u32, out: &mut Vec<u8>) {
    let least = deltas.iter().copied().min().unwrap_or_default();
    let mask = u64::MAX >> (u64::BITS - bits);
    let above = |delta: &i64| delta.wrapping_sub(least) as u64 & mask;
    write_varint(zigzag(least), out);
    let widths = out.len();
    out.extend([0; BLOCK / PART]);
    for (place, part) in deltas.chunks(PART).enumerate() {
        let width = u64::BITS - part.iter().fold(0, |all, delta| all | above(delta)).leading_zeros();
        if let Some(slot) = out.get_mut(widths + place) {
            *slot = width as u8;
        }
        let mut packer = Packer::default();
        for delta in part {
            packer.put(above(delta), width, out);
        }
        for _ in part.len()..PART {
            packer.put(0, width, out);
        }
        packer.finish(out);
    }
}

/// Returns the number that has the same lowest bits, and fits into so many with its sign.
fn wrapped(number: i64, bits: u32) -> i64 {
    let above = i64::BITS - bits;
    number << above >> above
}

fn zigzag(number: i64) -> u64 {
    (number << 1 ^ number >> 63) as u64
}

fn write_varint(mut number: u64, out: &mut Vec<u8>) {
    while number > 0x7f {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}
