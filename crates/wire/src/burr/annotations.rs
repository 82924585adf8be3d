//! What people said of the applications of a project: its file `annotations.jsonl`.

use std::sync::Arc;

use jiff::tz::TimeZone;
use trackway_model::{Annotation, Json, Remark, RunKey, Text, Timestamp};

use super::{
    fields::{self, Fields},
    remark,
    time::Moment,
};

/// What a file of annotations holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Annotations {
    /// The annotations, in their order.
    pub annotations: Vec<Annotation>,
    /// The lines that could not be read.
    pub remarks: Vec<Remark>,
}

/// Reads `annotations.jsonl` of a project, whose times are local times in `zone`.
pub fn annotations(project: &Text, zone: &TimeZone, file: &[u8]) -> Annotations {
    let mut found = Annotations::default();
    let file = file.strip_suffix(b"\n").unwrap_or(file);
    if file.is_empty() {
        return found;
    }
    for (number, line) in (1..).zip(file.split(|byte| *byte == b'\n')) {
        match annotation(project, zone, &String::from_utf8_lossy(line)) {
            Ok(annotation) => found.annotations.push(annotation),
            Err(what) => found.remarks.push(remark(format!("annotations.jsonl:{number}"), what, line)),
        }
    }
    found
}

fn annotation(project: &Text, zone: &TimeZone, text: &str) -> Result<Annotation, String> {
    let mut fields = Fields::read(text).map_err(|error| format!("it is no JSON object: {error}"))?;
    let id = fields.integer("id").and_then(|id| u64::try_from(id).ok()).ok_or("it has no id")?;
    let app = fields.text("app_id").ok_or("it has no app_id")?;
    let sequence = fields.integer("step_sequence_id").ok_or("it has no step_sequence_id")?;
    let partition = fields.text("partition_key").filter(|partition| !partition.is_empty());
    let mut time = |name| -> Option<Timestamp> { Moment::read(&fields::text(fields.some(name)?))?.at(None, zone) };
    let (created, updated) = (time("created"), time("updated"));
    Ok(Annotation {
        id,
        run: Arc::new(RunKey { project: project.clone(), partition, app }),
        sequence,
        attempt: None,
        span: fields.text("span_id"),
        step_name: fields.text("step_name").unwrap_or_default(),
        tags: fields.texts("tags"),
        observations: fields.json("observations").unwrap_or(Json(Text::literal("[]"))),
        created,
        updated,
    })
}
