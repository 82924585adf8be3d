//! `trackway demo`.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, Result, bail};
use trackway_server::Demo;
use trackway_store::system_clock;

use crate::{
    print, running, serve,
    settings::{Flags, Settings},
};

/// Loads recorded traces into the server that runs, or else into the directory.
pub(crate) fn run(flags: Flags) -> Result<()> {
    let settings = flags.resolve()?;
    match running::owner_of(&settings.data_dir) {
        Some(url) => {
            let Demo { traces, spans } = through(&url)?;
            print::data(format_args!("{traces} traces with {spans} spans are loaded: {url}/?project=demo"))
        }
        None => {
            let Demo { traces, spans } = directly(&settings)?;
            print::data(format_args!("{traces} traces with {spans} spans are loaded; start trackway to see them"))
        }
    }
}

fn through(url: &str) -> Result<Demo> {
    let mut answer = running::agent(Duration::from_secs(60))
        .post(format!("{url}/api/v1/demo"))
        .send_empty()
        .with_context(|| format!("{url} does not answer"))?;
    let text = answer.body_mut().read_to_string().context("the answer broke off")?;
    if !answer.status().is_success() {
        bail!("{url} refused: {text}");
    }
    serde_json::from_str(&text).with_context(|| format!("{url} answered {text:?}"))
}

fn directly(settings: &Settings) -> Result<Demo> {
    let (store, _) = serve::open(settings)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start threads")?;
    let loaded = runtime.block_on(trackway_server::load_demo(Arc::new(store), system_clock()));
    loaded.map_err(anyhow::Error::msg)
}
