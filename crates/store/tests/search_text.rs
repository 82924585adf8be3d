//! What people write for a filter, as docs/search.md tells them.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use proptest::{collection::vec, prelude::*, sample::select};
use trackway_store::SpanFilter;

const PAGE: &str = include_str!("../../../docs/search.md");

fn read(text: &str) -> Result<SpanFilter, String> {
    text.parse().map_err(|error: trackway_store::FilterError| format!("{}, {} {error}", error.start, error.end))
}

fn written(text: &str) -> String {
    read(text).unwrap_or_else(|error| panic!("{text}: {error}")).to_string()
}

#[test]
fn every_example_of_the_page_is_read_and_written_again() {
    let (_, examples) = PAGE.split_once("```traceql\n").unwrap();
    let (examples, _) = examples.split_once("\n```").unwrap();
    assert_eq!(examples.lines().count(), 10);
    for example in examples.lines() {
        assert_eq!(read(&written(example)), read(example), "{example}");
    }
}

#[test]
fn every_refusal_is_as_the_page_says() {
    let (_, table) = PAGE.split_once("| filter | from, to | what is said |\n|---|---|---|\n").unwrap();
    let rows: Vec<_> = table.lines().take_while(|line| line.starts_with('|')).collect();
    assert_eq!(rows.len(), 15);
    for row in rows {
        let row = row.replace("\\|", "\u{0}");
        let cells: Vec<_> = row.trim_matches('|').split('|').map(|cell| cell.trim().replace('\u{0}', "|")).collect();
        let filter = cells[0].trim_matches('`');
        assert_eq!(read(filter), Err(format!("{} {}", cells[1], cells[2])), "{filter}");
    }
}

#[test]
fn fields_and_tests_of_the_page_are_known() {
    for field in PAGE.split_once("## Tests").unwrap().0.lines().filter(|line| line.starts_with("| `")) {
        let names = field.split('|').nth(1).unwrap().split(',').map(|name| name.trim().trim_matches('`'));
        for name in names {
            assert!(read(&format!("{name} != nil")).is_ok(), "{name}");
        }
    }
}

#[test]
fn what_can_be_left_out_or_written_in_several_ways_is_read_as_one() {
    assert_eq!(written("status=error"), "{ status = error }");
    assert_eq!(written("{status=error&&(kind=server)}"), "{ status = error && kind = server }");
    assert_eq!(written(r#"span:name == "a""#), r#"{ name = "a" }"#);
    assert_eq!(written("scope.k = 1 || .k = 1.50"), "{ instrumentation.k = 1 || .k = 1.5 }");
    assert_eq!(written("duration > 1.5h || duration < -90us"), "{ duration > 1h30m || duration < -90us }");
    assert_eq!(written("span.a = 0.0000000001s"), "{ span.a = 0s }");
    assert_eq!(written("span.a = 1µs"), "{ span.a = 1us }");
    assert_eq!(written(r#"start < "1970-01-01T01:00:00+01:00""#), r#"{ start < "1970-01-01T00:00:00Z" }"#);
    assert_eq!(written("kind = \"server\""), "{ kind = server }");
    assert_eq!(written("!!(status = ok)"), "{ !!(status = ok) }");
    assert_eq!(written("!(kind = nil || status = ok) && true"), "{ !(kind = nil || status = ok) && true }");
}

#[test]
fn keys_may_hold_anything() {
    for (text, again) in [
        (r#"span."a b" = 1"#, r#"{ span."a b" = 1 }"#),
        (r#"span."a.b" = 1"#, "{ span.a.b = 1 }"),
        (r#"span.a."b c" = 1"#, r#"{ span."a.b c" = 1 }"#),
        (r#"span."a\"\\b" = 1"#, r#"{ span."a\"\\b" = 1 }"#),
        (r#"span."" = 1"#, r#"{ span."" = 1 }"#),
        ("span.a-b/c:d@e = 1", "{ span.a-b/c:d@e = 1 }"),
        ("span.ключ = 1", "{ span.ключ = 1 }"),
        ("span.status = 1", "{ span.status = 1 }"),
        (r#"."span.x" = 1"#, "{ .span.x = 1 }"),
    ] {
        assert_eq!(written(text), again);
        assert_eq!(written(again), again);
    }
}

#[test]
fn numbers_are_read_whole() {
    for (text, again) in [
        ("9223372036854775807", "9223372036854775807"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("9223372036854775808", "9.223372036854775808e18"),
        ("1e3", "1000.0"),
        ("-0.5", "-0.5"),
        ("2562047h47m16s854ms775us807ns", "2562047h47m16s854ms775us807ns"),
    ] {
        let written = written(&format!("span.a = {text}"));
        let value = written.trim_start_matches("{ span.a = ").trim_end_matches(" }");
        assert_eq!(value.parse::<f64>().ok(), again.parse::<f64>().ok(), "{text} became {value}");
        assert_eq!(value.ends_with("ns"), again.ends_with("ns"));
    }
    for text in ["inf", "nan", "1x", "2562047h47m16s854ms775us808ns", "1h-", "--1s", "0x10", "1e999"] {
        assert!(read(&format!("span.a = {text}")).is_err(), "{text}");
    }
}

#[test]
fn what_is_too_much_is_refused() {
    let deep = |depth: usize| format!("{}status = ok{}", "(".repeat(depth), ")".repeat(depth));
    assert!(read(&deep(31)).is_ok());
    assert!(read(&deep(32)).unwrap_err().contains("more than 32 parentheses"));
    assert!(read(&"!".repeat(4_000)).unwrap_err().contains("more than 32 parentheses"));
    let many = |patterns: usize| vec![r#"name =~ "a""#; patterns].join(" || ");
    assert!(read(&many(16)).is_ok());
    assert!(read(&many(17)).unwrap_err().contains("at most 16 patterns"));
    assert!(read(&format!("name = \"{}\"", "x".repeat(5_000))).unwrap_err().contains("at most 4096 bytes"));
    assert!(read(r#"name =~ "(\\w{100}){100}""#).unwrap_err().contains("too large"));
}

#[test]
fn places_count_characters() {
    assert_eq!(read("{ name = \"größe\" && größe = 1 }").unwrap_err().split(' ').next(), Some("20,"));
    assert_eq!(read(""), Err("0, 0 the filter is empty: write { } for every span".into()));
    assert_eq!(read("  status =  "), Err("10, 10 a value is missing behind =".into()));
}

/// Pieces of filters, which are mostly wrong together.
fn piece() -> impl Strategy<Value = String> {
    let known = [
        "{",
        "}",
        "(",
        ")",
        "!",
        "&&",
        "||",
        "=",
        "!=",
        ">=",
        "=~",
        "!~",
        "contains",
        "nil",
        "true",
        "1",
        "-0.5",
        "1h2ms",
        "service",
        "kind",
        "server",
        "duration",
        "span.a",
        ".\"b c\"",
        "event:name",
        "\"text\"",
        "`\\d+`",
        "\"(\"",
        "\"",
        "ß",
    ];
    prop_oneof![9 => select(known.to_vec()).prop_map(str::to_owned), 1 => any::<String>()]
}

proptest! {
    #[test]
    fn any_text_is_a_filter_or_says_where_it_is_none(pieces in vec(piece(), 0..12), space in select(vec!["", " "])) {
        let text = pieces.join(space);
        match text.parse::<SpanFilter>() {
            Ok(filter) => prop_assert_eq!(written(&filter.to_string()), filter.to_string()),
            Err(error) => {
                prop_assert!(error.start <= error.end && error.end <= text.chars().count(), "{:?} {:?}", text, error);
            }
        }
    }
}
