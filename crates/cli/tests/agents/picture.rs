//! A story in short: without the ids and times that differ from one recording to the next.

use serde_json::Value as Json;

/// The longest text that is shown whole.
const MOST_LETTERS: usize = 160;

/// What REST tells of a trace: a line of facts, the tree, and the conversation.
pub(crate) fn picture(story: &Json) -> String {
    let mut lines = vec![facts(&story["trace"])];
    lines.extend(list(&story["agents"]).iter().map(agent));
    lines.extend(list(&story["nodes"]).iter().map(node));
    lines.push("-".repeat(20));
    lines.extend(list(&story["entries"]).iter().map(|entry| self::entry(entry, story)));
    assert_eq!(story["cut"], false);
    lines.join("\n")
}

pub(crate) fn list(json: &Json) -> &[Json] {
    json.as_array().map_or(&[], Vec::as_slice)
}

fn facts(trace: &Json) -> String {
    let mut facts = vec![format!(
        "# {} {}, {} spans, {} errors",
        text(&trace["root_name"]),
        text(&trace["status"]),
        trace["span_count"],
        trace["error_count"]
    )];
    for key in ["group_id", "metadata"] {
        let said = match &trace[key] {
            Json::Array(list) => {
                list.iter().map(|pair| format!("{}={}", text(&pair["key"]), text(&pair["value"]))).collect()
            }
            Json::Null => String::new(),
            other => text(other),
        };
        facts.extend(Some(said).filter(|said| !said.is_empty()).map(|said| format!("{key} {said}")));
    }
    let totals = &trace["agents"];
    if !totals.is_null() {
        facts.push(format!(
            "{} model calls, {} tool calls, {} handoffs, {} guardrails triggered, models {}, {}{}",
            totals["model_calls"],
            totals["tool_calls"],
            totals["handoffs"],
            totals["guardrails_triggered"],
            totals["models"],
            usage(&totals["usage"]),
            cost(totals)
        ));
    }
    let failure = &trace["failure"];
    if !failure.is_null() {
        facts.push(format!("failed at {}: {}", text(&failure["name"]), text(&failure["message"])));
    }
    facts.join("; ")
}

fn agent(agent: &Json) -> String {
    let (calls, tools) = (&agent["model_calls"], &agent["tool_calls"]);
    format!(
        "agent {}: {calls} model calls, {tools} tool calls, {}{}",
        text(&agent["name"]),
        usage(&agent["usage"]),
        cost(agent)
    )
}

pub(crate) fn usage(usage: &Json) -> String {
    let names = [
        ("input_tokens", "in"),
        ("cache_read_tokens", "cached"),
        ("output_tokens", "out"),
        ("reasoning_tokens", "thought"),
    ];
    let known = names.iter().filter(|(key, _)| !usage[key].is_null());
    let known: Vec<String> = known.map(|(key, name)| format!("{} {name}", usage[key])).collect();
    if known.is_empty() { "tokens unknown".into() } else { known.join(" ") }
}

fn cost(of: &Json) -> String {
    let cost = &of["cost"];
    let priced =
        cost["total_usd"].as_f64().map(|dollars| format!(", ${dollars:.6} by {}", price_list(&cost["source"])));
    let without = of["unpriced_calls"].as_u64().filter(|calls| *calls > 0).map(|calls| format!(", {calls} unpriced"));
    priced.into_iter().chain(without).collect()
}

/// The name of a price list without its version, which changes with its prices.
fn price_list(source: &Json) -> String {
    text(source).split(' ').next().unwrap_or_default().to_owned()
}

pub(crate) fn node(node: &Json) -> String {
    let marks = ["failed", "survived", "failed_below"].into_iter().filter(|mark| node[mark] == true);
    let marks: String = marks.map(|mark| format!(" {mark}")).collect();
    let state = Some(text(&node["state"])).filter(|state| state != "finished").map(|state| format!(" {state}"));
    let depth = node["depth"].as_u64().unwrap() as usize;
    let agent = Some(text(&node["agent"])).filter(|agent| !agent.is_empty()).map(|agent| format!(" [{agent}]"));
    let (kind, title) = (text(&node["kind"]), text(&node["title"]));
    format!(
        "{:indent$}{kind} {title}{}{}{marks}",
        "",
        agent.unwrap_or_default(),
        state.unwrap_or_default(),
        indent = depth * 2
    )
}

fn entry(entry: &Json, story: &Json) -> String {
    let call = entry["call"].as_u64().map_or(String::new(), |call| format!("[{call}] "));
    match entry["type"].as_str().unwrap() {
        "fold" => format!("{call}{} messages as in {}", entry["count"], entry["same_as"]),
        "message" => message(&call, entry),
        "tool" => tool(entry),
        "handoff" => format!("handoff {} -> {}", or_unknown(&entry["from"]), or_unknown(&entry["to"])),
        "guardrail" => format!("guardrail {} triggered {}", text(&entry["name"]), entry["triggered"]),
        "call" => format!("{call}{}", facts_of_call(entry, story)),
        "missing" => format!("{call}(nothing recorded: {})", text(&entry["reason"])),
        "error" => {
            let survived = if entry["survived"] == true { " (survived)" } else { "" };
            format!("error at {}: {}{survived}", text(&entry["name"]), text(&entry["message"]))
        }
        "work" => {
            let result = Some(&entry["result"]).filter(|result| !result.is_null());
            let result = result.map_or(String::new(), |result| format!(" = {}", text(result)));
            format!("{} {}({}){result}", text(&entry["kind"]), text(&entry["title"]), text(&entry["arguments"]))
        }
        other => panic!("an entry of an unknown type {other}"),
    }
}

fn message(call: &str, entry: &Json) -> String {
    let part = |part: &Json| match part["type"].as_str().unwrap() {
        "text" => text(&part["text"]),
        "tool_call" => format!("<calls {}({})>", text(&part["name"]), text(&part["arguments"])),
        "tool_result" => format!("<result {}>", text(&part["result"])),
        "media" => format!(
            "<{} {} {} bytes {}>",
            text(&part["kind"]),
            text(&part["format"]),
            part["bytes"],
            text(&part["uri"])
        ),
        other => format!("<{other} {}>", text(&part["text"])),
    };
    let parts: Vec<String> = list(&entry["parts"]).iter().map(part).collect();
    let who = if entry["is_output"] == true { or_unknown(&entry["agent"]) + " says" } else { text(&entry["role"]) };
    format!("{call}{who}: {}", parts.join(" | "))
}

fn tool(tool: &Json) -> String {
    let mut line = format!("tool {}({}) {}", text(&tool["name"]), text(&tool["arguments"]), text(&tool["state"]));
    for (key, sign) in [("result", " ="), ("error", " !"), ("server", " by server")] {
        if !tool[key].is_null() {
            line += &format!("{sign} {}", text(&tool[key]));
        }
    }
    if tool["attempt"] != 1 {
        line += &format!(" attempt {}", tool["attempt"]);
    }
    if tool["span_id"].is_null() {
        line += " (no span)";
    }
    line
}

fn facts_of_call(entry: &Json, story: &Json) -> String {
    let number = entry["call"].as_u64().unwrap() as usize;
    let call = &story["calls"][number - 1];
    assert_eq!((&call["index"], &call["span_id"]), (&entry["call"], &entry["span_id"]));
    let parameters =
        list(&call["parameters"]).iter().map(|pair| format!("{}={}", text(&pair["key"]), text(&pair["value"])));
    let parameters: Vec<String> = parameters.collect();
    format!(
        "--- {} of {}, {}, offered {} tools, called {}, finish {}, set {}{}",
        or_unknown(&call["model"]),
        or_unknown(&call["provider"]),
        usage(&call["usage"]),
        call["tools_offered"],
        call["tool_calls"],
        call["finish_reasons"],
        parameters.join(" "),
        if call["failed"] == true { ", failed" } else { "" }
    )
}

fn or_unknown(json: &Json) -> String {
    if json.is_null() { "?".into() } else { text(json) }
}

/// A text in one line, shortened, with the ids that clients make up left out.
pub(crate) fn text(json: &Json) -> String {
    let text = match json {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    };
    let line = without_ids(&text.replace('\n', "\\n"));
    match line.char_indices().nth(MOST_LETTERS) {
        Some((end, _)) => format!("{}… {} letters", &line[..end], line.chars().count()),
        None => line,
    }
}

/// Puts a sign in the place of every run of sixteen or more hexadecimal digits.
fn without_ids(text: &str) -> String {
    let mut kept = String::new();
    let mut digits = String::new();
    for letter in text.chars().chain(['\n']) {
        if letter.is_ascii_hexdigit() {
            digits.push(letter);
            continue;
        }
        kept += if digits.len() < 16 { &digits } else { "…" };
        digits.clear();
        kept.push(letter);
    }
    kept.pop();
    kept
}
