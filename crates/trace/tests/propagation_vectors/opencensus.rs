//! OpenCensus's bytes and texts.

use serde_json::json;
use trackway::propagation::{BinaryPropagator, CensusBinary, CensusText, Propagator};

use super::place::{agrees, bytes, context, digits, injected, injected_bytes, is_followed, is_of_texts, texts};
use super::vector::same;
use super::{Rule, Vector, Verdict};

const TEXT: Verdict = Verdict::Ours(
    "options are a number, deferred where there are none, and ids are whole; the library reads any text as sampled and makes \
     up what is missing",
);

pub const RULES: &[Rule] = &[
    Rule {
        group: "binary-extract",
        op: "BinaryFormatPropagator.from_header",
        verdict: Verdict::Standard,
        judge: |vector| {
            let found = CensusBinary.extract(&bytes(vector.input("hex")).unwrap_or_default());
            vector.standard().map_or(Ok(()), |expected| agrees(&found, expected))
        },
    },
    Rule {
        group: "binary-inject",
        op: "BinaryFormatPropagator.to_header",
        verdict: Verdict::Ours(
            "the field of a span that there is not is left out, as the encoding allows; the library writes zeros",
        ),
        judge: inject_binary,
    },
    Rule { group: "text-extract", op: "TextFormatPropagator.from_carrier", verdict: TEXT, judge: extract_text },
    Rule {
        group: "text-extract",
        op: "TextFormatPropagator.from_carrier + Tracer(...)",
        verdict: TEXT,
        judge: extract_text,
    },
    Rule { group: "text-inject", op: "TextFormatPropagator.to_carrier", verdict: Verdict::Library, judge: inject_text },
];

fn inject_binary(vector: &Vector) -> Result<(), String> {
    let context = context(vector);
    let made = json!(digits(&injected_bytes(&CensusBinary, &context)));
    if context.span_id().is_none() {
        let options = format!("02{:02x}", context.flags().0);
        return same(&made, &json!(format!("0000{}{options}", context.trace_id().unwrap())));
    }
    vector.library().map_or(Ok(()), |expected| same(&made, expected))
}

fn extract_text(vector: &Vector) -> Result<(), String> {
    if !is_of_texts(vector.input("carrier")) {
        return Ok(());
    }
    let carrier = texts(vector.input("carrier"));
    let text = |name: &str| {
        let name = format!("opencensus-trace-{name}");
        carrier.iter().find(|(key, _)| key.eq_ignore_ascii_case(&name)).map(|(_, text)| text.as_str())
    };
    let is_id = |id: &str, length| {
        id.len() == length && id.bytes().all(|b| b"0123456789abcdef".contains(&b)) && id.bytes().any(|b| b != b'0')
    };
    let (trace, span, options) = (text("traceid"), text("spanid"), text("traceoptions"));
    let is_well_formed = trace.is_some_and(|id| is_id(id, 32))
        && span.is_none_or(|id| is_id(id, 16))
        && options.is_none_or(|options| options.parse::<u8>().is_ok());
    let found = CensusText.extract(&carrier);
    let Ok(Some(context)) = &found else {
        return if is_well_formed { Err(format!("{found:?}")) } else { Ok(()) };
    };
    same(&json!(context.trace_id().map(|id| id.to_string())), &json!(trace))?;
    same(&json!(context.span_id().map(|id| id.to_string())), &json!(span))?;
    let flags = options.map(|options| options.parse::<u8>().unwrap());
    same(&json!(context.flags().0), &json!(flags.unwrap_or_default()))?;
    same(
        &json!(format!("{:?}", context.decision())),
        &json!(match flags {
            None => "Deferred",
            Some(flags) if flags & 1 != 0 => "Record",
            Some(_) => "Drop",
        }),
    )?;
    is_followed(context)
}

fn inject_text(vector: &Vector) -> Result<(), String> {
    let context = context(vector);
    let made = injected(&CensusText, &context);
    let Some(library) = vector.library() else { return Ok(()) };
    let mut expected = library.clone();
    // What the carrier held before is not ours, and an id of zeros is none.
    expected.as_object_mut().unwrap().retain(|name, _| {
        name.starts_with("opencensus-") && (context.span_id().is_some() || !name.ends_with("spanid"))
    });
    same(&made, &expected)
}
