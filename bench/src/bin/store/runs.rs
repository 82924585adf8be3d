//! A run of ten thousand steps, and a conversation with an agent.

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use serde_json::{Value as Json, json};
use trackway_bench::machine::bytes_below;

use crate::{
    Arguments,
    load::{FIRST, SECOND},
    otlp::{self, Value, attribute, bytes, fixed, number},
    random::Random,
    servers::{Running, Who},
    watch::settle,
};

const STEPS: usize = 10_000;
const STEPS_OF_REQUEST: usize = 500;
const STATES: usize = 200;
const TURNS: usize = 50;
/// About what a person writes, and a model answers.
const WORDS: [usize; 2] = [40, 200];

/// A run read through REST.
pub(crate) struct Run {
    pub(crate) steps: usize,
    pub(crate) bytes: u64,
    pub(crate) payload: usize,
    pub(crate) states: Vec<Duration>,
    pub(crate) pages: Vec<Duration>,
}

/// What a conversation takes on the disk.
pub(crate) struct Conversation {
    pub(crate) turns: usize,
    /// What was sent: each call of the model repeats what was said before.
    pub(crate) payload: usize,
    /// What was said, once.
    pub(crate) said: usize,
    pub(crate) bytes: u64,
}

/// Sends a run and asks for its states and its list of steps.
pub(crate) fn run(arguments: &Arguments) -> Result<Run> {
    let running = Running::start(Who::Trackway, &arguments.of(Who::Trackway))?;
    let empty = bytes_below(running.directory())?;
    let mut payload = 0;
    for first in (0..STEPS).step_by(STEPS_OF_REQUEST) {
        let lines = (first..first + STEPS_OF_REQUEST).map(step).collect::<String>();
        payload +=
            running.post("/api/v1/projects/bench/apps/long/records", "application/x-ndjson", lines.as_bytes())?;
    }
    let bytes = bytes_below(running.directory())?.saturating_sub(empty);
    let mut random = Random(9);
    let state = |at: usize| -> Result<Duration> {
        let begun = Instant::now();
        let found = running.get(&format!("/api/v1/projects/bench/apps/long/state?seq={at}"))?;
        let took = begun.elapsed();
        ensure!(
            found.pointer("/state/n").and_then(Json::as_u64) == Some(at as u64),
            "another state after {at}: {found}"
        );
        Ok(took)
    };
    let states = (0..STATES).map(|_| state(random.below(STEPS))).collect::<Result<_>>()?;
    let page = |_| -> Result<Duration> {
        let begun = Instant::now();
        let found = running.get("/api/v1/projects/bench/apps/long/steps?limit=100")?;
        ensure!(found.get("steps").and_then(Json::as_array).context("no steps")?.len() == 100, "the page is short");
        Ok(begun.elapsed())
    };
    let pages = (0..STATES).map(page).collect::<Result<_>>()?;
    Ok(Run { steps: STEPS, bytes, payload, states, pages })
}

fn step(number: usize) -> String {
    let mut random = Random(number as u64);
    let note = format!("{:016x}{:016x}", random.next(), random.next());
    let state = json!({"n": number, "note": note, "history": number / 64, "done": number.is_multiple_of(7)});
    let at = |offset: usize| {
        let second = number + offset;
        format!("2026-09-20T{:02}:{:02}:{:02}Z", 18 + second / 3_600, second / 60 % 60, second % 60)
    };
    format!(
        "{{\"type\":\"begin\",\"sequence\":{number},\"action\":\"work\",\"time\":\"{}\"}}\n\
         {{\"type\":\"end\",\"sequence\":{number},\"action\":\"work\",\"time\":\"{}\",\"result\":{{\"n\":{number}}},\"state\":{state}}}\n",
        at(0),
        at(1)
    )
}

/// Sends a conversation of which each turn calls a model with all that was said before, as agents do.
pub(crate) fn conversation(arguments: &Arguments) -> Result<Conversation> {
    let running = Running::start(Who::Trackway, &arguments.of(Who::Trackway))?;
    let (mut random, mut messages, mut payload, mut said) = (Random(17), Vec::new(), 0, 0);
    for turn in 0..TURNS {
        let [question, reply] = WORDS.map(|words| prose(&mut random, words));
        said += question.len() + reply.len();
        messages.push(json!({"role": "user", "parts": [{"type": "text", "content": question}]}));
        let answer = json!({"role": "assistant", "parts": [{"type": "text", "content": reply}]});
        payload +=
            running.post("/v1/traces", "application/x-protobuf", &call(&mut random, turn, &messages, &answer))?;
        messages.push(answer);
    }
    running.put_away()?;
    settle(&running.server, arguments.settling(Who::Trackway))?;
    let data = running.directory().join("data");
    let bytes = bytes_below(&data.join("segments"))? + bytes_below(&data.join("wal"))?;
    Ok(Conversation { turns: TURNS, payload, said, bytes })
}

fn prose(random: &mut Random, words: usize) -> String {
    let mut text = String::new();
    for _ in 0..words {
        let _ = write!(text, "{:x} ", random.next() >> (40 + random.below(16))); // a String takes everything
    }
    text
}

fn call(random: &mut Random, turn: usize, messages: &[Json], answer: &Json) -> Vec<u8> {
    let start = FIRST + turn as u64 * 10 * SECOND;
    let mut span = Vec::new();
    bytes(&mut span, 1, &[[7; 8], (turn as u64 + 1).to_be_bytes()].concat());
    bytes(&mut span, 2, &random.next().to_be_bytes());
    bytes(&mut span, 5, b"chat gpt-5.4-mini");
    number(&mut span, 6, 3);
    fixed(&mut span, 7, start);
    fixed(&mut span, 8, start + 2 * SECOND);
    let texts = [
        ("gen_ai.operation.name", "chat".to_owned()),
        ("gen_ai.provider.name", "openai".into()),
        ("gen_ai.request.model", "gpt-5.4-mini".into()),
        ("gen_ai.conversation.id", "conversation-1".into()),
        ("gen_ai.input.messages", Json::from(messages).to_string()),
        ("gen_ai.output.messages", json!([answer]).to_string()),
    ];
    for (key, text) in &texts {
        attribute(&mut span, 9, key, &Value::Text(text));
    }
    let mut resource = Vec::new();
    attribute(&mut resource, 1, "service.name", &Value::Text("assistant"));
    otlp::request(std::iter::once((resource.as_slice(), vec![span.as_slice()])))
}
