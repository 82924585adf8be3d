//! Draws what was told of a run: its graph, its facts in order, and the tree of its spans.

use std::fmt::Write;

use trackway_model::{Graph, Json, RunFact, RunKey, RunPointer, SpanRecord, StepKey, Text, Timestamp, Value, keys};
use trackway_wire::burr::Item;

use crate::given::{facts, spans};

/// The longest text that is drawn whole.
const LONGEST: usize = 100;

pub(crate) fn picture(run: &RunKey, items: &[Item]) -> String {
    let mut out = String::new();
    writeln!(out, "{}", named(&run.app, run.partition.as_ref())).unwrap();
    for fact in facts(items) {
        draw_fact(&mut out, &fact);
    }
    let spans = spans(items);
    for root in spans.iter().filter(|span| span.parent_id.is_none()) {
        draw_span(&mut out, root, &spans, 1);
    }
    let known = |span: &&SpanRecord| spans.iter().any(|other| Some(other.span_id) == span.parent_id);
    let lost = spans.iter().filter(|span| span.parent_id.is_some() && !known(span)).count();
    assert_eq!(lost, 0, "every parent is there");
    out
}

fn draw_fact(out: &mut String, fact: &RunFact) {
    match fact {
        RunFact::App(app) => {
            app.graph.iter().for_each(|graph| draw_graph(out, graph));
            app.parent.iter().for_each(|it| writeln!(out, "forked from {}", pointer(it)).unwrap());
            app.spawned_by.iter().for_each(|it| writeln!(out, "spawned by {}", pointer(it)).unwrap());
        }
        RunFact::Begin(it) => {
            assert!(it.span.is_some(), "a step has a span");
            write!(out, "{} begin {} {}", step(it.step), it.action, at(it.time)).unwrap();
            it.inputs.iter().filter(|it| &*it.0 != "{}").for_each(|it| write!(out, " inputs={}", json(it)).unwrap());
            out.push('\n');
        }
        RunFact::End(it) => {
            write!(out, "{} end {} {}", step(it.step), it.action, at(it.time)).unwrap();
            it.result.iter().for_each(|result| write!(out, " result={}", json(result)).unwrap());
            it.state.iter().for_each(|state| write!(out, " state={}", json(state)).unwrap());
            it.error.iter().for_each(|it| write!(out, " ERROR {:?}", it.trim().lines().last().unwrap()).unwrap());
            out.push_str(if it.is_suspect { " SUSPECT\n" } else { "\n" });
        }
        RunFact::Attribute(it) => {
            assert!(it.time.is_some() && it.tags.is_none());
            let span = it.span.as_deref().unwrap_or("-");
            writeln!(out, "{} attribute {span} {}={}", step(it.step), it.key, json(&it.value)).unwrap();
        }
        RunFact::Stream(it) => writeln!(out, "{} stream {:?} {}", step(it.step), it.moment, at(it.time)).unwrap(),
        RunFact::Child(it) => {
            assert!(it.time.is_some());
            let of = it.sequence.map_or("latest".into(), |sequence| sequence.to_string());
            writeln!(out, "{of} {:?} {}", it.event, pointer(&it.child)).unwrap();
        }
        RunFact::State(_) => panic!("Burr tells of no state but those after steps"),
        RunFact::Remark(it) => writeln!(out, "REMARK {}: {} {:?}", it.place, it.what, cut(&it.text)).unwrap(),
    }
}

fn draw_graph(out: &mut String, graph: &Graph) {
    writeln!(out, "graph from {}", graph.entrypoint.as_deref().unwrap_or("nowhere")).unwrap();
    for action in &graph.actions {
        let lists = [
            ("reads", &action.reads),
            ("writes", &action.writes),
            ("inputs", &action.inputs),
            ("optional", &action.optional_inputs),
            ("tags", &action.tags),
        ];
        write!(out, "  {}", action.name).unwrap();
        for (name, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
            // Burr writes sets, in no order.
            let mut list: Vec<&str> = list.iter().map(|text| &**text).collect();
            list.sort_unstable();
            write!(out, " {name}={}", list.join(",")).unwrap();
        }
        let lines = action.code.as_ref().map_or(0, |code| code.lines().count());
        writeln!(out, " ({lines} lines)").unwrap();
    }
    for transition in &graph.transitions {
        writeln!(out, "  {} -> {} if {}", transition.from, transition.to, transition.condition).unwrap();
    }
}

fn draw_span(out: &mut String, span: &SpanRecord, all: &[SpanRecord], depth: usize) {
    let ordinal = span.attributes.text(keys::TRACKWAY_SPAN_ORDINAL);
    let number = |key| match span.attributes.get(key) {
        Some(Value::Int(number)) => *number,
        other => panic!("{other:?}"),
    };
    let step = format!("{}.{}", number(keys::TRACKWAY_STEP_SEQUENCE), number(keys::TRACKWAY_STEP_ATTEMPT));
    write!(out, "{:indent$}[{}] {}", "", ordinal.unwrap_or(&step), span.name, indent = depth * 2).unwrap();
    match span.duration() {
        Some(duration) => write!(out, " {}us", duration.0 / 1000).unwrap(),
        None => out.push_str(" open"),
    }
    if span.is_error() {
        write!(out, " ERROR {:?}", span.status.message).unwrap();
    }
    for (key, value) in span.attributes.iter().filter(|(key, _)| !key.starts_with("trackway.")) {
        write!(out, " {key}={}", shown(value)).unwrap();
    }
    out.push('\n');
    for child in all.iter().filter(|other| other.parent_id == Some(span.span_id)) {
        draw_span(out, child, all, depth + 1);
    }
}

fn named(app: &str, partition: Option<&Text>) -> String {
    let app = if app.len() == 64 { &app[..8] } else { app };
    partition.map_or_else(|| app.to_owned(), |partition| format!("{app} of {partition:?}"))
}

fn pointer(RunPointer { app, partition, sequence }: &RunPointer) -> String {
    let step = sequence.map(|sequence| format!(" at {sequence}"));
    named(app, partition.as_ref()) + &step.unwrap_or_default()
}

fn step(StepKey { sequence, attempt }: StepKey) -> String {
    format!("{sequence}.{attempt}")
}

/// The minute and what is below it.
fn at(time: Option<Timestamp>) -> String {
    let Some(time) = time else { return "at no time".into() };
    let time = jiff::Timestamp::from_nanosecond(i128::from(time.0)).unwrap().to_string();
    time.get(14..).unwrap().to_owned()
}

fn json(json: &Json) -> String {
    cut(&json.0)
}

fn cut(text: &str) -> String {
    let cut: String = text.chars().take(LONGEST).collect();
    if cut.len() < text.len() { format!("{cut}… {} bytes", text.len()) } else { cut }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) => cut(&format!("{text:?}")),
        Value::Int(number) => number.to_string(),
        Value::Map(map) => {
            let pairs: Vec<String> = map.iter().map(|(key, value)| format!("{key}: {}", shown(value))).collect();
            format!("{{{}}}", pairs.join(", "))
        }
        Value::Array(list) => format!("[{}]", list.iter().map(shown).collect::<Vec<_>>().join(", ")),
        other => format!("{other:?}"),
    }
}
