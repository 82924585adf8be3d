//! What is read of an application against what Burr's own server answered for it.

use std::collections::BTreeMap;

use serde_json::Value;
use trackway_model::{Json, RunFact, StepBegin, StepEnd, Timestamp, keys};

use crate::given::{application, facts, fixtures, spans};

/// The answers, and the recorded applications that they are about.
const ANSWERS: [(&str, &str, &str); 11] = [
    ("child-collided", "fx_parallel", "5d353daa2dce1220b690afe267cb1c5ad674fccb8e2f78630868b88bb46ecd0a"),
    ("counter-basic", "fx_counter", "counter-basic"),
    ("error-process-killed", "fx_errors", "error-process-killed"),
    ("error-zero-div", "fx_errors", "error-zero-div"),
    ("fork-at-2", "fx_fork", "fork-at-2"),
    ("otel-llm-spans", "fx_otel", "otel-llm-spans"),
    ("parallel-parent", "fx_parallel", "parallel-parent"),
    ("serde-everything", "fx_serde", "serde-everything"),
    ("spans-all", "fx_spans", "spans-all"),
    ("stream-abandoned", "fx_streaming", "stream-abandoned"),
    ("stream-sync", "fx_streaming", "stream-sync"),
];

/// The spans that the server loses: of several of one id, and of several steps of one number, it keeps the last.
const LOST_BY_THE_SERVER: [(&str, &str, &str); 2] = [("child-collided", "0:0", "mul"), ("spans-all", "0:0", "load")];

fn json(json: Option<&Json>) -> Value {
    json.map_or(Value::Null, |json| serde_json::from_str(&json.0).unwrap())
}

fn time(time: Option<Timestamp>) -> Value {
    let Some(time) = time else { return Value::Null };
    let time = jiff::Timestamp::from_nanosecond(i128::from(time.0)).unwrap();
    // The machine of the recordings lived in UTC.
    Value::from(format!("{time:.6}").trim_end_matches('Z'))
}

#[test]
fn steps_are_those_of_the_server() {
    for (answer, project, app) in ANSWERS {
        let file = std::fs::read(fixtures(&format!("api/{answer}.json"))).unwrap();
        let theirs: Value = serde_json::from_slice(&file).unwrap();
        let (_, items) = application(project, app);
        let mut begins: BTreeMap<i64, StepBegin> = BTreeMap::new();
        let mut ends: BTreeMap<i64, StepEnd> = BTreeMap::new();
        for fact in facts(&items) {
            match fact {
                RunFact::Begin(begin) => drop(begins.insert(begin.step.sequence, begin)),
                RunFact::End(end) => drop(ends.insert(end.step.sequence, end)),
                RunFact::App(it) => {
                    if let Some(graph) = it.graph {
                        assert_eq!(theirs["application"]["entrypoint"], *graph.entrypoint.unwrap());
                        assert_eq!(theirs["application"]["actions"].as_array().unwrap().len(), graph.actions.len());
                        assert_eq!(
                            theirs["application"]["transitions"].as_array().unwrap().len(),
                            graph.transitions.len()
                        );
                    }
                }
                _ => {}
            }
        }
        let steps = theirs["steps"].as_array().unwrap();
        assert_eq!(steps.len(), begins.len(), "{answer}");
        for (step, (sequence, begin)) in steps.iter().zip(begins) {
            let (start, end) = (&step["step_start_log"], &step["step_end_log"]);
            assert_eq!(start["sequence_id"], sequence, "{answer}");
            assert_eq!(start["action"], *begin.action);
            assert_eq!(start["start_time"], time(begin.time));
            assert_eq!(start["inputs"], json(begin.inputs.as_ref()));
            let ours = ends.get(&sequence);
            assert_eq!(end.is_null(), ours.is_none(), "{answer} {sequence}");
            let Some(ours) = ours else { continue };
            assert_eq!(end["end_time"], time(ours.time));
            assert_eq!(end["result"], json(ours.result.as_ref()));
            assert_eq!(end["state"], json(ours.state.as_ref()));
            assert_eq!(end["exception"].as_str(), ours.error.as_deref());
        }
    }
}

#[test]
fn spans_are_those_of_the_server_and_those_that_it_loses() {
    for (answer, project, app) in ANSWERS {
        let file = std::fs::read(fixtures(&format!("api/{answer}.json"))).unwrap();
        let answered: Value = serde_json::from_slice(&file).unwrap();
        let steps = answered["steps"].as_array().unwrap().iter();
        let mut theirs: Vec<(String, String)> = steps
            .flat_map(|step| step["spans"].as_array().unwrap())
            .map(|span| &span["begin_entry"])
            .filter(|begin| !begin.is_null())
            .map(|begin| {
                (begin["span_id"].as_str().unwrap().to_owned(), begin["span_name"].as_str().unwrap().to_owned())
            })
            .collect();
        let (_, items) = application(project, app);
        let ordinal = |span: &trackway_model::SpanRecord| {
            Some((span.attributes.text(keys::TRACKWAY_SPAN_ORDINAL)?.to_owned(), span.name.to_string()))
        };
        let mut ours: Vec<(String, String)> = spans(&items).iter().filter_map(ordinal).collect();
        let lost = LOST_BY_THE_SERVER.iter().filter(|(of, ..)| *of == answer);
        theirs.extend(lost.map(|(_, id, name)| (id.to_string(), name.to_string())));
        theirs.sort();
        ours.sort();
        assert_eq!(ours, theirs, "{answer}");
    }
}
