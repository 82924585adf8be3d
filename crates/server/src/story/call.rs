//! What was said in a call of a language model, as a passage of the conversation.

use std::collections::HashMap;

use trackway_model::{Content, Message, Part, Role, SpanRecord, Text};

use super::{
    Call, Entry, Line, Passage,
    fold::{Conversations, Repeated, words},
    pair::ToolUses,
    room::Room,
    tool::failure_message,
    tree::{Place, Tree},
};

/// Writes down the calls in order of start, and what was said in each; the tools that they called go to `uses`.
pub(super) fn calls(
    tree: &Tree<'_>,
    content: &impl Fn(&SpanRecord) -> Content,
    uses: &mut ToolUses,
    room: &mut Room,
) -> (Vec<Call>, Vec<Passage>) {
    let mut scribe =
        Scribe { uses, room, conversations: Conversations::default(), told: Vec::new(), latest: HashMap::new() };
    let mut calls = Vec::new();
    let mut passages = Vec::new();
    for at in &tree.calls {
        let Some(place) = tree.get(*at) else { continue };
        let content = content(place.record());
        calls.push(facts(place, &content));
        passages.push(scribe.passage(*at, place, calls.len(), content));
    }
    (calls, passages)
}

fn facts(place: &Place<'_>, content: &Content) -> Call {
    let record = place.record();
    let data = record.data.as_deref();
    let is_call = |part: &&Part| matches!(part, Part::ToolCall { .. });
    Call {
        span_id: record.span_id,
        agent: place.agent.cloned(),
        title: place.title(),
        model: data.and_then(|data| data.model().cloned()),
        provider: data.and_then(|data| data.provider.clone()),
        start: record.start,
        duration: record.duration(),
        first_token: data.and_then(|data| data.first_token),
        usage: data.and_then(|data| data.usage),
        cost: data.and_then(|data| data.cost.clone()),
        finish_reasons: data.map(|data| data.finish_reasons.clone()).unwrap_or_default(),
        tools_offered: content.tools.len(),
        tool_calls: content.output.iter().flat_map(|message| &message.parts).filter(is_call).count(),
        parameters: content.parameters.clone(),
        failed: record.is_error(),
    }
}

/// Writes passages, and remembers what was said.
struct Scribe<'a, 's> {
    uses: &'s mut ToolUses,
    room: &'s mut Room,
    conversations: Conversations<'a>,
    /// What each call was told to be, in the form in which that is compared.
    told: Vec<Vec<u64>>,
    /// The latest call of each agent.
    latest: HashMap<Option<&'a Text>, usize>,
}

/// The call that a passage is written of.
#[derive(Clone, Copy)]
struct Source<'a> {
    at: usize,
    place: &'a Place<'a>,
    call: usize,
}

impl<'a> Scribe<'a, '_> {
    fn passage(&mut self, at: usize, place: &Place<'a>, call: usize, mut content: Content) -> Passage {
        let source = Source { at, place, call };
        let span_id = place.record().span_id;
        let preface = content.input.iter().take_while(|message| message.role == Role::System).count();
        let messages = content.input.split_off(preface);
        let repeated = self.conversations.tell(call, place.agent, &messages, &content.output);
        let mut lines = Vec::new();
        let new = repeated.map_or(0, |Repeated { count, .. }| count);
        if let Some(Repeated { count, same_as }) = repeated {
            lines.push(Line::Plain(Entry::Fold { call, span_id, count: preface + count, same_as }));
        }
        let before = repeated.map(|repeated| repeated.same_as).or(self.latest.insert(place.agent, call));
        lines.extend(self.instructions(source, content.instructions, content.input, before));
        for message in messages.into_iter().skip(new) {
            self.message(source, message, Direction::In, &mut lines);
        }
        if let Some(reason) = content.missing {
            let response_id = place.record().data.as_ref().and_then(|data| data.response_id.clone());
            lines.push(Line::Plain(Entry::Missing { call, span_id, reason, response_id }));
        }
        for message in content.output {
            self.message(source, message, Direction::Out, &mut lines);
        }
        if place.record().is_error() {
            let (name, message) = (place.title(), failure_message(place));
            lines.push(Line::Plain(Entry::Error { span_id, name, message, survived: place.survived }));
        }
        lines.push(Line::Plain(Entry::Call { call, span_id }));
        Passage { time: place.record().start, at, lines }
    }

    /// Writes what a model was told to be, unless the call before was told the same.
    fn instructions(
        &mut self,
        source: Source<'_>,
        apart: Option<Text>,
        preface: Vec<Message>,
        before: Option<usize>,
    ) -> Option<Line> {
        let told = apart.map(|text| Message::text(Role::System, text)).into_iter().chain(preface);
        let told: Vec<Message> = told.collect();
        let words: Vec<u64> = told.iter().flat_map(words).collect();
        let is_same =
            before.and_then(|before| self.told.get(before.checked_sub(1)?)).is_some_and(|before| *before == words);
        self.told.push(words);
        let parts: Vec<Part> = told.into_iter().flat_map(|message| message.parts).collect();
        if is_same || parts.is_empty() {
            return None;
        }
        Some(self.said(source, Role::System, parts, Direction::In))
    }

    /// Writes a message: what was said in it, and each tool call for itself with what came of it.
    fn message(&mut self, source: Source<'_>, message: Message, direction: Direction, lines: &mut Vec<Line>) {
        let mut said = Vec::new();
        let mut tools = Vec::new();
        for part in message.parts {
            match part {
                Part::ToolCall { id, name, arguments } => {
                    let is_told = direction == Direction::In;
                    if !is_told || !self.uses.knows(id.as_ref()) {
                        let number = self.uses.ask((source.at, is_told), id.as_ref(), &name, &arguments);
                        tools.push(if is_told { Line::Told(number) } else { Line::Tool(number) });
                    }
                }
                Part::ToolResult { id, name, result } if self.uses.answer(id.as_ref(), name.as_ref(), &result) => {}
                Part::Text(text) if text.is_empty() => {}
                other => said.push(other),
            }
        }
        if !said.is_empty() {
            lines.push(self.said(source, message.role, said, direction));
        }
        lines.extend(tools);
    }

    fn said(
        &mut self,
        Source { place, call, .. }: Source<'_>,
        role: Role,
        parts: Vec<Part>,
        direction: Direction,
    ) -> Line {
        let (parts, text_bytes) = self.room.parts(parts.into_iter());
        let (span_id, agent) = (place.record().span_id, place.agent.cloned());
        let is_output = direction == Direction::Out;
        Line::Plain(Entry::Message { call, span_id, role, agent, parts, is_output, text_bytes })
    }
}

/// Whether a message was given to a model or came from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    In,
    Out,
}
