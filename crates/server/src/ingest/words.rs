//! What tells the words of machines from those of people.

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

/// The most bytes of a name and a password.
const LONGEST_CREDENTIALS: usize = 8 << 10;

/// Reads Base64 with and without its padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Whether a part between dashes is so long and wild as those of keys are.
pub(super) fn is_of_key(part: &[u8]) -> bool {
    let has = |is: fn(&u8) -> bool| part.iter().any(is);
    let has_digit = has(u8::is_ascii_digit);
    let is_mixed = has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase);
    let is_hex = has_digit && has(u8::is_ascii_alphabetic) && are_digits(part);
    let is_wild = match part.len() {
        0..8 => false,
        8..12 => has_digit && is_mixed,
        12..16 => has_digit && is_mixed || is_hex,
        _ => has_digit || is_mixed,
    };
    is_wild && unspoken(part)
}

/// Whether this is no word that people would say or write: letters of one case, or capitalised words run together, with
/// up to four digits behind.
pub(super) fn unspoken(part: &[u8]) -> bool {
    let letters = part.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let (letters, digits) = part.split_at(letters);
    let capitals = letters.iter().filter(|byte| byte.is_ascii_uppercase()).count();
    let is_cased = capitals == letters.len() || capitals * 4 <= letters.len() + 3;
    !is_cased || digits.len() > 4 || !digits.iter().all(u8::is_ascii_digit)
}

/// Whether this is a name and a password, in Base64.
pub(super) fn are_credentials(bytes: &[u8]) -> bool {
    let decoded = bytes.get(..LONGEST_CREDENTIALS.min(bytes.len())).and_then(|bytes| BASE64.decode(bytes).ok());
    let text = decoded.and_then(|decoded| String::from_utf8(decoded).ok());
    text.is_some_and(|text| text.contains(':') && !text.contains(char::is_control))
}

/// Whether these are digits of hexadecimal numbers.
pub(super) fn are_digits(bytes: &[u8]) -> bool {
    bytes.iter().all(u8::is_ascii_hexdigit)
}

/// Whether a machine made this word: it has a digit, or mixes cases.
pub(super) fn looks_random(word: &[u8]) -> bool {
    let has = |is: fn(&u8) -> bool| word.iter().any(is);
    has(u8::is_ascii_digit) || (has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase))
}
