//! What is recorded of a call.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use trackway::export::Memory;
use trackway::{SpanKind, StatusCode, Tracer, Value, trace};

use crate::kit::{pause, spans, tree, wait};

#[derive(Debug)]
struct Order {
    id: u64,
}

#[trace]
fn leaf() {}

#[trace]
fn plain() -> u8 {
    leaf();
    leaf();
    7
}

#[test]
fn a_call_is_a_span_and_those_within_are_its_children() {
    assert_eq!(tree(|| assert_eq!(plain(), 7)), "plain 5s\n  leaf 1s\n  leaf 1s\n");
}

#[trace(name = "orders.load", kind = Client)]
fn named() {}

#[trace]
fn r#match() {}

#[test]
fn name_and_kind_are_those_given() {
    let spans = spans(|| {
        named();
        r#match();
    });
    let kinds: Vec<_> = spans.finished().into_iter().map(|span| (span.name, span.kind)).collect();
    assert_eq!(kinds, [("orders.load".into(), SpanKind::Client), ("match".into(), SpanKind::Internal)]);
}

#[trace(fields(order.id = order.id, "total of all" = 1 + 1, size = %order.id, who = ?order, r#type = name, none = None::<u8>))]
fn fields(order: &Order, name: String) -> String {
    name
}

#[test]
fn fields_are_values_as_they_are_or_by_display_or_by_debug() {
    let drawn = tree(|| assert_eq!(fields(&Order { id: 3 }, "book".to_owned()), "book"));
    let expected = r#"fields 1s order.id=3 total of all=2 size=3 who="Order { id: 3 }" type=book
"#;
    assert_eq!(drawn, expected);
}

#[trace(args)]
fn every_argument(
    (a, b): (u8, u8),
    Order { id, .. }: &Order,
    [first, ..]: [u8; 2],
    mut kept: Vec<u8>,
    _: u8,
    _left: u8,
) -> usize {
    kept.push(a + b + first);
    kept.len() + usize::try_from(*id).unwrap()
}

#[trace(args(name, r#type))]
fn some_arguments(id: u64, name: &str, r#type: Option<&str>) -> u64 {
    let _ = (name, r#type);
    id
}

#[test]
fn arguments_are_recorded_by_debug_when_they_are_asked_for() {
    let drawn = tree(|| {
        every_argument((1, 2), &Order { id: 3 }, [4, 5], vec![6], 7, 8);
        some_arguments(1, "x", None);
    });
    let expected = r#"every_argument 1s a=1 b=2 id=3 first=4 kept="[6]"
some_arguments 1s name="\"x\"" type=None
"#;
    assert_eq!(drawn, expected);
}

#[trace(args, ret)]
async fn awaited(name: &str) -> usize {
    pause().await;
    leaf();
    name.len()
}

#[test]
fn an_async_function_records_as_a_plain_one_does() {
    let drawn = tree(|| assert_eq!(wait(awaited("abc")), 3));
    let expected = r#"awaited 3s name="\"abc\"" return=3
  leaf 1s
"#;
    assert_eq!(drawn, expected);
}

#[test]
fn the_span_of_an_async_function_starts_at_its_first_poll() {
    assert_eq!(tree(|| drop(awaited("abc"))), "");
}

#[trace(ret)]
fn half(number: u32) -> Result<u32, String> {
    if number % 2 == 1 {
        return Err(format!("{number} is odd"));
    }
    Ok(number / 2)
}

#[trace(ret, skip_err)]
fn half_if_even(number: u32) -> Result<u32, String> {
    half(number)
}

#[test]
fn what_is_returned_is_recorded_and_of_a_result_what_is_in_ok() {
    let drawn = tree(|| {
        half_if_even(8).unwrap();
        half_if_even(7).unwrap_err();
    });
    let expected = r#"half_if_even 3s return=4
  half 1s return=4
half_if_even 4s
  half 2s ERROR 7 is odd
    - exception exception.type=alloc::string::String exception.message="7 is odd"
"#;
    assert_eq!(drawn, expected);
}

#[trace(root)]
fn apart() {}

#[trace(root)]
async fn apart_later() {}

#[trace]
fn around() {
    apart();
    wait(apart_later());
}

#[test]
fn a_root_is_no_child_of_what_is_active() {
    assert_eq!(tree(around), "around 5s\napart 1s\napart_later 1s\n");
}

#[trace]
fn deep(levels: u8) -> u8 {
    if levels == 0 { 0 } else { deep(levels - 1) + 1 }
}

#[test]
fn recursion_nests() {
    assert_eq!(tree(|| assert_eq!(deep(2), 2)), "deep 5s\n  deep 3s\n    deep 1s\n");
}

#[trace(fields(level = level))]
fn dive(level: i64) {
    if level < 1000 {
        dive(level + 1);
    }
}

#[test]
fn what_a_lost_span_would_hold_is_not_recorded_in_the_one_around_it() {
    let memory = Memory::new();
    let tracer = Tracer::builder().exporter(memory.clone()).build();
    let scope = tracer.activate();
    dive(0);
    drop(scope);
    assert!(tracer.flush(Duration::from_secs(10)));
    let spans = memory.spans();
    assert!((1..1000).contains(&spans.len()), "the deepest are lost");
    for level in (0..).take(spans.len()).map(Value::from) {
        assert_eq!(spans.iter().filter(|span| span.attributes.get("level") == Some(&level)).count(), 1);
    }
}

#[trace]
fn panics() {
    panic!("no more");
}

#[test]
fn a_panic_ends_the_span_and_is_recorded() {
    let spans = spans(|| {
        std::panic::catch_unwind(panics).unwrap_err();
        leaf();
    });
    let panicked = spans.named("panics").unwrap();
    assert_eq!(panicked.status.code, StatusCode::Error);
    assert_eq!(panicked.events.len(), 1);
    assert_eq!(spans.named("leaf").unwrap().parent_id, None);
}

#[derive(Debug)]
struct Outer(Inner);

#[derive(Debug)]
struct Inner;

impl fmt::Display for Outer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no order")
    }
}

impl fmt::Display for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no connection")
    }
}

impl Error for Outer {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

impl Error for Inner {}

#[derive(Debug)]
struct OnlyDebug;

struct Nothing;

#[trace]
fn by_error() -> Result<(), Outer> {
    Err(Outer(Inner))
}

#[trace]
fn by_box() -> Result<(), Box<dyn Error + Send + Sync>> {
    by_error()?;
    Ok(())
}

#[trace]
fn by_text() -> Result<(), &'static str> {
    Err("text")
}

#[trace]
fn by_debug() -> Result<(), OnlyDebug> {
    Err(OnlyDebug)
}

#[trace]
fn by_name() -> Result<(), Nothing> {
    Err(Nothing)
}

#[trace]
fn of_any_type<T, E: fmt::Display>(outcome: Result<T, E>) -> Result<T, E> {
    outcome
}

#[trace]
async fn later() -> std::io::Result<u8> {
    pause().await;
    let number: u8 = "x".parse().map_err(std::io::Error::other)?;
    Ok(number)
}

#[test]
fn an_error_is_recorded_by_as_much_as_its_type_tells() {
    let drawn = tree(|| {
        by_box().unwrap_err();
        by_text().unwrap_err();
        by_debug().unwrap_err();
        assert!(by_name().is_err());
        of_any_type::<u8, _>(Err("of any type")).unwrap_err();
        wait(later()).unwrap_err();
    });
    let expected = r#"by_box 5s ERROR no order
  - exception exception.message="no order" exception.stacktrace="caused by: no connection"
  by_error 2s ERROR no order
    - exception exception.type=trace_macro::recorded::Outer exception.message="no order" exception.stacktrace="caused by: no connection"
by_text 2s ERROR text
  - exception exception.type=&str exception.message=text
by_debug 2s ERROR OnlyDebug
  - exception exception.type=trace_macro::recorded::OnlyDebug exception.message=OnlyDebug
by_name 2s ERROR
  - exception exception.type=trace_macro::recorded::Nothing exception.message=""
of_any_type 2s ERROR of any type
  - exception exception.type=&str exception.message="of any type"
later 2s ERROR invalid digit found in string
  - exception exception.type=std::io::error::Error exception.message="invalid digit found in string"
"#;
    assert_eq!(drawn, expected);
}

struct Unshowable;

impl fmt::Debug for Unshowable {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("nobody asked for this");
    }
}

#[trace(args, ret)]
fn costly(value: Unshowable) -> Unshowable {
    value
}

#[test]
fn nothing_is_formatted_when_nothing_is_recorded() {
    let Unshowable = costly(Unshowable);
}
