//! Which span did the work of which tool call.

use std::{cmp::Reverse, collections::HashMap};

use trackway_model::{Content, DataKind, SpanRecord, Text, Timestamp};

use super::{Line, Passage, fold::canonical, tool::Attempts, tree::Tree};

/// What the Agents SDK calls its tools that give the work to another agent, before the agent's name.
pub(super) const TRANSFER: &str = "transfer_to_";

/// Every tool call of a story.
#[derive(Default)]
pub(super) struct ToolUses {
    pub(super) list: Vec<ToolUse>,
    by_id: HashMap<Text, usize>,
    pub(super) attempts: Attempts,
}

/// A tool call as a model made it, or as a span tells of it alone.
#[derive(Default)]
pub(super) struct ToolUse {
    /// The place of the model call that made it, or that was told of it.
    pub(super) call: Option<usize>,
    /// True when it is known from what a model was told, and was made before.
    pub(super) is_told: bool,
    id: Option<Text>,
    pub(super) name: Text,
    asked: Option<Text>,
    /// The same in the form in which calls are compared.
    asked_form: Option<String>,
    /// What a later call was told of it.
    answered: Option<Text>,
    /// The span that did the work.
    work: Option<Work>,
    /// Spans of tries before, which were interrupted.
    interrupted: Vec<usize>,
    /// The place of the handoff that it was.
    pub(super) handoff: Option<usize>,
}

/// What a span tells of a tool at work.
struct Work {
    at: usize,
    id: Option<Text>,
    name: Text,
    start: Timestamp,
    end: Option<Timestamp>,
    failed: bool,
    arguments: Option<Text>,
    /// The same in the form in which calls are compared.
    form: Option<String>,
    result: Option<Text>,
}

impl Work {
    /// True for a try that ended with nothing, as one does that has to ask somebody first.
    fn is_interrupted(&self) -> bool {
        self.end.is_some() && self.result.is_none() && !self.failed && self.arguments.is_some()
    }
}

impl ToolUse {
    /// The place of the span that tells of it.
    pub(super) fn span(&self) -> Option<usize> {
        self.work.as_ref().map(|work| work.at)
    }

    pub(super) fn call_id(&self) -> Option<&Text> {
        self.id.as_ref().or(self.work.as_ref().and_then(|work| work.id.as_ref()))
    }

    pub(super) fn arguments(&self) -> Option<&Text> {
        self.asked.as_ref().or(self.work.as_ref().and_then(|work| work.arguments.as_ref()))
    }

    pub(super) fn result(&self) -> Option<&Text> {
        self.work.as_ref().and_then(|work| work.result.as_ref()).or(self.answered.as_ref())
    }
}

impl ToolUses {
    /// Notes that the model call at `call` called a tool, or was told of a call; returns the number of the tool call.
    pub(super) fn ask(
        &mut self,
        (call, is_told): (usize, bool),
        id: Option<&Text>,
        name: &Text,
        arguments: &Text,
    ) -> usize {
        let number = self.list.len();
        if let Some(id) = id {
            self.by_id.insert(id.clone(), number);
        }
        let asked = Some(arguments.clone()).filter(|arguments| !arguments.is_empty());
        let asked_form = asked.as_ref().map(|asked| canonical(asked));
        let (call, id, name) = (Some(call), id.cloned(), name.clone());
        self.list.push(ToolUse { call, is_told, id, name, asked, asked_form, ..ToolUse::default() });
        number
    }

    /// Returns true when a tool call with that id is in the story.
    pub(super) fn knows(&self, id: Option<&Text>) -> bool {
        id.is_some_and(|id| self.by_id.contains_key(id))
    }

    /// Notes what a tool answered; false when no call of it is in the story.
    pub(super) fn answer(&mut self, id: Option<&Text>, name: Option<&Text>, result: &Text) -> bool {
        let number = match id {
            Some(id) => self.by_id.get(id).copied(),
            None => {
                let waits = |tool: &ToolUse| {
                    tool.id.is_none() && tool.answered.is_none() && name.is_none_or(|name| tool.name == *name)
                };
                self.list.iter().position(waits)
            }
        };
        let Some(tool) = number.and_then(|number| self.list.get_mut(number)) else { return false };
        tool.answered.get_or_insert_with(|| result.clone());
        true
    }

    /// The places of the spans that a tool call is made of.
    pub(super) fn spans(&self, number: usize) -> impl Iterator<Item = usize> {
        let tool = self.list.get(number);
        tool.into_iter().flat_map(|tool| tool.interrupted.iter().copied().chain(tool.span()).chain(tool.handoff))
    }

    /// Finds the spans of the calls, and returns the tools of which only spans tell.
    pub(super) fn pair(&mut self, tree: &Tree<'_>, content: &impl Fn(&SpanRecord) -> Content) -> Vec<Passage> {
        let mut works = works(tree, content);
        for same in [Self::same_id, Self::same_arguments, Self::same_name] {
            works = works.into_iter().filter_map(|work| self.take(work, tree, same)).collect();
        }
        self.hand_over(tree);
        let mut passages = self.alone(works, tree);
        passages.extend(self.told(tree));
        passages
    }

    /// Gives a span's work to the call nearest in time that it fits; returns the work when there is none.
    fn take(&mut self, work: Work, tree: &Tree<'_>, same: fn(&ToolUse, &Work) -> bool) -> Option<Work> {
        // Of the calls in one answer the first that nobody works at.
        let rank = |(number, tool): (usize, &ToolUse)| {
            let distance = tool.distance(work.start, tree).filter(|_| same(tool, &work))?;
            Some((!tool.is_told, Reverse(distance), tool.work.is_none(), Reverse(number)))
        };
        let best = self.list.iter().enumerate().filter_map(rank).max();
        let Some(tool) = best.and_then(|(.., Reverse(number))| self.list.get_mut(number)) else { return Some(work) };
        if let Some(before) = tool.work.replace(work) {
            tool.interrupted.push(before.at);
        }
        None
    }

    fn same_id(tool: &ToolUse, work: &Work) -> bool {
        work.id.is_some() && tool.id == work.id && tool.is_free()
    }

    fn same_arguments(tool: &ToolUse, work: &Work) -> bool {
        let is_same = tool.name == work.name && tool.asked_form == work.form;
        is_same && work.form.is_some() && tool.is_free()
    }

    fn same_name(tool: &ToolUse, work: &Work) -> bool {
        tool.name == work.name && tool.work.is_none() && (tool.id.is_none() || work.id.is_none())
    }

    /// Finds the tool calls that handoffs were, so that each is shown once.
    fn hand_over(&mut self, tree: &Tree<'_>) {
        for at in tree.in_time(|place| place.kind() == Some(DataKind::Handoff)) {
            let Some(place) = tree.get(at) else { continue };
            let to = place.record().data.as_ref().and_then(|data| data.handoff.as_ref()?.to.as_ref());
            let transfer = to.map(|to| format!("{TRANSFER}{}", function_name(to)));
            let start = place.record().start;
            let call = |tool: &ToolUse| tool.call.and_then(|call| tree.get(call));
            let is_free = |tool: &ToolUse| tool.work.is_none() && tool.handoff.is_none();
            let is_beside =
                |tool: &ToolUse| !tool.is_told && call(tool).is_some_and(|call| call.parent == place.parent);
            let is_transfer = |tool: &ToolUse| tool.name.starts_with(TRANSFER);
            let list = &self.list;
            let nearest = |fits: &dyn Fn(&ToolUse) -> bool| {
                let free = list.iter().enumerate().filter(|(_, tool)| is_free(tool) && fits(tool));
                let rank =
                    |(number, tool): (usize, &ToolUse)| Some((tool.is_told, tool.distance(start, tree)?, number));
                free.filter_map(rank).min().map(|(.., number)| number)
            };
            let found = nearest(&|tool| transfer.as_deref() == Some(&*tool.name))
                .or_else(|| nearest(&|tool| is_transfer(tool) && (is_beside(tool) || to.is_none())))
                .or_else(|| nearest(&|tool| is_beside(tool) && tool.answered.is_some()));
            if let Some(tool) = found.and_then(|number| self.list.get_mut(number)) {
                tool.handoff = Some(at);
            }
        }
    }

    /// Puts the tool calls that are known from what a model was told, but that spans tell of, where these are in time.
    fn told(&self, tree: &Tree<'_>) -> Vec<Passage> {
        let passage = |(number, tool): (usize, &ToolUse)| {
            let at = tool.span().or(tool.handoff).filter(|_| tool.is_told)?;
            Some(Passage { time: tree.get(at)?.record().start, at, lines: vec![Line::Tool(number)] })
        };
        self.list.iter().enumerate().filter_map(passage).collect()
    }

    /// Notes the tools of which only spans tell; tries that were interrupted are a part of the one that was not.
    fn alone(&mut self, works: Vec<Work>, tree: &Tree<'_>) -> Vec<Passage> {
        let mut passages: Vec<Passage> = Vec::new();
        let mut waiting: HashMap<(Text, Option<String>), usize> = HashMap::new();
        for work in works {
            let key = (work.name.clone(), work.form.clone());
            let before = waiting.remove(&key).and_then(|number| self.list.get_mut(number));
            let resumed = before.filter(|tool| tool.is_resumed_by(&work, tree));
            if let Some(tool) = resumed {
                tool.interrupted.extend(tool.work.replace(work).map(|before| before.at));
                continue;
            }
            let number = self.list.len();
            if work.is_interrupted() {
                waiting.insert(key, number);
            }
            passages.push(Passage { time: work.start, at: work.at, lines: vec![Line::Tool(number)] });
            self.list.push(ToolUse { name: work.name.clone(), work: Some(work), ..ToolUse::default() });
        }
        passages
    }
}

impl ToolUse {
    /// How far in time what started then is from the model call; `None` when it cannot be what the model asked for.
    fn distance(&self, start: Timestamp, tree: &Tree<'_>) -> Option<u64> {
        let call = tree.get(self.call?)?.record().start.0;
        if self.is_told { call.checked_sub(start.0) } else { start.0.checked_sub(call) }
    }

    /// True when no span has done its work yet, or one that was interrupted.
    fn is_free(&self) -> bool {
        self.work.as_ref().is_none_or(Work::is_interrupted)
    }

    /// True when nobody asked a model between the interrupted try and this one.
    fn is_resumed_by(&self, later: &Work, tree: &Tree<'_>) -> bool {
        let Some(end) = self.work.as_ref().and_then(|work| work.end) else { return false };
        later.start >= end && tree.next_call(end).is_none_or(|next| next >= later.start)
    }
}

/// The tools at work, in order of time.
fn works(tree: &Tree<'_>, content: &impl Fn(&SpanRecord) -> Content) -> Vec<Work> {
    let work = |at: usize| {
        let place = tree.get(at)?;
        let record = place.record();
        let Content { arguments, result, .. } = content(record);
        Some(Work {
            at,
            id: record.data.as_ref().and_then(|data| data.call_id.clone()),
            name: place.subject().clone(),
            start: record.start,
            end: record.end,
            failed: record.is_error(),
            form: arguments.as_ref().map(|arguments| canonical(arguments)),
            arguments,
            result,
        })
    };
    let functions = tree.in_time(|place| place.kind() == Some(DataKind::Function));
    functions.into_iter().filter(|at| !is_carried(*at, tree)).filter_map(work).collect()
}

/// True for a tool call on its way to a server that has it: the call itself is a span above.
fn is_carried(at: usize, tree: &Tree<'_>) -> bool {
    let Some(place) = tree.get(at) else { return false };
    let above = place.parent.and_then(|parent| tree.get(parent));
    above.is_some_and(|above| above.kind() == place.kind() && above.subject() == place.subject())
}

/// Writes an agent's name as the Agents SDK writes it into the name of a tool.
fn function_name(agent: &str) -> String {
    let plain = |letter: char| if letter.is_alphanumeric() || letter == '_' { letter } else { '_' };
    agent.chars().map(plain).flat_map(char::to_lowercase).collect()
}
