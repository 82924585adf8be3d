//! What an answer means for a batch.

use ureq::http::{header, response::Parts};

use crate::export::{
    Failure,
    http::{Target, clean, refusal, words},
};

/// Reads the outcome from an answer, as OTLP's specification has it.
pub(super) fn judge(target: &Target, head: &Parts, body: &[u8]) -> Result<(), Failure> {
    if head.status.is_success() {
        return partial_success(body);
    }
    Err(refusal(target, head, &message(head, body), "the path of an OTLP receiver is mostly /v1/traces"))
}

/// Reads an `ExportTraceServiceResponse`; of one that cannot be read the status is believed.
fn partial_success(body: &[u8]) -> Result<(), Failure> {
    let (mut rejected, mut says) = (0, String::new());
    for partial in Fields(body).filter_map(|field| field.message(1)) {
        for field in Fields(partial) {
            match field {
                Field { number: 1, content: Content::Number(number) } => rejected = number,
                Field { number: 2, content: Content::Bytes(text) } => says = clean(&String::from_utf8_lossy(text)),
                _ => {}
            }
        }
    }
    match i64::try_from(rejected) {
        Ok(1..) => Err(Failure::Partly { rejected: usize::try_from(rejected).unwrap_or(usize::MAX), reason: says }),
        _ => Ok(()),
    }
}

/// Returns what the server says of an error: `google.rpc.Status.message`, or its text.
fn message(head: &Parts, body: &[u8]) -> String {
    let kind = head.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.contains("protobuf") {
        return words(head, body);
    }
    let text = Fields(body).filter_map(|field| field.message(2)).last().unwrap_or_default();
    clean(String::from_utf8_lossy(text).trim())
}

/// The fields of a protobuf message, up to the first that cannot be read.
struct Fields<'a>(&'a [u8]);

struct Field<'a> {
    number: u64,
    content: Content<'a>,
}

enum Content<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

impl<'a> Field<'a> {
    fn message(self, number: u64) -> Option<&'a [u8]> {
        match self.content {
            Content::Bytes(bytes) if self.number == number => Some(bytes),
            _ => None,
        }
    }
}

impl<'a> Fields<'a> {
    fn varint(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let (first, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= u64::from(first & 0x7f) << shift;
            if first & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn take(&mut self, length: u64) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(usize::try_from(length).ok()?)?;
        self.0 = rest;
        Some(taken)
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    fn next(&mut self) -> Option<Field<'a>> {
        let tag = self.varint()?;
        let content = match tag & 7 {
            0 => Content::Number(self.varint()?),
            1 => Content::Bytes(self.take(8)?),
            2 => {
                let length = self.varint()?;
                Content::Bytes(self.take(length)?)
            }
            5 => Content::Bytes(self.take(4)?),
            _ => return None,
        };
        Some(Field { number: tag >> 3, content })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partial_success_is_read_and_nonsense_is_believed_to_be_success() {
        assert_eq!(partial_success(b""), Ok(()));
        assert_eq!(partial_success(b"\x0a\x04\x12\x02hm"), Ok(()), "a warning");
        let partly = Failure::Partly { rejected: 300, reason: "no\\n".into() };
        assert_eq!(partial_success(b"\x0a\x08\x08\xac\x02\x12\x03no\n"), Err(partly));
        for nonsense in [&b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"[..], b"\xff", b"\x0a\x05\x08", b"\x0c"] {
            assert_eq!(partial_success(nonsense), Ok(()));
        }
    }
}
