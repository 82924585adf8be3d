//! What each agent did, each token counted once.

use std::collections::HashMap;

use trackway_model::{DataKind, SpanData, SpanRecord, Text, Usage};

use super::{Agent, tree::Tree};

/// Sums up by agent, in order of appearance, by the rule of the whole trace's totals: model calls count, and what repeats
/// their usage only where none below tells any, as with clients that leave it out.
pub(super) fn agents(tree: &Tree<'_>) -> Vec<Agent> {
    let told = Told::of(tree);
    let mut agents: Vec<Agent> = Vec::new();
    let mut numbers: HashMap<&Text, usize> = HashMap::new();
    for at in tree.in_time(|place| place.agent.is_some()) {
        let Some(place) = tree.get(at) else { continue };
        let (Some(name), Some(data)) = (place.agent, place.record().data.as_deref()) else { continue };
        let number = *numbers.entry(name).or_insert_with(|| {
            agents.push(Agent::named(name));
            agents.len() - 1
        });
        let Some(agent) = agents.get_mut(number) else { continue };
        let is_call = data.kind.is_model_call();
        agent.model_calls += u64::from(is_call);
        agent.tool_calls += u64::from(data.kind == DataKind::Function);
        let below = at + 1..place.end;
        let counts = match data.kind {
            _ if is_call => !told.by_call(&below),
            DataKind::Turn => !told.by_call(&below),
            kind => kind.is_frame() && !told.by_any(&below),
        };
        if counts {
            agent.charge(place.record(), data);
        }
    }
    agents
}

impl Agent {
    fn named(name: &Text) -> Self {
        let name = name.clone();
        Self { name, model_calls: 0, tool_calls: 0, usage: Usage::default(), cost: None, unpriced_calls: 0 }
    }

    fn charge(&mut self, span: &SpanRecord, data: &SpanData) {
        let is_call = data.kind.is_model_call();
        if let Some(mut usage) = data.usage.filter(|usage| !usage.is_empty()) {
            if is_call {
                usage.requests.get_or_insert(1);
            }
            self.usage.add(&usage);
        }
        self.unpriced_calls += u64::from(span.lacks_price());
        match (&mut self.cost, data.cost.as_ref().filter(|_| is_call)) {
            (Some(sum), Some(cost)) => sum.add(cost),
            (none, Some(cost)) => *none = Some(cost.clone()),
            (_, None) => {}
        }
    }
}

/// How many places before each one tell what was used.
struct Told {
    calls: Vec<usize>,
    any: Vec<usize>,
}

impl Told {
    fn of(tree: &Tree<'_>) -> Self {
        let mut told = Self { calls: vec![0], any: vec![0] };
        let (mut calls, mut any) = (0, 0);
        for place in &tree.places {
            let data = place.record().data.as_deref();
            let says = data.filter(|data| data.usage.is_some_and(|usage| !usage.is_empty()));
            let is_call = says.is_some_and(|data| data.kind.is_model_call());
            calls += usize::from(is_call);
            any += usize::from(is_call || says.is_some_and(|data| data.kind.is_frame()));
            told.calls.push(calls);
            told.any.push(any);
        }
        told
    }

    /// True when a model call in a range of places tells.
    fn by_call(&self, range: &std::ops::Range<usize>) -> bool {
        self.calls.get(range.start) < self.calls.get(range.end)
    }

    /// True when anything in a range of places tells.
    fn by_any(&self, range: &std::ops::Range<usize>) -> bool {
        self.any.get(range.start) < self.any.get(range.end)
    }
}
