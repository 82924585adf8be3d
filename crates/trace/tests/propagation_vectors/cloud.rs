//! Google Cloud's header.

use serde_json::json;
use trackway::propagation::{CloudTrace, Propagator};

use super::place::{Found, agrees, context, injected, texts};
use super::vector::same;
use super::{Rule, Vector, Verdict};

const NAME: &str = "X-Cloud-Trace-Context";
const EXTRACT: Verdict = Verdict::Ours(
    "of the documented grammar, where the library searches anywhere in the text; the span 0 is none, as where a trace begins",
);

pub const RULES: &[Rule] = &[
    Rule {
        group: "gcloud-extract",
        op: "GoogleCloudFormatPropagator.from_header",
        verdict: EXTRACT,
        judge: |vector| {
            let header = vector.input("header").as_str();
            let carrier: Vec<_> = header.map(|header| (NAME, header)).into_iter().collect();
            judge(vector, header.unwrap_or_default(), &CloudTrace.extract(&carrier))
        },
    },
    Rule {
        group: "gcloud-extract",
        op: "GoogleCloudFormatPropagator.from_headers",
        verdict: EXTRACT,
        judge: |vector| {
            let headers = texts(vector.input("headers"));
            let header = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(NAME));
            judge(vector, header.map_or("", |(_, header)| header), &CloudTrace.extract(&headers))
        },
    },
    Rule {
        group: "gcloud-inject",
        op: "GoogleCloudFormatPropagator.to_header",
        verdict: Verdict::Ours("options are 0 or 1, which are all that Google documents; without a span there is none"),
        judge: inject,
    },
];

fn judge(vector: &Vector, header: &str, found: &Found) -> Result<(), String> {
    let [trace, span, options] = parts(header);
    let without_span = span.is_some_and(|span| !span.is_empty() && span.bytes().all(|digit| digit == b'0'));
    if let (true, Ok(Some(context))) = (without_span, found) {
        same(&json!(context.span_id().map(|id| id.to_string())), &json!(null))?;
        return same(&json!(context.trace_id().map(|id| id.to_string())), &json!(trace));
    }
    if let Some(expected) = vector.standard() {
        return agrees(found, expected);
    }
    let is_number = |text: Option<&str>, most: u128| {
        text.is_none_or(|text| text.bytes().all(|b| b.is_ascii_digit()) && text.parse().is_ok_and(|n: u128| n <= most))
    };
    let is_trace = trace.is_some_and(|id| id.len() == 32 && id.bytes().all(|b| b"0123456789abcdef".contains(&b)));
    let is_well_formed = is_trace && is_number(span, u128::from(u64::MAX)) && is_number(options, 255);
    match found {
        Ok(Some(context)) if is_well_formed => same(&json!(context.trace_id().unwrap().to_string()), &json!(trace)),
        Err(_) if !is_well_formed => Ok(()),
        Ok(None) if header.is_empty() => Ok(()),
        _ => Err(format!("{found:?}")),
    }
}

/// Returns the trace, the span and the options of a header.
fn parts(header: &str) -> [Option<&str>; 3] {
    let (place, options) = header.split_once(";o=").map_or((header, None), |(place, options)| (place, Some(options)));
    let (trace, span) = place.split_once('/').map_or((place, None), |(trace, span)| (trace, Some(span)));
    [Some(trace), span, options]
}

fn inject(vector: &Vector) -> Result<(), String> {
    let context = context(vector);
    let made = injected(&CloudTrace, &context);
    let span = context.span_id().map_or(String::new(), |id| format!("/{}", u64::from_be_bytes(id.bytes())));
    let options = u8::from(context.is_sampled());
    let expected = format!("{}{span};o={options}", context.trace_id().unwrap());
    same(&made[NAME.to_ascii_lowercase()], &json!(expected))?;
    // Of the library's text only the options differ, where there are others than 0 and 1.
    match vector.library().and_then(|header| header.as_str()) {
        Some(theirs) if parts(theirs)[2].is_some_and(|options| options.len() == 1 && options <= "1") => {
            same(&json!(expected), &json!(theirs))
        }
        _ => Ok(()),
    }
}
