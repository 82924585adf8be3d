//! Prices from the user's settings.

use std::collections::BTreeMap;

use trackway_model::{Cost, Dollars, Text};

use super::{Call, SETTINGS};
use crate::{Config, Price};

/// For how many tokens the prices are.
const PER: u128 = 1_000_000;

pub(super) struct Own {
    prices: Vec<Price>,
    agent_models: BTreeMap<String, String>,
}

impl Own {
    pub(super) fn new(config: &Config) -> Self {
        Self { prices: config.prices.clone(), agent_models: config.agent_models.clone() }
    }

    /// Returns the model of an agent whose calls name none.
    pub(super) fn model_of(&self, agent: &str) -> Option<&str> {
        self.agent_models.get(agent).map(String::as_str)
    }

    /// Returns the cost by the first price that fits.
    pub(super) fn cost(&self, call: &Call<'_>) -> Option<Cost> {
        let price = self.prices.iter().find(|price| fits(price, call))?;
        let usage = call.usage;
        let (read, write) = (usage.cache_read.unwrap_or(0), usage.cache_write.unwrap_or(0));
        // More out of the cache than went in at all is no usage that could be priced.
        let plain = usage.input?.checked_sub(read.checked_add(write)?)?;
        let input = of(plain, price.input)?
            .plus(of(read, price.cache_read.unwrap_or(price.input))?)
            .plus(of(write, price.cache_write.unwrap_or(price.input))?);
        let output = of(usage.output.unwrap_or(0), price.output)?;
        Some(Cost {
            total: input.plus(output),
            input: Some(input),
            output: Some(output),
            source: Text::literal(SETTINGS),
        })
    }
}

fn fits(price: &Price, call: &Call<'_>) -> bool {
    let is_provider = match (&price.provider, call.provider) {
        (None, _) => true,
        (Some(asked), Some(provider)) => asked.eq_ignore_ascii_case(provider),
        (Some(_), None) => false,
    };
    let is_model = match price.model.strip_suffix('*') {
        Some(prefix) => call.model.get(..prefix.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(prefix)),
        None => price.model.eq_ignore_ascii_case(call.model),
    };
    is_provider && is_model
}

fn of(tokens: u64, price: Dollars) -> Option<Dollars> {
    u64::try_from(u128::from(tokens) * u128::from(price.0) / PER).ok().map(Dollars)
}
