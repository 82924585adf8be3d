//! Prices in `config.toml`.

use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use trackway_model::Dollars;
use trackway_server::Price;

/// The most that a million tokens may cost; more is a price in another unit.
const MOST_DOLLARS: f64 = 1e6;

/// A `[[price]]` as it stands in the file: US dollars for a million tokens.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    model: String,
    provider: Option<String>,
    input: f64,
    output: f64,
    cache_read: Option<f64>,
    cache_write: Option<f64>,
}

/// Reads the prices of a file.
///
/// # Errors
/// A price that means nothing, with its model and the file.
pub(super) fn read(entries: Vec<Entry>, path: &Path) -> Result<Vec<Price>> {
    let read = |entry: Entry| {
        let what = format!("[[price]] of model {:?} in {}", entry.model, path.display());
        price(entry).context(what)
    };
    entries.into_iter().map(read).collect()
}

fn price(entry: Entry) -> Result<Price> {
    let name = entry.model.strip_suffix('*').unwrap_or(&entry.model);
    if entry.model.trim().is_empty() || name.contains('*') {
        bail!("model must be a name, with * only at its end: model = \"my-model-*\"");
    }
    if entry.provider.as_ref().is_some_and(|provider| provider.trim().is_empty()) {
        bail!("provider is empty; leave it out for any provider");
    }
    Ok(Price {
        input: dollars("input", entry.input)?,
        output: dollars("output", entry.output)?,
        cache_read: entry.cache_read.map(|price| dollars("cache_read", price)).transpose()?,
        cache_write: entry.cache_write.map(|price| dollars("cache_write", price)).transpose()?,
        model: entry.model,
        provider: entry.provider,
    })
}

fn dollars(name: &str, price: f64) -> Result<Dollars> {
    let read = Dollars::from_f64(price).filter(|_| price <= MOST_DOLLARS);
    read.with_context(|| format!("{name} is {price}; use US dollars for a million tokens, from 0 to {MOST_DOLLARS}"))
}
