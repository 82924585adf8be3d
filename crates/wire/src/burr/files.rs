//! The files beside the log.

use trackway_model::{Action, AppRecord, ChildEvent, ChildRecord, Graph, RunPointer, Text, Transition};

use super::{
    fields::{self, Fields},
    time::Moment,
};

/// Returns the partition that `metadata.json` names; an empty one is none.
pub fn partition(metadata: &[u8]) -> Option<Text> {
    let text = String::from_utf8_lossy(metadata);
    partition_of(&mut Fields::read(&text).ok()?)
}

fn partition_of(fields: &mut Fields<'_>) -> Option<Text> {
    fields.text("partition_key").filter(|partition| !partition.is_empty())
}

/// Reads `graph.json`.
///
/// # Errors
/// What is wrong with it, as a sentence.
pub(super) fn graph(fields: &mut Fields<'_>) -> Result<AppRecord, String> {
    fields.take("type");
    let graph = Graph {
        entrypoint: fields.text("entrypoint"),
        actions: fields.list("actions").into_iter().filter_map(action).collect(),
        transitions: fields.list("transitions").into_iter().filter_map(transition).collect(),
    };
    if graph == Graph::default() {
        return Err("it holds no actions".into());
    }
    Ok(AppRecord { graph: Some(graph), ..AppRecord::default() })
}

fn action(text: &str) -> Option<Action> {
    let mut fields = Fields::read(text).ok()?;
    Some(Action {
        name: fields.text("name")?,
        reads: fields.texts("reads"),
        writes: fields.texts("writes"),
        // Burr writes the two under each other's names.
        inputs: fields.texts("optional_inputs"),
        optional_inputs: fields.texts("inputs"),
        tags: fields.texts("tags"),
        code: fields.text("code"),
    })
}

fn transition(text: &str) -> Option<Transition> {
    let mut fields = Fields::read(text).ok()?;
    let from = fields.text("from_").or_else(|| fields.text("from"))?;
    let condition = fields.text("condition").unwrap_or(Text::literal("default"));
    Some(Transition { from, to: fields.text("to")?, condition })
}

/// Reads `metadata.json`.
///
/// # Errors
/// What is wrong with it, as a sentence.
pub(super) fn metadata(fields: &mut Fields<'_>) -> Result<AppRecord, String> {
    fields.take("type");
    partition_of(fields);
    let mut pointer = |name| fields.some(name).and_then(pointer);
    let (parent, spawned_by) = (pointer("parent_pointer"), pointer("spawning_parent_pointer"));
    Ok(AppRecord { parent, spawned_by, ..AppRecord::default() })
}

fn pointer(text: &str) -> Option<RunPointer> {
    let mut fields = Fields::read(text).ok()?;
    Some(RunPointer {
        app: fields.text("app_id")?,
        partition: partition_of(&mut fields),
        sequence: fields.integer("sequence_id"),
    })
}

/// Reads a line of `children.jsonl`, and when it was.
///
/// # Errors
/// What is wrong with it, as a sentence.
pub(super) fn child(fields: &mut Fields<'_>) -> Result<(ChildRecord, Option<Moment>), String> {
    fields.take("type");
    let child = fields.some("child").and_then(pointer).ok_or("it names no child")?;
    let event = match fields.text("event_type").as_deref() {
        Some("fork") => ChildEvent::Fork,
        Some("spawn_start") => ChildEvent::Spawn,
        Some(other) => return Err(format!("children of the type {other:?} are unknown here")),
        None => return Err("it has no event_type".into()),
    };
    let moment = fields.some("event_time").and_then(|time| Moment::read(&fields::text(time)));
    Ok((ChildRecord { sequence: fields.integer("sequence_id"), child, event, time: None }, moment))
}
