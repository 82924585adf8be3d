//! The tools that a model was offered.

use trackway_model::{Text, ToolDefinition, Value};

use super::json;

/// Reads definitions of tools in the shapes of OpenAI, Anthropic, Gemini, Bedrock and Vercel: one or a list of them, as
/// JSON or as JSON in a text; a text that is none is the name of a tool.
pub(super) fn read(value: &Value) -> Vec<ToolDefinition> {
    let mut out = Vec::new();
    gather(&json::open(value), Depth(0), &mut out);
    out
}

/// How many lists a definition lies in; Gemini's lie in a list of lists.
#[derive(Clone, Copy)]
struct Depth(u8);

fn gather(value: &Value, depth: Depth, out: &mut Vec<ToolDefinition>) {
    match value {
        Value::Array(values) if depth.0 < 4 => {
            values.iter().for_each(|value| gather(&json::open(value), Depth(depth.0 + 1), out));
        }
        Value::Map(_) => {
            let list = json::first(value, &["functionDeclarations", "function_declarations", "tools"]);
            match list {
                Some(list @ Value::Array(_)) => gather(list, Depth(depth.0 + 1), out),
                _ => out.extend(definition(value)),
            }
        }
        Value::Text(name) if !name.is_empty() => out.push(named(name.clone())),
        _ => {}
    }
}

/// Reads one definition; a tool of the provider may have only a type.
fn definition(value: &Value) -> Option<ToolDefinition> {
    const SCHEMAS: [&str; 8] = [
        "parameters",
        "input_schema",
        "inputSchema",
        "parameters_json_schema",
        "parametersJsonSchema",
        "json_schema",
        "schema",
        "arguments",
    ];
    let inner = json::first(value, &["function", "toolSpec", "custom"]).filter(|inner| matches!(inner, Value::Map(_)));
    let inner = inner.unwrap_or(value);
    let schema = json::first(inner, &SCHEMAS);
    let schema = schema.map(|schema| json::first(schema, &["json", "jsonSchema"]).unwrap_or(schema));
    Some(ToolDefinition {
        name: json::text(inner, &["name"]).or_else(|| json::text(value, &["type"]))?,
        description: json::text(inner, &["description"]),
        parameters: json::said(schema),
    })
}

/// Returns a tool of which only the name is known.
pub(super) fn named(name: Text) -> ToolDefinition {
    ToolDefinition { name, description: None, parameters: None }
}
