//! The traces of one conversation.

use trackway_model::{Text, Timestamp, TraceId};
use trackway_store::{AgentTotals, Error, PageRequest, Store, TraceQuery, TraceSummary};
use trackway_wire::genai;

use crate::story::{self, Preview};

/// The most traces of a conversation that are looked at: the latest.
const MOST_TRACES: usize = 10_000;
/// How many of them are asked for at once.
const AT_ONCE: usize = 1_000;

/// A part of a conversation.
pub(crate) struct Group {
    /// The traces, the oldest first.
    pub(crate) members: Vec<(TraceSummary, Preview)>,
    /// What agents did in all traces of the conversation; absent where none is of an agent.
    pub(crate) totals: Option<AgentTotals>,
    /// Asks for the traces behind these; absent at the end.
    pub(crate) next: Option<String>,
}

/// Reads a part of a conversation; `None` when it has no traces at all.
pub(super) fn group(store: &dyn Store, query: &TraceQuery, page: &PageRequest) -> Result<Option<Group>, Error> {
    let behind = page.cursor.as_deref().map(parse_cursor).transpose()?;
    let summaries = oldest_first(store, query)?;
    if summaries.is_empty() {
        return Ok(None);
    }
    let totals = totals(&summaries);
    let mut ahead = summaries.into_iter().filter(|summary| behind.is_none_or(|behind| place(summary) > behind));
    let members: Vec<TraceSummary> = ahead.by_ref().take(page.limit).collect();
    let next = ahead.next().and_then(|_| members.last()).map(cursor);
    let members = members.into_iter().map(|summary| Ok((preview(store, summary.trace_id)?, summary)));
    let members = members.map(|member| member.map(|(preview, summary)| (summary, preview)));
    Ok(Some(Group { members: members.collect::<Result<_, Error>>()?, totals, next }))
}

fn oldest_first(store: &dyn Store, query: &TraceQuery) -> Result<Vec<TraceSummary>, Error> {
    let mut found = Vec::new();
    let mut page = PageRequest { limit: AT_ONCE, cursor: None };
    loop {
        let answer = store.traces(query, &page)?;
        found.extend(answer.items);
        page.cursor = answer.next;
        if page.cursor.is_none() || found.len() >= MOST_TRACES {
            break;
        }
    }
    found.sort_by_key(place);
    Ok(found)
}

/// Reads how a trace begins and ends.
fn preview(store: &dyn Store, id: TraceId) -> Result<Preview, Error> {
    let page = PageRequest { limit: story::MOST_SPANS, cursor: None };
    let spans = store.trace(id, &page)?.map(|trace| trace.spans.items).unwrap_or_default();
    Ok(story::preview(&spans, genai::content))
}

fn totals(summaries: &[TraceSummary]) -> Option<AgentTotals> {
    let mut of_agents = summaries.iter().filter_map(|summary| summary.agents.as_deref());
    let mut totals = of_agents.next()?.clone();
    for more in of_agents {
        totals.model_calls += more.model_calls;
        totals.tool_calls += more.tool_calls;
        totals.handoffs += more.handoffs;
        totals.guardrails_triggered += more.guardrails_triggered;
        totals.unpriced_calls += more.unpriced_calls;
        totals.usage.add(&more.usage);
        totals.cost = match (totals.cost.take(), &more.cost) {
            (Some(mut sum), Some(cost)) => {
                sum.add(cost);
                Some(sum)
            }
            (sum, cost) => sum.or(cost.clone()),
        };
        name(&more.agents, &mut totals.agents);
        name(&more.models, &mut totals.models);
    }
    Some(totals)
}

fn name(more: &[Text], names: &mut Vec<Text>) {
    for name in more {
        if names.len() < AgentTotals::MOST_NAMES && !names.contains(name) {
            names.push(name.clone());
        }
    }
}

fn place(summary: &TraceSummary) -> (Timestamp, TraceId) {
    (summary.start, summary.trace_id)
}

fn cursor(last: &TraceSummary) -> String {
    format!("{}.{}", last.start.0, last.trace_id)
}

fn parse_cursor(cursor: &str) -> Result<(Timestamp, TraceId), Error> {
    let place = || {
        let (start, id) = cursor.split_once('.')?;
        Some((Timestamp(start.parse().ok()?), id.parse().ok()?))
    };
    place().ok_or_else(|| Error::Cursor { cursor: cursor.to_owned() })
}
