//! Hexadecimal digits.

use trackway_model::{SpanId, TraceId};

/// Adds two digits for every byte. Formatting costs ten times as much, and this is on the path of every call that goes out.
pub(super) fn push_digits(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        text.push(digit(byte >> 4));
        text.push(digit(byte & 15));
    }
}

fn digit(value: u8) -> char {
    char::from(if value < 10 { b'0' + value } else { b'a' - 10 + value })
}

/// Reads up to 16 lower-case hexadecimal digits.
pub(super) fn hex(digits: &[u8]) -> Option<u64> {
    let mut number = 0;
    let mut strange = 0;
    for digit in digits {
        let value = DIGITS.get(usize::from(*digit)).copied().unwrap_or(STRANGE);
        strange |= value;
        number = number << 4 | u64::from(value & 15);
    }
    (strange <= 15).then_some(number)
}

/// Reads the 32 lower-case digits of a trace id; none of zeros only.
pub(super) fn trace_id(digits: &str) -> Option<TraceId> {
    let (high, low) = digits.as_bytes().split_at_checked(16).filter(|(_, low)| low.len() == 16)?;
    TraceId::new((u128::from(hex(high)?) << 64 | u128::from(hex(low)?)).to_be_bytes())
}

/// Reads the 16 lower-case digits of a span id; none of zeros only.
pub(super) fn span_id(digits: &str) -> Option<SpanId> {
    let digits = Some(digits.as_bytes()).filter(|digits| digits.len() == 16)?;
    SpanId::new(hex(digits)?.to_be_bytes())
}

/// Reads a number of 1 to `most` digits, in small letters or capitals, as those formats have it that leave zeros out.
pub(super) fn number(digits: &str, most: usize) -> Option<u128> {
    let is_number = (1..=most.min(32)).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_number.then(|| u128::from_str_radix(digits, 16).ok()).flatten()
}

/// Reads a trace id of which zeros at the left may be missing.
pub(super) fn short_trace_id(digits: &str) -> Option<TraceId> {
    TraceId::new(number(digits, 32)?.to_be_bytes())
}

/// Reads a span id of which zeros at the left may be missing.
pub(super) fn short_span_id(digits: &str) -> Option<SpanId> {
    SpanId::new(u64::try_from(number(digits, 16)?).ok()?.to_be_bytes())
}

/// What stands for a byte that is no digit: bits that no digit's value has.
const STRANGE: u8 = 0xff;

/// The value of every byte as a digit.
#[expect(clippy::indexing_slicing, reason = "checked when it is compiled")]
const DIGITS: [u8; 256] = {
    let mut values = [STRANGE; 256];
    let mut value = 0;
    while value < 16 {
        let digit = if value < 10 { b'0' + value } else { b'a' - 10 + value };
        values[digit as usize] = value;
        value += 1;
    }
    values
};
