//! What clients told of whole traces: requests of the OpenAI Agents SDK's own tracing, one a line of a file for each project.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use serde::{Serialize, Serializer};
use serde_json::Value as Json;
use trackway_model::{Attributes, Text, TraceId, TraceRecord, Value};
use trackway_wire::foreign;

use crate::running::{escaped, unescaped};

/// What the name of such a file ends with.
const ENDING: &str = ".traces.jsonl";
/// What such a line begins with.
pub(super) const BEGINNING: &[u8] = br#"{"data":["#;

/// The files of an export, by project.
pub(super) struct Told {
    directory: PathBuf,
    files: BTreeMap<Text, (PathBuf, BufWriter<File>)>,
}

impl Told {
    pub(super) fn new(directory: &Path) -> Self {
        Self { directory: directory.to_owned(), files: BTreeMap::new() }
    }

    pub(super) fn write(&mut self, trace: &TraceRecord) -> Result<()> {
        let (path, file) = match self.files.get_mut(&trace.project) {
            Some(file) => file,
            None => {
                let path = self.directory.join(format!("{}{ENDING}", escaped(&trace.project)));
                let file = File::create_new(&path).with_context(|| format!("cannot create {}", path.display()))?;
                self.files.entry(trace.project.clone()).or_insert((path, BufWriter::new(file)))
            }
        };
        writeln!(file, "{}", line(trace)?).with_context(|| format!("cannot write {}", path.display()))
    }

    /// Makes all durable; returns the files, and how many bytes they have.
    pub(super) fn finish(self) -> Result<(Vec<PathBuf>, u64)> {
        let (mut paths, mut bytes) = (Vec::new(), 0);
        for (path, file) in self.files.into_values() {
            let file = file.into_inner().map_err(|error| error.into_error());
            let synced = file.and_then(|file| file.sync_all().and_then(|()| file.metadata()));
            bytes += synced.with_context(|| format!("cannot write {}", path.display()))?.len();
            paths.push(path);
        }
        Ok((paths, bytes))
    }
}

/// Returns the project of a file, by its name; `None` when that is none that an export gives.
pub(super) fn project_of(path: &Path) -> Option<Text> {
    let name = path.file_name()?.to_str()?.strip_suffix(ENDING)?;
    unescaped(name).map(Text::from)
}

/// Whether a line tells of a trace.
pub(super) fn is_of(line: &[u8], trace: TraceId) -> bool {
    let told: Option<Json> = serde_json::from_slice(line).ok();
    let id = told.as_ref().and_then(|told| told.pointer("/data/0/id")?.as_str());
    id.is_some_and(|id| foreign::trace_id(id) == trace)
}

/// A request with one trace, as the SDK sends it.
fn line(trace: &TraceRecord) -> Result<String> {
    let TraceRecord { trace_id, original_id, name, group, metadata, .. } = trace;
    // A client with ids of both kinds may have made one of them up: what is told has to reach the trace.
    let reaches = foreign::trace_id(original_id) == *trace_id;
    let id = if reaches { original_id.to_string() } else { format!("trace_{trace_id}") };
    let group_id = group.as_deref();
    let told = Trace { object: "trace", id, workflow_name: name, group_id, metadata: InOrder(metadata) };
    Ok(serde_json::to_string(&Request { data: [told] })?)
}

#[derive(Serialize)]
struct Request<'a> {
    data: [Trace<'a>; 1],
}

#[derive(Serialize)]
struct Trace<'a> {
    object: &'static str,
    id: String,
    workflow_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    group_id: Option<&'a str>,
    metadata: InOrder<'a>,
}

/// Attributes in the order in which they came.
struct InOrder<'a>(&'a Attributes);

impl Serialize for InOrder<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.0.iter().map(|(key, value)| (&**key, Plain(value))))
    }
}

/// A value of metadata, which came as JSON.
struct Plain<'a>(&'a Value);

impl Serialize for Plain<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Int(value) => serializer.serialize_i64(*value),
            Value::Double(value) => serializer.serialize_f64(*value),
            Value::Text(value) => serializer.serialize_str(value),
            Value::Array(values) => serializer.collect_seq(values.iter().map(Plain)),
            Value::Map(values) => InOrder(values).serialize(serializer),
            _ => serializer.serialize_unit(),
        }
    }
}
