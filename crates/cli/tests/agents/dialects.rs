//! One run through different instrumentations: what is told of it is the same, but for what an instrumentation leaves out;
//! that is the table of `docs/dialects.md`.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::{
    picture::{list, text},
    scenarios, stories,
    support::{self, Trackway},
};

/// The reviewed table; `make golden` writes it anew.
const REVIEWED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/dialects.md");

/// The runs, by instrumentation and by the interface of the model: the column's name, the recording, and what the names of
/// its scenarios begin with.
const COLUMNS: [(&str, &str, &str); 8] = [
    ("Agents SDK, Responses", "openai-agents/native-python-responses", ""),
    ("Agents SDK, Chat", "openai-agents/native-python-chat", ""),
    ("OpenInference, Responses", "openai-agents/otlp-openinference", "responses."),
    ("OpenInference, Chat", "openai-agents/otlp-openinference", "chat."),
    ("Logfire, Responses", "openai-agents/otlp-logfire", "responses."),
    ("Logfire, Chat", "openai-agents/otlp-logfire", "chat."),
    ("OpenLLMetry, Responses", "genai/openllmetry", "responses."),
    ("OpenLLMetry, Chat", "genai/openllmetry", "chat."),
];

/// What is told of the runs through one instrumentation; empty where a run was not recorded.
struct Column {
    name: &'static str,
    /// Two agents, a handoff, two tools, two guardrails, a custom span.
    handoff_tools: Vec<Json>,
    /// The spans of the same run.
    spans: Json,
    /// A tool that fails, and a model that goes on.
    tool_error: Vec<Json>,
    /// A model that answers with an error.
    model_error: Vec<Json>,
    /// A tool of an MCP server.
    mcp: Vec<Json>,
}

impl Column {
    fn record(server: &Trackway, (name, recording, prefix): (&'static str, &str, &str)) -> Self {
        let recorded: BTreeMap<String, Vec<Json>> = scenarios(recording).into_iter().collect();
        let told = |scenario: &str| {
            let requests = recorded.get(&format!("{prefix}{scenario}"));
            let project = format!("{name}.{scenario}").replace([' ', ','], "");
            requests.map(|requests| stories(server, &project, requests)).unwrap_or_default()
        };
        let handoff_tools = told("handoff_tools");
        let id = text_of(&handoff_tools[0]["trace"]["trace_id"]);
        let spans = server.get(&format!("/api/v1/traces/{id}"));
        Self {
            name,
            handoff_tools,
            spans,
            tool_error: told("tool_error"),
            model_error: told("model_error"),
            mcp: told("mcp"),
        }
    }

    /// The run that every instrumentation recorded.
    fn main(&self) -> &Json {
        &self.handoff_tools[0]
    }

    fn calls(&self) -> &[Json] {
        list(&self.main()["calls"])
    }

    fn entries(&self, kind: &str) -> Vec<&Json> {
        list(&self.main()["entries"]).iter().filter(|entry| entry["type"] == kind).collect()
    }

    fn has_attribute(&self, name: &str) -> bool {
        let mut attributes = list(&self.spans["spans"]).iter().flat_map(|span| list(&span["attributes"]));
        attributes.any(|attribute| attribute["key"] == name)
    }

    fn spans_of(&self, kind: &str) -> usize {
        list(&self.spans["spans"]).iter().filter(|span| span["data"]["kind"] == kind).count()
    }
}

fn text_of(json: &Json) -> &str {
    json.as_str().unwrap_or_default()
}

/// Whether something is told.
fn mark(is_told: bool) -> String {
    if is_told { "✓" } else { "—" }.into()
}

/// Whether something is told, or is only to be found among the attributes of a span.
fn kept(is_told: bool, is_attribute: bool) -> String {
    if is_attribute && !is_told { "attribute".into() } else { mark(is_told) }
}

/// In how many of all cases something is told.
fn share(told: usize, of: usize) -> String {
    if told == 0 || told >= of { mark(told > 0) } else { format!("{told} of {of}") }
}

/// What is looked at, and how it is found.
type Row = (&'static str, fn(&Column) -> String);

const ROWS: [Row; 27] = [
    ("Name of the workflow", |it| mark(it.main()["trace"]["root_name"] == "Customer support")),
    ("Trace id of the SDK", |it| {
        kept(!it.main()["trace"]["original_id"].is_null(), it.has_attribute("agent_trace_id"))
    }),
    ("Group (conversation)", |it| mark(it.main()["trace"]["group_id"] == "thread_123")),
    ("Metadata of the trace", |it| {
        kept(!list(&it.main()["trace"]["metadata"]).is_empty(), it.has_attribute("metadata"))
    }),
    ("Tasks", |it| mark(it.spans_of("task") > 0)),
    ("Turns", |it| share(it.spans_of("turn"), 3)),
    ("Agents", |it| share(list(&it.main()["trace"]["agents"]["agents"]).len(), 2)),
    ("Handoffs, from", |it| mark(it.entries("handoff").iter().any(|entry| entry["from"] == "Triage agent"))),
    ("Handoffs, to", |it| mark(it.entries("handoff").iter().any(|entry| entry["to"] == "Billing agent"))),
    ("Guardrails", |it| share(it.entries("guardrail").len(), 2)),
    ("Guardrails, whether triggered", |it| {
        mark(it.entries("guardrail").iter().any(|entry| !entry["triggered"].is_null()))
    }),
    ("Custom spans", |it| mark(it.spans_of("custom") > 0)),
    ("Custom spans, their data", |it| mark(it.entries("work").iter().any(|entry| !entry["arguments"].is_null()))),
    ("Model calls", |it| share(it.calls().len(), 3)),
    ("Model", |it| share(it.calls().iter().filter(|call| !call["model"].is_null()).count(), 3)),
    ("Settings of the call", |it| {
        let sets = |call: &&Json| list(&call["parameters"]).iter().any(|pair| pair["key"] == "max_tokens");
        // Some have only what the provider answers of the settings.
        let is_answered = it.calls().iter().any(|call| !list(&call["parameters"]).is_empty());
        let is_set = it.calls().iter().any(|call| sets(&call));
        if is_answered && !is_set { "as answered".into() } else { mark(is_set) }
    }),
    ("Tools that were offered", |it| share(it.calls().iter().filter(|call| call["tools_offered"] != 0).count(), 3)),
    ("Instructions and input", |it| {
        let is_asked = |entry: &&Json| entry["is_output"] == false && entry["role"] == "user";
        mark(it.entries("message").iter().any(is_asked))
    }),
    ("Answers in words", |it| mark(it.entries("message").iter().any(|entry| entry["is_output"] == true))),
    ("Answers that call tools", |it| share(it.calls().iter().filter(|call| call["tool_calls"] != 0).count(), 2)),
    ("Tools, arguments and result", |it| {
        let is_whole = |entry: &&&Json| !entry["arguments"].is_null() && !entry["result"].is_null();
        share(it.entries("tool").iter().filter(is_whole).count(), 2)
    }),
    ("Tokens in and out", |it| share(it.calls().iter().filter(|call| call["usage"]["input_tokens"] == 120).count(), 3)),
    ("Tokens, cached and thought", |it| {
        let is_whole =
            |call: &&Json| call["usage"]["cache_read_tokens"] == 64 && call["usage"]["reasoning_tokens"] == 8;
        share(it.calls().iter().filter(is_whole).count(), 3)
    }),
    ("Why the model stopped", |it| {
        share(it.calls().iter().filter(|call| !list(&call["finish_reasons"]).is_empty()).count(), 3)
    }),
    ("Server of a tool (MCP)", |it| {
        let Some(story) = it.mcp.last() else { return " ".into() };
        mark(list(&story["entries"]).iter().any(|entry| entry["server"] == "calc-server"))
    }),
    ("Failure of a tool", |it| {
        let Some(story) = it.tool_error.first() else { return " ".into() };
        let failed = list(&story["entries"]).iter().any(|entry| entry["state"] == "failed");
        mark(failed && story["trace"]["status"] == "ok")
    }),
    ("Failure of a model call, with the provider's reason", |it| {
        let reasons = ["upstream exploded", "bad model input"];
        let tells = |entry: &Json| reasons.iter().any(|reason| text_of(&entry["message"]).contains(reason));
        let Some(story) = it.model_error.first() else { return " ".into() };
        mark(story["trace"]["status"] == "error" && list(&story["entries"]).iter().any(tells))
    }),
];

fn table(columns: &[Column]) -> String {
    let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
    let mut lines = vec![
        "# What each instrumentation loses".to_owned(),
        String::new(),
        "One program of two agents was run again and again, recorded each time through another instrumentation, and sent to \
         Trackway. The table is written by a test from what Trackway tells of each run (`cargo test --package trackway-cli \
         --test agents`): what differs between two columns is not in what the instrumentation sends."
            .to_owned(),
        String::new(),
        "✓ told, — left out, *n of m* told in part; *attribute*: to be found among the attributes of a span, *as \
         answered*: as far as the provider's answer repeats them; an empty cell was not recorded. *Responses* and *Chat* are the two \
         interfaces of OpenAI's models. The Agents SDK's own exporter sends only the id of an answer for Responses: \
         use another instrumentation beside it to see messages and prices."
            .to_owned(),
        String::new(),
        format!("| | {} |", names.join(" | ")),
        format!("|---|{}", ":-:|".repeat(names.len())),
    ];
    for (concept, told) in ROWS {
        let cells: Vec<String> = columns.iter().map(told).collect();
        lines.push(format!("| {concept} | {} |", cells.join(" | ")));
    }
    lines.join("\n") + "\n"
}

/// The tree without what names of interfaces and of models differ in.
fn shape(story: &Json) -> Vec<String> {
    let line = |node: &Json| {
        let is_call = matches!(text_of(&node["kind"]), "generation" | "response");
        let what =
            if is_call { "model call".into() } else { format!("{} {}", text(&node["kind"]), text(&node["title"])) };
        format!("{} {what}", node["depth"])
    };
    list(&story["nodes"]).iter().map(line).collect()
}

/// The conversation without what the instrumentations write in different ways: Python's or JSON's quotes, and in how many
/// messages an answer is told again.
fn conversation(story: &Json) -> Vec<String> {
    let plain = |json: &Json| text(json).replace('\'', "\"").replace(' ', "");
    let line = |entry: &Json| match text_of(&entry["type"]) {
        "message" => Some(format!("{}: {}", text(&entry["role"]), text(&entry["parts"]))),
        "tool" => {
            Some(format!("{}({}) = {}", text(&entry["name"]), plain(&entry["arguments"]), plain(&entry["result"])))
        }
        "handoff" => Some(format!("{} -> {}", text(&entry["from"]), text(&entry["to"]))),
        "guardrail" => Some(text(&entry["name"])),
        "fold" => Some(format!("as in {}", entry["same_as"])),
        "call" => Some("---".into()),
        _ => None,
    };
    list(&story["entries"]).iter().filter_map(line).collect()
}

fn columns() -> Vec<Column> {
    let directory = tempfile::tempdir().unwrap();
    let server = support::start(directory.path());
    COLUMNS.into_iter().map(|column| Column::record(&server, column)).collect()
}

#[test]
fn one_run_is_one_story_whatever_recorded_it() {
    let columns = columns();
    let [responses, chat, others @ ..] = &columns[..] else { panic!("two interfaces of the SDK") };
    assert_eq!(shape(responses.main()), shape(chat.main()));
    // OpenLLMetry keeps no guardrails, no custom spans and no receiver of a handoff, and was recorded with other words.
    for other in others.iter().filter(|column| !column.name.starts_with("OpenLLMetry")) {
        assert_eq!(shape(other.main()), shape(chat.main()), "{}", other.name);
        assert_eq!(conversation(other.main()), conversation(chat.main()), "{}", other.name);
        for (story, of) in [(&other.tool_error, &chat.tool_error), (&other.model_error, &chat.model_error)] {
            let (told, expected): (Vec<_>, Vec<_>) =
                (story.iter().map(shape).collect(), of.iter().map(shape).collect());
            assert!(told.is_empty() || told == expected, "{}: {told:#?} is not {expected:#?}", other.name);
        }
    }
    let is_kept = |line: &String| !line.contains(" guardrail ") && !line.contains(" custom ");
    let without_end = |line: String| line.replace("handoff to Billing agent", "handoff");
    let kept: Vec<String> = shape(chat.main()).into_iter().filter(is_kept).map(without_end).collect();
    for other in others.iter().filter(|column| column.name.starts_with("OpenLLMetry")) {
        assert_eq!(shape(other.main()), kept, "{}", other.name);
    }
    let tokens = |column: &Column| {
        let names = ["input_tokens", "output_tokens", "total_tokens", "cache_read_tokens", "reasoning_tokens"];
        names.map(|name| column.main()["trace"]["agents"]["usage"][name].as_u64())
    };
    // OpenInference leaves out what was cached and thought in Chat, OpenLLMetry all of it.
    for other in others.iter().filter(|column| !matches!(column.name, "OpenInference, Chat" | "OpenLLMetry, Chat")) {
        assert_eq!(tokens(other), tokens(chat), "{}", other.name);
    }
}

#[test]
fn what_each_instrumentation_loses_is_the_reviewed_table() {
    let table = table(&columns());
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        std::fs::write(REVIEWED, &table).unwrap();
    }
    let reviewed = std::fs::read_to_string(REVIEWED).unwrap_or_default();
    assert!(
        table == reviewed,
        "the table changed; run `make golden` and look at what git shows of docs/dialects.md:\n{table}"
    );
}
