//! What each agent did, each token counted once.

use std::collections::HashMap;

use trackway_model::{DataKind, Text, Usage};

use super::{Agent, tree::Tree};

/// Sums up by agent, in order of appearance.
///
/// Model calls count; a turn counts only where no model call below it tells its usage, as with clients that leave it out.
pub(super) fn agents(tree: &Tree<'_>) -> Vec<Agent> {
    let tells = usage_at_or_below(tree);
    let mut agents: Vec<Agent> = Vec::new();
    let mut numbers: HashMap<&Text, usize> = HashMap::new();
    for at in tree.in_time(|place| place.agent.is_some()) {
        let Some(place) = tree.get(at) else { continue };
        let (Some(name), Some(data)) = (place.agent, place.record().data.as_ref()) else { continue };
        let number = *numbers.entry(name).or_insert_with(|| {
            agents.push(Agent::named(name));
            agents.len() - 1
        });
        let Some(agent) = agents.get_mut(number) else { continue };
        let is_call = data.kind.is_model_call();
        let below = || (at + 1..place.end).any(|below| tells.get(below) == Some(&true));
        let counts = is_call || data.kind == DataKind::Turn && !below();
        agent.model_calls += u64::from(is_call);
        agent.tool_calls += u64::from(data.kind == DataKind::Function);
        if let Some(usage) = data.usage.as_ref().filter(|_| counts) {
            agent.usage.add(usage);
            agent.unpriced_calls += u64::from(is_call && data.cost.is_none());
        }
        if let Some(cost) = data.cost.as_ref().filter(|_| is_call) {
            match &mut agent.cost {
                Some(sum) => sum.add(cost),
                none => *none = Some(cost.clone()),
            }
        }
    }
    agents
}

impl Agent {
    fn named(name: &Text) -> Self {
        let name = name.clone();
        Self { name, model_calls: 0, tool_calls: 0, usage: Usage::default(), cost: None, unpriced_calls: 0 }
    }
}

/// Tells of each place whether it is a model call that says what it used.
fn usage_at_or_below(tree: &Tree<'_>) -> Vec<bool> {
    let tells = |place: &super::tree::Place<'_>| {
        let data = place.record().data.as_ref();
        data.is_some_and(|data| data.kind.is_model_call() && data.usage.is_some())
    };
    tree.places.iter().map(tells).collect()
}
