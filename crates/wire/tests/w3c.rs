//! The requests that the W3C's own harness sends, with its verdicts: read where `TRACKWAY_CONFORMANCE` says.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::{path::PathBuf, process::ExitCode};

use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value as Json;
use trackway_wire::propagation::{SpanContext, TraceState};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let directory = std::env::var_os("TRACKWAY_CONFORMANCE").map(PathBuf::from);
    let trials = match directory {
        None => vec![Trial::test("w3c-trace-context/requests_83.json", || Ok(())).with_ignored_flag(true)],
        Some(directory) => {
            let text = std::fs::read(directory.join("w3c-trace-context/requests_83.json")).unwrap();
            let requests: Vec<Json> = serde_json::from_slice(&text).unwrap();
            assert_eq!(requests.len(), 83);
            let trial = |(number, request)| Trial::test(format!("w3c-trace-context/{number}"), move || judge(&request));
            requests.into_iter().enumerate().map(trial).collect()
        }
    };
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn judge(request: &Json) -> Result<(), Failed> {
    let text = |json: &Json| json.as_str().unwrap().to_owned();
    let headers = request["headers"].as_array().unwrap().iter();
    let headers: Vec<(String, String)> = headers.map(|pair| (text(&pair[0]), text(&pair[1]))).collect();
    let found = SpanContext::extract(&headers);
    let is_valid = matches!(found, Ok(Some(_)));
    if is_valid != request["is_traceparent_valid"].as_bool().unwrap() {
        return Err(format!("{headers:?} gave {found:?}").into());
    }
    let (Ok(Some(context)), Some(expected)) = (&found, request["is_tracestate_valid"].as_bool()) else { return Ok(()) };
    // The recorded verdict is on the spelling alone; the harness itself wants more than 32 members discarded.
    let members = headers.iter().filter(|(name, _)| name == "tracestate").flat_map(|(_, line)| line.split(','));
    let expected = expected && members.count() <= TraceState::MOST_MEMBERS;
    let has_state = !context.trace_state.is_empty();
    let sent = headers.iter().any(|(name, value)| name.eq_ignore_ascii_case("tracestate") && !value.trim().is_empty());
    if has_state != (expected && sent) {
        return Err(format!("{headers:?} gave {:?}", context.trace_state).into());
    }
    Ok(())
}
