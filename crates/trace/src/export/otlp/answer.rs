//! What an answer, or its absence, means for a batch.

use std::{
    io,
    time::{Duration, SystemTime},
};

use ureq::{
    Error,
    http::{StatusCode, header, response::Parts},
};

use super::settings::Target;
use crate::export::{Failure, escape::escaped};

/// How much of an answer is read, in bytes.
pub(super) const LONGEST: u64 = 64 << 10;

/// How much of a server's own words is kept, in characters.
const LONGEST_MESSAGE: usize = 300;

/// Reads the outcome from an answer, as OTLP's specification has it.
pub(super) fn judge(target: &Target, head: &Parts, body: &[u8]) -> Result<(), Failure> {
    let status = head.status;
    if status.is_success() {
        return partial_success(body);
    }
    let says = message(head, body);
    let reason = match head.headers.get(header::LOCATION).map(|place| clean(&String::from_utf8_lossy(place.as_bytes())))
    {
        Some(place) if status.is_redirection() => format!(
            "{} answered {status} and names {place}: if that is right, make it the exporter's endpoint",
            target.shown
        ),
        _ if status == StatusCode::NOT_FOUND && says.is_empty() => {
            format!("{} answered {status}: the path of an OTLP receiver is mostly /v1/traces", target.shown)
        }
        _ if says.is_empty() => format!("{} answered {status}", target.shown),
        _ => format!("{} answered {status}: {says}", target.shown),
    };
    match status.as_u16() {
        429 | 502 | 503 | 504 => {
            let after = head.headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
            Err(Failure::Later { reason, after: after.and_then(|text| retry_after(text, SystemTime::now())) })
        }
        _ => Err(Failure::Never { reason }),
    }
}

/// Reads what it means that no answer came.
pub(super) fn failure(target: &Target, timeout: Duration, error: Error) -> Failure {
    let url = &target.shown;
    match error {
        Error::Io(error) => {
            let is_wrong = matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput);
            let what = match error.kind() {
                io::ErrorKind::ConnectionRefused => "connection refused".into(),
                _ => clean(&error.to_string()),
            };
            let reason = format!("cannot reach {url}: {what}");
            if is_wrong { Failure::Never { reason } } else { Failure::Later { reason, after: None } }
        }
        Error::Timeout(_) => Failure::Later { reason: format!("{url} did not answer within {timeout:?}"), after: None },
        Error::HostNotFound | Error::ConnectionFailed | Error::ConnectProxyFailed(_) => {
            Failure::Later { reason: format!("cannot reach {url}: {}", clean(&error.to_string())), after: None }
        }
        error => Failure::Never { reason: format!("cannot send to {url}: {}", clean(&error.to_string())) },
    }
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
    let text = if kind.contains("protobuf") {
        Fields(body).filter_map(|field| field.message(2)).last().unwrap_or_default()
    } else if kind.contains("html") {
        &[] // A proxy's page is not worth reading in a line.
    } else {
        body
    };
    clean(String::from_utf8_lossy(text).trim())
}

/// Cuts and escapes words that a server chose.
fn clean(text: &str) -> String {
    let mut short: String = text.chars().take(LONGEST_MESSAGE).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    escaped(&short)
}

/// Reads `Retry-After`: seconds, or a date in the form that HTTP prefers.
fn retry_after(text: &str, now: SystemTime) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(http_date(text)?);
    Some(at.duration_since(now).unwrap_or_default())
}

/// Returns the seconds since 1970 of a date like `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, section 5.6.7).
fn http_date(text: &str) -> Option<u64> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (_, date) = text.split_once(", ")?;
    let [day, month, year, time, "GMT"] = date.split(' ').collect::<Vec<_>>()[..] else { return None };
    let [hour, minute, second] = time.split(':').map(|part| part.parse().ok()).collect::<Option<Vec<u64>>>()?[..]
    else {
        return None;
    };
    let (day, year): (u64, u64) = (day.parse().ok()?, year.parse().ok()?);
    let month = MONTHS.iter().position(|name| *name == month)? as u64 + 1;
    if !(1970..=9999).contains(&year) || !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    // Counted from March, a leap day is the last of its year.
    let (year, month) = if month < 3 { (year - 1, month + 9) } else { (year, month - 3) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1;
    const FROM_MARCH_OF_YEAR_0_TO_1970: u64 = 719_468;
    Some((days - FROM_MARCH_OF_YEAR_0_TO_1970) * 86_400 + hour * 3600 + minute * 60 + second)
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
    fn retry_after_is_seconds_or_a_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_770);
        let seconds = |text| retry_after(text, now).map(|after| after.as_secs());
        assert_eq!(seconds("120"), Some(120));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:49:37 GMT"), Some(7));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:00:00 GMT"), Some(0), "a moment that is over");
        for text in ["", "-1", "soon", "Sun, 06 Nov 1994 08:49:37", "Sun, 99 Nov 1994 08:49:37 GMT", ", a b c d GMT"] {
            assert_eq!(seconds(text), None, "{text}");
        }
        assert_eq!(http_date("Thu, 29 Feb 2024 00:00:00 GMT"), Some(1_709_164_800));
        assert_eq!(http_date("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
    }

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
