//! `docs/models.md`, the ledger of what the models offer, tells the truth: no cell is empty, and what it names is there.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod items;

use std::{fs, path::Path};

use items::Items;

/// What the ledger must have a part of, and the fewest rows that such a part can have.
const PARTS: [(&str, usize); 6] = [
    ("OpenTracing", 200),
    ("OpenCensus", 220),
    ("OpenAI Agents SDK", 150),
    ("Burr's tracing", 40),
    ("Burr's tracking", 40),
    ("Beyond them", 15),
];

/// One row, with the line where it stands.
struct Row {
    line: usize,
    part: String,
    cells: Vec<String>,
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// Reads every row of every table but its head.
fn rows(text: &str) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut part = String::new();
    let mut in_table = false;
    for (number, line) in text.lines().enumerate() {
        if let Some(title) = line.strip_prefix("## ") {
            part = title.to_owned();
        }
        if !line.starts_with('|') {
            in_table = false;
        } else if in_table {
            let cells = cells(line);
            let is_rule = cells.iter().all(|cell| !cell.is_empty() && cell.chars().all(|c| "-: ".contains(c)));
            if !is_rule {
                rows.push(Row { line: number + 1, part: part.clone(), cells });
            }
        } else {
            in_table = true;
        }
    }
    rows
}

/// Splits a row; `\|` is a character of a cell.
fn cells(line: &str) -> Vec<String> {
    let line = line.trim().trim_start_matches('|');
    let line = line.strip_suffix('|').unwrap_or(line).replace("\\|", "\u{1}");
    line.split('|').map(|cell| cell.trim().replace('\u{1}', "|")).collect()
}

/// Returns what stands between backticks.
fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// Returns what is wrong with a row.
fn faults(row: &Row, items: &Items) -> Vec<String> {
    let [theirs, ours, shown] = row.cells.as_slice() else {
        return vec![format!("{} cells where there are three", row.cells.len())];
    };
    let mut faults = Vec::new();
    for (cell, name) in [(theirs, "theirs"), (ours, "ours"), (shown, "shown by")] {
        if !cell.chars().any(char::is_alphanumeric) {
            faults.push(format!("the cell `{name}` is empty"));
        }
    }
    let paths: Vec<&str> = quoted(ours).filter(|text| is_path(text)).collect();
    let is_none = ours.strip_prefix("none").is_some_and(|reason| reason.len() > 20);
    if paths.is_empty() && !is_none {
        faults.push("names nothing of ours, and gives no reason".to_owned());
    }
    faults.extend(paths.iter().filter(|path| !items.has(path)).map(|path| format!("there is no {path}")));
    let tests: Vec<&str> = quoted(shown).collect();
    if tests.is_empty() {
        faults.push("names no test".to_owned());
    }
    faults.extend(tests.into_iter().filter_map(|test| missing(test, items)));
    faults
}

fn is_path(text: &str) -> bool {
    ["trackway::", "trackway_machine::", "trackway_model::", "trackway_wire::"]
        .iter()
        .any(|name| text.starts_with(name))
}

/// Returns what is missing of a test that a row names.
fn missing(test: &str, items: &Items) -> Option<String> {
    if let Some(example) = test.strip_prefix("doc: ") {
        let is_there = match example.strip_suffix(".md") {
            Some(_) => fs::read_to_string(root().join(example)).is_ok_and(|text| text.contains("```rust")),
            None => items.has_example(example),
        };
        return (!is_there).then(|| format!("there is no example in the documentation of {example}"));
    }
    let Some((file, name)) = test.split_once("::") else { return Some(format!("{test} is no file::test")) };
    let Ok(text) = fs::read_to_string(root().join(file)) else { return Some(format!("there is no file {file}")) };
    let name = name.rsplit("::").next().unwrap_or(name);
    let is_there = match Path::new(file).extension().and_then(|extension| extension.to_str()) {
        Some("rs") => text.contains(&format!("fn {name}(")),
        Some("py") => text.contains(&format!("def {name}(")),
        Some("ts" | "tsx") => ['\'', '"', '`'].iter().any(|quote| text.contains(&format!("{quote}{name}{quote}"))),
        _ => false,
    };
    (!is_there).then(|| format!("{file} has no test {name}"))
}

#[test]
fn every_row_names_what_is_there() {
    let text = fs::read_to_string(root().join("docs/models.md")).unwrap();
    let items = Items::read(root());
    let rows = rows(&text);
    let faults: Vec<String> = rows
        .iter()
        .flat_map(|row| {
            let theirs = row.cells.first().map_or("", String::as_str);
            faults(row, &items).into_iter().map(move |fault| format!("line {} ({theirs}): {fault}", row.line))
        })
        .collect();
    assert!(faults.is_empty(), "{} faults in docs/models.md:\n{}", faults.len(), faults.join("\n"));
    for (part, least) in PARTS {
        let found = rows.iter().filter(|row| row.part == part).count();
        assert!(found >= least, "docs/models.md has {found} rows of {part}, which has at least {least} members");
    }
}

#[test]
fn what_is_not_there_is_found_out() {
    let items = Items::read(root());
    let is_good = |row: &str| faults(&Row { line: 1, part: String::new(), cells: cells(row) }, &items).is_empty();
    let test = "`crates/cli/tests/models/main.rs::every_row_names_what_is_there`";
    assert!(is_good(&format!("| `Span.finish` | `trackway::Span::finish` | {test} |")));
    assert!(is_good("| `SpanContext` | `trackway::Context` | `doc: trackway::Context::extract` |"));
    assert!(is_good(&format!("| a macro | `trackway::span!` | {test} |")));
    assert!(is_good(&format!("| a variant | `trackway::StatusCode::Error` | {test} |")));
    assert!(is_good(&format!("| in a module | `trackway::export::Console` | {test} |")));
    assert!(is_good(&format!("| the gevent manager | none: Rust has no greenlets to keep a scope in | {test} |")));

    assert!(!is_good(&format!("| `Span.finish` | | {test} |")));
    assert!(!is_good(&format!("| `Span.finish` | - | {test} |")));
    assert!(!is_good("| `Span.finish` | `trackway::Span::finish` | |"));
    assert!(!is_good(&format!("| `Span.finish` | `trackway::Span::finnish` | {test} |")));
    assert!(!is_good(&format!("| `Span.finish` | `trackway::Spam::finish` | {test} |")));
    assert!(!is_good(&format!("| a private item | `trackway::Live` | {test} |")));
    assert!(!is_good("| `Span.finish` | `trackway::Span::finish` | `crates/cli/tests/models/main.rs::nowhere` |"));
    assert!(!is_good("| `Span.finish` | `trackway::Span::finish` | `crates/cli/tests/nowhere.rs::nowhere` |"));
    assert!(!is_good("| `Span.finish` | `trackway::Span::finish` | `doc: trackway::Span::finish` |"));
}
