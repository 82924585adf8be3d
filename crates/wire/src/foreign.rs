//! Trace and span ids of clients that have ids of their own.
//!
//! A W3C id is worked out from a foreign one, always the same, so that whoever knows the original finds the record.
//! `trace_` with 32 hexadecimal digits is those digits, and `span_` with eight zeros and 16 digits is these 16: so a span that
//! our own library sends in such a client's form has its own id. Any other id is hashed.

use sha2::{Digest, Sha256};
use trackway_model::{RunKey, SpanId, StepKey, TraceId};

/// The prefix of trace ids that the OpenAI Agents SDK makes.
const TRACE_PREFIX: &str = "trace_";

/// Returns the W3C id of a foreign trace id.
pub fn trace_id(original: &str) -> TraceId {
    let hex = original.strip_prefix(TRACE_PREFIX).and_then(|hex| hex.parse().ok());
    hex.unwrap_or_else(|| first_of(&[Some(original)], TraceId::new))
}

/// What the ids of spans begin with whose client has W3C's: the sixteen digits of these follow.
const SPAN_PREFIX: &str = "span_00000000";

/// Returns the W3C id of a foreign span id in a foreign trace, both as the client gave them.
pub fn span_id(trace: &str, span: &str) -> SpanId {
    let own = span.strip_prefix(SPAN_PREFIX).and_then(|digits| digits.parse().ok());
    own.unwrap_or_else(|| hashed(trace, span))
}

fn hashed(trace: &str, span: &str) -> SpanId {
    first_of(&[Some(trace), Some(span)], SpanId::new)
}

/// Returns the id of a run: also of its trace, where it has no other.
pub fn run_id(run: &RunKey) -> TraceId {
    first_of(&parts(run), TraceId::new)
}

/// Returns the id of a span of a run: of a step's own, or of the `occurrence`th span of a name in it, from 0.
pub fn run_span_id(run: &RunKey, step: StepKey, span: Option<&str>, occurrence: u32) -> SpanId {
    let [project, partition, app] = parts(run);
    let numbers = [step.sequence.to_string(), step.attempt.to_string(), occurrence.to_string()];
    let [sequence, attempt, occurrence] = numbers.each_ref().map(|number| Some(&**number));
    let span = Some(span.unwrap_or_default());
    first_of(&[project, partition, app, sequence, attempt, span, occurrence], SpanId::new)
}

fn parts(run: &RunKey) -> [Option<&str>; 3] {
    [Some(&run.project), run.partition.as_deref(), Some(&run.app)]
}

/// Makes an id of the first bytes of a hash; hashes again while these are all zero, which no id may be.
fn first_of<const N: usize, T>(parts: &[Option<&str>], make: impl Fn([u8; N]) -> Option<T>) -> T {
    let mut digest = hash(parts);
    loop {
        let mut bytes = [0; N];
        bytes.iter_mut().zip(digest).for_each(|(byte, of)| *byte = of);
        match make(bytes) {
            Some(id) => return id,
            None => digest = Sha256::digest(digest).into(),
        }
    }
}

/// Hashes parts so that no two lists of them are the same bytes: each after its length, in four bytes, the highest first.
/// A part that is absent has a length that no other has.
fn hash(parts: &[Option<&str>]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        let length = part.map(|part| u32::try_from(part.len()).unwrap_or(u32::MAX));
        hasher.update(length.unwrap_or(u32::MAX).to_be_bytes());
        hasher.update(part.unwrap_or_default());
    }
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_of_the_agents_sdk_keeps_its_digits_and_others_are_hashed() {
        let own = trace_id("trace_2528b5af3a734294811ac19b87009372");
        assert_eq!(own.to_string(), "2528b5af3a734294811ac19b87009372");
        // SHA-256 of 0000000b and the eleven letters, as any other tool works it out.
        assert_eq!(trace_id("my trace id").to_string(), "c84380eb8e9926865543dd7559dde60d");
        assert_ne!(trace_id("my trace id"), trace_id("my trace id "));
        assert_eq!(trace_id("trace_00000000000000000000000000000000").to_string(), "9f7a30ed5197dd8558cdb211b4d0a8db");
    }

    #[test]
    fn a_span_id_that_was_one_of_w3c_is_that_again() {
        assert_eq!(span_id("a", "span_00000000f67aa0ba902b7000").to_string(), "f67aa0ba902b7000");
        let hashed =
            ["span_00000000f67aa0ba902b70001", "span_000000000000000000000000", "span_00000001f67aa0ba902b7000"];
        for id in hashed {
            assert_ne!(span_id("a", id), span_id("b", id), "{id}");
        }
    }

    #[test]
    fn a_span_id_depends_on_where_its_parts_end() {
        assert_ne!(span_id("a", "bc"), span_id("ab", "c"));
        // SHA-256 of 00000001 61 00000001 62, begun; of 00000002 c3a4 00000002 c3b6.
        assert_eq!(span_id("a", "b").to_string(), "16275ef0f5d0eb9d");
        assert_eq!(span_id("ä", "ö").to_string(), "74e5ab4429406dde");
    }
    #[test]
    fn a_run_without_partition_is_not_the_run_of_an_empty_one() {
        let run = |partition: Option<&str>| RunKey {
            project: "demo".into(),
            partition: partition.map(Into::into),
            app: "chat".into(),
        };
        // SHA-256 of 00000004 "demo" ffffffff 00000004 "chat", begun; of the same with 00000000 in the middle.
        assert_eq!(run_id(&run(None)).to_string(), "b7e485c823bd8a2fcb5f2c52169e63f3");
        assert_eq!(run_id(&run(Some(""))).to_string(), "be686aa6b289c6f3fb428fd3ccefec7e");
        // The same and 00000001 "3" 00000001 "0" 00000005 "3:0.1" 00000001 "0".
        let step = StepKey { sequence: 3, attempt: 0 };
        assert_eq!(run_span_id(&run(None), step, Some("3:0.1"), 0).to_string(), "b0fed0a17eedce54");
        let all = [None, Some("3:0")].map(|span| [0, 1].map(|nth| run_span_id(&run(None), step, span, nth)));
        let distinct: std::collections::HashSet<_> = all.concat().into_iter().collect();
        assert_eq!(distinct.len(), 4);
    }
}
