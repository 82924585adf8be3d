//! Content as a text that a reviewer reads.

use std::fmt::Write;

use trackway_model::{Attributes, Content, Message, Part, Value};

/// Draws content, a line for each thing that was said.
pub(crate) fn picture(content: &Content) -> String {
    let mut out = String::new();
    draw(&mut out, content).unwrap();
    out
}

fn draw(out: &mut String, content: &Content) -> std::fmt::Result {
    let text = |out: &mut String, name: &str, text: &Option<_>| {
        text.as_ref().map_or(Ok(()), |text| writeln!(out, "  {name}: {text:?}"))
    };
    text(out, "instructions", &content.instructions)?;
    messages(out, "in", &content.input)?;
    messages(out, "out", &content.output)?;
    for tool in &content.tools {
        write!(out, "  tool {}", tool.name)?;
        tool.description.as_ref().map_or(Ok(()), |text| write!(out, " {text:?}"))?;
        tool.parameters.as_ref().map_or(Ok(()), |text| write!(out, " {text}"))?;
        out.push('\n');
    }
    if !content.parameters.is_empty() {
        writeln!(out, "  parameters {}", settings(&content.parameters))?;
    }
    text(out, "arguments", &content.arguments)?;
    text(out, "result", &content.result)?;
    content.missing.map_or(Ok(()), |missing| writeln!(out, "  missing {missing:?}"))
}

fn messages(out: &mut String, side: &str, all: &[Message]) -> std::fmt::Result {
    for message in all {
        write!(out, "  {side} {}", message.role.name())?;
        message.name.as_ref().map_or(Ok(()), |name| write!(out, " ({name})"))?;
        out.push(':');
        message.parts.iter().try_for_each(|one| part(out, one))?;
        message.finish_reason.as_ref().map_or(Ok(()), |reason| write!(out, " [{reason}]"))?;
        out.push('\n');
    }
    Ok(())
}

fn part(out: &mut String, part: &Part) -> std::fmt::Result {
    match part {
        Part::Text(text) => write!(out, " {text:?}"),
        Part::Reasoning(text) => write!(out, " thinks {text:?}"),
        Part::Refusal(text) => write!(out, " refuses {text:?}"),
        Part::ToolCall { id, name, arguments } => {
            write!(out, " calls {name}({arguments}) {}", id.as_deref().unwrap_or("-"))
        }
        Part::ToolResult { id, name, result } => {
            write!(out, " {} answers {result:?} {}", name.as_deref().unwrap_or("-"), id.as_deref().unwrap_or("-"))
        }
        Part::Media { kind, format, uri, bytes } => {
            let (format, uri) = (format.as_deref().unwrap_or("-"), uri.as_deref().unwrap_or("-"));
            write!(out, " {kind} {format} {uri} {bytes} bytes")
        }
        Part::Other(json) => write!(out, " other {json}"),
    }
}

fn settings(all: &Attributes) -> String {
    let one = |(key, value): (&str, &Value)| match value {
        Value::Text(text) => format!("{key}={text:?}"),
        Value::Bool(value) => format!("{key}={value}"),
        Value::Int(value) => format!("{key}={value}"),
        Value::Double(value) => format!("{key}={value}"),
        other => format!("{key}={other:?}"),
    };
    all.iter().map(one).collect::<Vec<_>>().join(" ")
}
