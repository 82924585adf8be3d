//! A tool call as an entry of the conversation.

use std::collections::HashMap;

use serde_json::Value as Json;
use trackway_model::{Text, Value};

use super::{
    Entry, Tool, ToolState,
    fold::canonical,
    pair::{ToolUse, ToolUses},
    room::Room,
    tree::{Place, Tree},
};

/// The attribute in which a span of the Agents SDK has what is known of an error.
const ERROR_DATA: &str = "openai.agents.error_data";

/// Counts the failures of each tool with the same arguments since it last succeeded.
#[derive(Default)]
pub(super) struct Attempts {
    failures: HashMap<(Text, Option<String>), u32>,
}

impl Attempts {
    fn note(&mut self, name: &Text, arguments: Option<&Text>, state: ToolState) -> u32 {
        let key = (name.clone(), arguments.map(|arguments| canonical(arguments)));
        let failures = self.failures.entry(key).or_default();
        let attempt = *failures + 1;
        *failures = if state == ToolState::Failed { attempt } else { 0 };
        attempt
    }
}

impl ToolUses {
    /// Writes a tool call as an entry; to be asked in the order of the conversation.
    pub(super) fn entry(&mut self, number: usize, tree: &Tree<'_>, room: &mut Room) -> Option<Entry> {
        let tool = self.list.get(number)?;
        if let Some(handoff) = handoff(tool, tree) {
            return Some(handoff);
        }
        let place = tool.span().and_then(|at| tree.get(at));
        let (arguments, result) = (tool.arguments(), tool.result());
        let error = place.filter(|place| place.record().is_error()).map(failure_message);
        let state = match (&error, place) {
            (Some(_), _) => ToolState::Failed,
            (None, _) if result.is_some() => ToolState::Done,
            (None, Some(place)) if was_answered(place, arguments, tree) => ToolState::Done,
            _ => ToolState::Waiting,
        };
        let mut cut = false;
        let entry = Tool {
            span_id: place.map(|place| place.record().span_id),
            call_id: tool.call_id().cloned(),
            name: tool.name.clone(),
            server: place.and_then(|place| place.record().data.as_ref()?.server.clone()),
            attempt: self.attempts.note(&tool.name, arguments, state),
            arguments: room.optional(arguments, &mut cut),
            result: room.optional(result, &mut cut),
            error: room.optional(error.as_ref(), &mut cut),
            duration: place.and_then(|place| place.record().duration()),
            state,
            cut,
        };
        Some(Entry::Tool(entry))
    }
}

/// Returns what a client said of a failure, or else the exception that it recorded.
pub(super) fn failure_message(place: &Place<'_>) -> Text {
    let record = place.record();
    let message = &record.status.message;
    if message.is_empty() {
        let thrown = record.events.iter().rev().find_map(|event| event.attributes.text("exception.message"));
        return thrown.unwrap_or_default().into();
    }
    // The Agents SDK has what went wrong beside a message that is always the same.
    match record.attributes.get(ERROR_DATA) {
        Some(Value::Map(data)) if data.text("error").is_some_and(|error| !message.contains(error)) => {
            format!("{message}: {}", data.text("error").unwrap_or_default()).into()
        }
        _ => message.clone(),
    }
}

/// Tells whether a tool whose result nobody recorded has answered: one that was interrupted, to ask somebody, has ended
/// without a result as well, but then no model was asked to go on.
fn was_answered(place: &Place<'_>, arguments: Option<&Text>, tree: &Tree<'_>) -> bool {
    let Some(end) = place.record().end else { return false };
    arguments.is_none() || tree.next_call(end).is_some()
}

/// Writes a tool call that gives the work to another agent as what it is.
fn handoff(tool: &ToolUse, tree: &Tree<'_>) -> Option<Entry> {
    if let Some(place) = tool.handoff.and_then(|at| tree.get(at)) {
        let ends = place.record().data.as_ref().and_then(|data| data.handoff.clone()).unwrap_or_default();
        let to = ends.to.or_else(|| receiver(tool));
        return Some(Entry::Handoff { span_id: place.record().span_id, from: ends.from, to });
    }
    let to = receiver(tool).filter(|_| tool.span().is_none())?;
    let call = tree.get(tool.call?)?;
    let from = call.agent.filter(|_| !tool.is_told).cloned();
    Some(Entry::Handoff { span_id: call.record().span_id, from, to: Some(to) })
}

/// The agent that a tool of the Agents SDK has given the work to, as the tool itself answers.
fn receiver(tool: &ToolUse) -> Option<Text> {
    let answer = tool.name.starts_with(super::pair::TRANSFER).then(|| tool.result()).flatten()?;
    let Ok(Json::Object(answer)) = serde_json::from_str(answer) else { return None };
    answer.get("assistant")?.as_str().map(Text::from)
}
