//! `trackway state`: the state of a run after a step or before it, for whatever reads JSON.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use clap::Args;
use serde::Deserialize;
use serde_json::value::RawValue;
use trackway_store::Runs;

use crate::{
    print,
    running::{self, escaped},
    serve,
    settings::Flags,
    which::{Remote, Which},
};

/// What `trackway state` is told.
#[derive(Debug, Clone, Args)]
pub(crate) struct State {
    #[command(flatten)]
    which: Which,
    /// The state that the step began with, which somebody may have set by hand, and not the one after it
    #[arg(long)]
    before: bool,
}

/// A state and the step that it is after, or before.
struct Found {
    sequence: i64,
    attempt: u32,
    action: String,
    state: String,
}

/// Prints the state, and tells which it is.
pub(crate) fn run(flags: Flags, asked: State) -> Result<()> {
    let settings = flags.resolve()?;
    let found = match running::owner_of(&settings.data_dir) {
        Some(url) => of_server(&Remote::at(url), &asked)?,
        None => in_store(&serve::open(&settings)?.0, &asked)?,
    };
    let Found { sequence, attempt, action, state } = found;
    let again = if attempt > 0 { format!(", attempt {attempt}") } else { String::new() };
    print::talk(format_args!("the state {} step {sequence} ({action}{again})", asked.side()));
    print::data(state)
}

impl State {
    fn side(&self) -> &'static str {
        if self.before { "before" } else { "after" }
    }
}

/// Looks for a state in a store that no server has open.
fn in_store(store: &dyn Runs, asked: &State) -> Result<Found> {
    let run = asked.which.find(store)?;
    let step = store.locate(&run, asked.which.step()?)?.with_context(|| no_state(asked))?;
    let state = if asked.before { store.state_before(&run, step)? } else { store.state(&run, step)? };
    let state = state.with_context(|| no_state(asked))?;
    let action = store.step(&run, step)?.map(|detail| detail.step.action.to_string()).unwrap_or_default();
    Ok(Found { sequence: step.sequence, attempt: step.attempt, action, state: state.0.to_string() })
}

fn no_state(asked: &State) -> String {
    let Which { run, at, .. } = &asked.which;
    match at {
        Some(at) => format!("{run} has no state {} a step {at}", asked.side()),
        None => format!("{run} has no state yet"),
    }
}

/// A server's answer about a state, its fields as they are written.
#[derive(Deserialize)]
struct Answer {
    seq: i64,
    attempt: u32,
    action: String,
    state: Box<RawValue>,
}

/// What stands for a field that is too large to be sent unasked.
#[derive(Deserialize)]
struct Cut {
    #[serde(rename = "$cut")]
    _cut: bool,
}

fn of_server(server: &Remote, asked: &State) -> Result<Found> {
    let found = server.ask(&asked.which, "state", &format!("&when={}", asked.side()))?;
    let text = &found.text;
    let answer: Answer = serde_json::from_str(text).with_context(|| format!("the server answered {text:?}"))?;
    let state = whole(server, &found.path, &answer.state)?;
    Ok(Found { sequence: answer.seq, attempt: answer.attempt, action: answer.action, state })
}

/// Puts the fields in their places that the server left out for their size.
fn whole(server: &Remote, path: &str, state: &RawValue) -> Result<String> {
    let Ok(fields) = serde_json::from_str::<Fields<'_>>(state.get()) else { return Ok(state.get().to_owned()) };
    let is_cut = |value: &RawValue| value.get().len() < 64 && serde_json::from_str::<Cut>(value.get()).is_ok();
    if !fields.0.iter().any(|(_, value)| is_cut(value)) {
        return Ok(state.get().to_owned());
    }
    let mut whole = Vec::with_capacity(fields.0.len());
    for (key, value) in fields.0 {
        let value = if is_cut(value) { field(server, path, &key)? } else { value.get().to_owned() };
        whole.push(format!("{}:{value}", serde_json::to_string(&key)?));
    }
    Ok(format!("{{{}}}", whole.join(",")))
}

fn field(server: &Remote, path: &str, key: &str) -> Result<String> {
    let answer: Answer = serde_json::from_str(&server.must_get(&format!("{path}&key={}", escaped(key)))?)?;
    let mut fields: BTreeMap<String, Box<RawValue>> = serde_json::from_str(answer.state.get())?;
    fields.remove(key).map(|value| value.get().to_owned()).with_context(|| format!("the server lost {key:?}"))
}

/// The fields of an object in their order.
struct Fields<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Fields<'de>;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}
