//! What a model call was told again that an earlier call of the trace was told or answered.

use std::{
    collections::{BTreeMap, HashMap},
    hash::{DefaultHasher, Hash, Hasher},
};

use serde_json::Value as Json;
use trackway_model::{Message, Part, Role, Text};

/// Every conversation so far, as paths from one beginning: a step for each part that was said.
///
/// A path is walked once for each call, so that a long conversation costs what it says and not what it repeats of each
/// call before.
#[derive(Default)]
pub(super) struct Conversations<'a> {
    steps: HashMap<(usize, u64), usize>,
    /// For each step, the latest call of each agent that came by.
    calls: Vec<BTreeMap<Option<&'a Text>, usize>>,
}

/// The messages at the beginning of an input that an earlier call had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Repeated {
    /// How many messages.
    pub(super) count: usize,
    /// The number of the call.
    pub(super) same_as: usize,
}

impl<'a> Conversations<'a> {
    /// Finds how much of an input was said before, then notes the input and its answer as said.
    ///
    /// Of several earlier calls that said as much, the latest of the same agent is named, or else the latest.
    pub(super) fn tell(
        &mut self,
        call: usize,
        agent: Option<&'a Text>,
        input: &[Message],
        output: &[Message],
    ) -> Option<Repeated> {
        let (mut at, mut is_new) = (0, false);
        let mut repeated = None;
        for (number, message) in input.iter().enumerate() {
            let said = words(message);
            let has_words = !said.is_empty();
            for word in said {
                is_new |= !self.steps.contains_key(&(at, word));
                at = self.step(at, word);
            }
            if !is_new && has_words {
                repeated = self.came_by(at, agent).map(|same_as| Repeated { count: number + 1, same_as });
            } else if let Some(repeated) = repeated.as_mut().filter(|_| !is_new) {
                repeated.count = number + 1;
            }
        }
        self.walk(call, agent, input.iter().chain(output));
        repeated
    }

    /// Notes that a call came by at each step of its conversation.
    fn walk<'m>(&mut self, call: usize, agent: Option<&'a Text>, messages: impl Iterator<Item = &'m Message>) {
        let mut at = 0;
        for word in messages.flat_map(words) {
            at = self.step(at, word);
            if let Some(calls) = self.calls.get_mut(at) {
                calls.insert(agent, call);
            }
        }
    }

    fn step(&mut self, at: usize, word: u64) -> usize {
        if self.calls.is_empty() {
            self.calls.push(BTreeMap::new());
        }
        let next = self.calls.len();
        let to = *self.steps.entry((at, word)).or_insert(next);
        if to == next {
            self.calls.push(BTreeMap::new());
        }
        to
    }

    fn came_by(&self, at: usize, agent: Option<&'a Text>) -> Option<usize> {
        let calls = self.calls.get(at)?;
        calls.get(&agent).or_else(|| calls.values().max()).copied()
    }
}

/// What a message says, a number for each part. How parts are shared out to messages of one role makes no difference, nor
/// what the model thought to itself, which some clients send back and others do not.
pub(super) fn words(message: &Message) -> Vec<u64> {
    message.parts.iter().filter_map(|part| word(&message.role, part)).collect()
}

fn word(role: &Role, part: &Part) -> Option<u64> {
    let mut hasher = DefaultHasher::new();
    match part {
        Part::Reasoning(_) => return None,
        Part::Text(text) | Part::Refusal(text) | Part::Other(text) if text.trim().is_empty() => return None,
        Part::Text(text) => ("text", role, text.trim()).hash(&mut hasher),
        Part::Refusal(text) => ("refusal", role, text.trim()).hash(&mut hasher),
        Part::Other(text) => ("other", role, text.trim()).hash(&mut hasher),
        // Some clients give a call another id when they tell of it again.
        Part::ToolCall { name, arguments, .. } => ("call", name, canonical(arguments)).hash(&mut hasher),
        Part::ToolResult { id, result, .. } => ("result", id, result.trim()).hash(&mut hasher),
        Part::Media { kind, uri, bytes, .. } => ("media", role, kind, uri, bytes).hash(&mut hasher),
    }
    Some(hasher.finish())
}

/// Brings JSON into one form, so that two texts that mean the same are the same; other texts lose their margins. No
/// arguments are as good as an object without any.
pub(super) fn canonical(text: &str) -> String {
    if text.trim().is_empty() {
        return "{}".into();
    }
    let json = serde_json::from_str::<Json>(text);
    json.map_or_else(|_| text.trim().to_owned(), |json| json.to_string())
}
