//! W3C Trace Context.

use serde_json::{Value as Json, json};
use trackway::Context;
use trackway::propagation::{Propagator, W3c};

use super::place::{agrees, context, injected, texts};
use super::vector::same;
use super::{Rule, Vector, Verdict};

const FROM: &str = "TraceContextPropagator.from_headers";

pub const RULES: &[Rule] = &[
    Rule { group: "w3c-extract", op: FROM, verdict: Verdict::Standard, judge: extract },
    Rule { group: "w3c-tracestate", op: FROM, verdict: Verdict::Standard, judge: extract },
    Rule {
        group: "w3c-inject",
        op: "TraceContextPropagator.to_headers",
        verdict: Verdict::Ours("of level 2, which passes the random flag on; and no span is written as no header"),
        judge: inject,
    },
];

fn extract(vector: &Vector) -> Result<(), String> {
    let found = W3c.extract(&texts(vector.input("headers")));
    let Some(expected) = vector.standard() else { return Ok(()) };
    agrees(&found, expected)?;
    let Ok(Some(context)) = &found else { return Ok(()) };
    let state = members(context);
    match expected["tracestate_any_of"].as_array() {
        Some(any) if any.contains(&state) => Ok(()),
        Some(any) => Err(format!("tracestate is {state}, and should be one of {any:?}")),
        None => same(&state, expected.get("tracestate").filter(|state| state.is_array()).unwrap_or(&json!([]))),
    }
}

fn members(context: &Context) -> Json {
    let members = context.trace_state().unwrap_or_default().split(',').filter_map(|member| member.split_once('='));
    members.map(|(key, value)| json!([key, value])).collect()
}

fn inject(vector: &Vector) -> Result<(), String> {
    let context = context(vector);
    let Some(traceparent) = context.traceparent() else { return same(&injected(&W3c, &context), &json!({})) };
    let members = vector.input("tracestate").as_array().into_iter().flatten();
    let text = |json: &Json| json.as_str().unwrap_or_default().to_owned();
    let state: Vec<String> = members.map(|member| format!("{}={}", text(&member[0]), text(&member[1]))).collect();
    let mut headers = vec![("traceparent", traceparent)];
    headers.extend((!state.is_empty()).then(|| ("tracestate", state.join(","))));
    let context = Context::extract(&headers).map_err(|corrupt| corrupt.to_string())?;
    let Some(standard) = vector.standard() else { return Ok(()) };
    let mut expected = standard.clone();
    if let Some(header) = standard["traceparent"].as_str() {
        let flags = context.flags().0 & 3;
        expected["traceparent"] = json!(format!("{}{flags:02x}", &header[..header.len() - 2]));
    }
    same(&injected(&W3c, &context), &expected)
}
