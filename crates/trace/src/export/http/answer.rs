//! What an answer, or its absence, means for a batch.

use std::{
    io,
    time::{Duration, SystemTime},
};

use ureq::{
    Error,
    http::{StatusCode, header, response::Parts},
};

use super::Target;
use crate::export::{Failure, escape::escaped};

/// How much of an answer is read, in bytes.
pub(crate) const LONGEST: u64 = 64 << 10;

/// How much of a server's own words is kept, in characters.
const LONGEST_MESSAGE: usize = 300;

/// Returns what it means that a server did not say yes: whether to try again, with its own words, or with a hint where it
/// knows nothing of the path and says nothing of it.
pub(crate) fn refusal(target: &Target, head: &Parts, says: &str, hint: &str) -> Failure {
    let status = head.status;
    let reason = match head.headers.get(header::LOCATION).map(|place| clean(&String::from_utf8_lossy(place.as_bytes())))
    {
        Some(place) if status.is_redirection() => format!(
            "{} answered {status} and names {place}: if that is right, make it the exporter's endpoint",
            target.shown
        ),
        _ if status == StatusCode::NOT_FOUND && says.is_empty() => {
            format!("{} answered {status}: {hint}", target.shown)
        }
        _ if says.is_empty() => format!("{} answered {status}", target.shown),
        _ => format!("{} answered {status}: {says}", target.shown),
    };
    match status.as_u16() {
        429 | 502 | 503 | 504 => {
            let after = head.headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
            Failure::Later { reason, after: after.and_then(|text| retry_after(text, SystemTime::now())) }
        }
        _ => Failure::Never { reason },
    }
}

/// Returns a server's words on an error, made harmless; none of a page that a proxy made.
pub(crate) fn words(head: &Parts, body: &[u8]) -> String {
    let kind = head.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.contains("html") { String::new() } else { clean(String::from_utf8_lossy(body).trim()) }
}

/// Reads what it means that no answer came.
pub(crate) fn failure(target: &Target, timeout: Duration, error: Error) -> Failure {
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

/// Cuts and escapes words that a server chose.
pub(crate) fn clean(text: &str) -> String {
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
}
