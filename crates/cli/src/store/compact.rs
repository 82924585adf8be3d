//! `trackway store compact`.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use trackway_store::Store;

use super::shown::size;
use crate::{
    print,
    running::{self, agent},
    serve,
    settings::Flags,
};

/// How long a server may take: what is merged may be all that there is.
const PATIENCE: Duration = Duration::from_secs(24 * 60 * 60);

/// What a server tells of itself.
#[derive(Debug, Deserialize)]
struct Stats {
    counters: Vec<Counter>,
}

#[derive(Debug, Deserialize)]
struct Counter {
    name: String,
    value: u64,
}

/// What there is, before and after.
#[derive(Debug, Clone, Copy, Default, Serialize)]
struct Segments {
    segments: u64,
    bytes: u64,
    spans: u64,
}

/// The line of JSON that programs read.
#[derive(Serialize)]
struct Summary {
    before: Segments,
    after: Segments,
}

/// Merges segments, by the server that runs or else here.
pub(crate) fn run(flags: Flags) -> Result<()> {
    let settings = flags.resolve()?;
    let (before, after) = match running::owner_of(&settings.data_dir) {
        Some(url) => {
            let before = counted(&ask(agent(Duration::from_secs(30)).get(format!("{url}/api/v1/stats")).call())?);
            if !settings.json {
                print::talk(format_args!("{url} merges its segments; it serves meanwhile"));
            }
            (before, counted(&post(&url, "compact")?))
        }
        None => {
            let store = serve::open(&settings)?.0;
            let before = here(&store);
            store.flush()?;
            store.compact()?;
            (before, here(&store))
        }
    };
    if settings.json {
        return print::data(serde_json::to_string(&Summary { before, after })?);
    }
    let shown = |it: Segments| format!("{} segments, {} for {} spans", it.segments, size(it.bytes), it.spans);
    print::data(format_args!("before: {}", shown(before)))?;
    print::data(format_args!("after:  {}", shown(after)))
}

/// Lets the server at `url` write what is in its memory as segments.
pub(super) fn flush(url: &str) -> Result<()> {
    post(url, "flush").map(|_| ())
}

fn post(url: &str, what: &str) -> Result<Stats> {
    ask(agent(PATIENCE).post(format!("{url}/api/v1/store/{what}")).send_empty())
}

fn ask(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<Stats> {
    let mut answer = answer.context("the server does not answer")?;
    let text = answer.body_mut().read_to_string().context("the server's answer breaks off")?;
    if !answer.status().is_success() {
        bail!("the server answers {}: {text}", answer.status());
    }
    serde_json::from_str(&text).with_context(|| format!("this is no answer of Trackway's: {text:?}"))
}

fn counted(Stats { counters }: &Stats) -> Segments {
    let value = |name: &str| counters.iter().find(|counter| counter.name == name).map_or(0, |counter| counter.value);
    Segments {
        segments: value("store.segments"),
        bytes: value("store.segment_bytes"),
        spans: value("store.segment_spans"),
    }
}

fn here(store: &dyn Store) -> Segments {
    let counter = |it: trackway_store::Counter| Counter { name: it.name.to_owned(), value: it.value };
    counted(&Stats { counters: store.counters().into_iter().map(counter).collect() })
}
