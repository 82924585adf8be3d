//! What model calls cost: by the client's word, else by the user's prices, else by a built-in list.
//!
//! A wrong figure is worse than none, so a call is priced only when its model is known beyond doubt and everything that
//! its price depends on was sent.
//!
//! Where a model ran is no part of that when nobody names its provider: `gpt-4.1` behind a local address is priced as
//! what goes by that name, since gateways and proxies listen there as well as models of one's own.

mod list;
mod own;

use trackway_model::{Cost, DataKind, SpanRecord, Text, Timestamp, Usage};

use crate::Config;
use list::List;
#[cfg(test)]
pub(crate) use list::SOURCE as LIST;
use own::Own;

/// Where prices from the user's settings are from.
const SETTINGS: &str = "settings";
/// The same, where the model is from there as well.
const AGENT_MODEL: &str = "settings: agent model";

/// The attributes in which OpenTelemetry's conventions have the tier of service that a call was served in.
const SERVICE_TIERS: [&str; 3] =
    ["openai.response.service_tier", "gen_ai.openai.response.service_tier", "gen_ai.response.service_tier"];

/// Knows prices.
pub(crate) struct Prices {
    own: Own,
    list: List,
}

/// Who runs which model, and what is asked of it.
struct Call<'a> {
    kind: DataKind,
    provider: Option<&'a str>,
    model: &'a str,
    usage: &'a Usage,
    start: Timestamp,
    service_tier: Option<&'a str>,
}

impl Prices {
    /// Returns the prices that count with these settings.
    pub(crate) fn new(config: &Config) -> Self {
        Self { own: Own::new(config), list: List::default() }
    }

    /// Says what a model call cost, where its client does not and its price is known.
    pub(crate) fn price(&self, span: &mut SpanRecord) {
        let Some(data) = span.data.as_deref() else { return };
        if data.cost.is_some() || !data.kind.is_model_call() {
            return;
        }
        let Some(usage) = data.usage.as_ref().filter(|usage| is_complete(data.kind, usage)) else { return };
        let service_tier = SERVICE_TIERS.iter().find_map(|name| span.attributes.text(name));
        let call = |model| Call {
            kind: data.kind,
            provider: data.provider.as_deref(),
            model,
            usage,
            start: span.start,
            service_tier,
        };
        let models = [&data.response_model, &data.request_model].into_iter().flatten();
        let calls: Vec<_> = models.filter(|model| !model.is_empty()).map(|model| call(model)).collect();
        let cost = match data.agent.as_ref().and_then(|agent| self.own.model_of(agent)) {
            _ if !calls.is_empty() => self.cost(&calls),
            Some(model) => self.cost(&[call(model)]).map(|cost| Cost { source: Text::literal(AGENT_MODEL), ..cost }),
            None => None,
        };
        if let Some(data) = span.data.as_deref_mut() {
            data.cost = cost;
        }
    }

    /// The cost of a call under the first of its names that has a price.
    fn cost(&self, names: &[Call<'_>]) -> Option<Cost> {
        let own = names.iter().find_map(|call| self.own.cost(call));
        own.or_else(|| names.iter().find_map(|call| self.list.cost(call)))
    }
}

/// Whether all is there that a price needs: half of a usage would give half of a price.
fn is_complete(kind: DataKind, usage: &Usage) -> bool {
    let has_output = usage.output.is_some() || matches!(kind, DataKind::Embedding | DataKind::Rerank);
    usage.input.is_some() && has_output
}
