//! What the macro says of a use that it refuses, and of which words.

use std::fmt::Write;

use proc_macro2::{TokenStream, TokenTree};

use crate::expand::traced;

/// Draws, for each use, the words that are pointed at and what is said of them.
pub(crate) fn drawn(uses: &[&str], refused: impl Fn(TokenStream, TokenStream) -> Result<(), syn::Error>) -> String {
    let mut drawn = String::new();
    for written in uses {
        let mut tokens = written.parse::<TokenStream>().unwrap().into_iter();
        let Some(TokenTree::Group(attribute)) = tokens.nth(1) else { panic!("no attribute: {written}") };
        let options = attribute.stream().into_iter().nth(1).map(|options| match options {
            TokenTree::Group(options) => options.stream(),
            other => panic!("no options: {other}"),
        });
        let Err(errors) = refused(options.unwrap_or_default(), tokens.collect()) else {
            panic!("not refused: {written}");
        };
        for error in errors {
            writeln!(drawn, "{}\n    {error}", error.span().source_text().unwrap_or_default()).unwrap();
        }
    }
    drawn
}

fn said(uses: &[&str]) -> String {
    drawn(uses, |options, item| traced(options, item, "trackway").map(drop))
}

#[test]
fn an_option_that_is_wrong() {
    let drawn = said(&[
        "#[trace(level = \"debug\")] fn load() {}",
        "#[trace(skip_all)] fn load() {}",
        "#[trace(\"orders.load\")] fn load() {}",
        "#[trace(name = format!(\"orders\"))] fn load() {}",
        "#[trace(name = \"\")] fn load() {}",
        "#[trace(name)] fn load() {}",
        "#[trace(kind = client)] fn load() {}",
        "#[trace(root, root)] fn load() {}",
        "#[trace(crate)] fn load() {}",
        "#[trace(fields)] fn load() {}",
        "#[trace(fields(order.id))] fn load() {}",
        "#[trace(fields(id = find().await))] async fn load() {}",
    ]);
    let expected = r#"level
    unknown option `level`; spans have no levels. The options are `name = ".."`, `kind = Client`, `fields(key = value)`, `args`, `args(a, b)`, `skip(a, b)`, `ret`, `skip_err`, `root` and `crate = ::path`
skip_all
    unknown option `skip_all`; arguments are recorded only if `args(..)` names them. The options are `name = ".."`, `kind = Client`, `fields(key = value)`, `args`, `args(a, b)`, `skip(a, b)`, `ret`, `skip_err`, `root` and `crate = ::path`
"orders.load"
    write `name = "orders.load"`
format
    a span's name is the same for every call, a literal: `name = "orders.load"`; put what varies in `fields`
""
    a span needs a name; without `name` it is that of the function
name
    write `name = "orders.load"`
client
    a kind is one of `Internal`, `Server`, `Client`, `Producer`, `Consumer`
root
    `root` is given twice
crate
    write `crate = ::path`
fields
    write `fields(order.id = id, size = %x, who = ?y)`
order
    a field needs a value: `order.id = value`
await
    a field cannot wait, since it is read as the span starts: pass in what was awaited
"#;
    assert_eq!(drawn, expected);
}

#[test]
fn arguments_that_are_not_there() {
    let drawn = said(&[
        "#[trace(args(name, amount))] fn load(name: &str, (a, b): (u8, u8), _: u8) {}",
        "#[trace(args(id))] fn load(&self) {}",
        "#[trace(args(order.id))] fn load(order: Order) {}",
        "#[trace(args(self))] fn load(&self) {}",
        "#[trace(skip(amount))] fn load(name: &str) {}",
        "#[trace(skip(self))] fn load(&self) {}",
        "#[trace(skip)] fn load(name: &str) {}",
        "#[trace(args, skip(name))] fn load(name: &str) {}",
    ]);
    let expected = r#"amount
    there is no argument `amount`; the arguments are `name`, `a`, `b`
id
    there is no argument `id`: this function has none that could be recorded
.
    `args` takes the names of arguments; expressions go in `fields(key = value)`
self
    `self` is recorded by no option; of it, name what is to be: `fields(id = self.id)`
amount
    there is no argument `amount`; the arguments are `name`
self
    `self` is recorded by no option; of it, name what is to be: `fields(id = self.id)`
skip
    write `skip(password)`, which records all other arguments
skip
    `args` is all arguments, `args(a)` those alone, and `skip(a)` all others: write one of them
"#;
    assert_eq!(drawn, expected);
}

#[test]
fn what_cannot_be_traced() {
    let drawn = said(&[
        "#[trace] pub const fn load() {}",
        "#[trace] pub struct Order;",
        "#[trace] impl Order { fn load() {} }",
        "#[trace] const ORDER: u8 = 1;",
        "#[trace] fn load();",
    ]);
    let expected = r#"const
    a `const fn` may run in the compiler, where no time passes: trace the function that calls it, or remove `const`
struct
    `#[trace]` goes on a function: of an `impl` or a module, put it on each that is to be traced
impl
    `#[trace]` goes on a function: of an `impl` or a module, put it on each that is to be traced
const
    `#[trace]` goes on a function: of an `impl` or a module, put it on each that is to be traced
load
    this function has no body to trace: put `#[trace]` where it is implemented
"#;
    assert_eq!(drawn, expected);
}

#[test]
fn what_a_function_does_not_return() {
    let drawn = said(&[
        "#[trace(ret)] fn load() {}",
        "#[trace(ret)] async fn load() -> () {}",
        "#[trace(ret)] fn serve() -> ! { loop {} }",
        "#[trace(ret)] fn rows() -> impl Stream<Item = Row> { Rows }",
        "#[trace(skip_err)] fn load() -> Order { Order }",
        "#[trace(skip_err)] fn rows() -> BoxStream<'static, Result<Row, Error>> { Box::pin(Rows) }",
        "#[trace] #[track_caller] fn load() -> Result<Order, Error> { find() }",
        "#[trace(args)] fn load(id: u64) -> impl Future<Output = Order> { find(id) }",
    ]);
    let expected = r#"ret
    this function returns nothing: remove `ret`
ret
    this function returns nothing: remove `ret`
ret
    this function never returns: remove `ret`
ret
    a stream has no value in the end: remove `ret`
skip_err
    this function returns no `Result`, so there is no `Err` to skip: remove `skip_err`
skip_err
    this function returns no `Result`, so there is no `Err` to skip: remove `skip_err`
#[track_caller]
    `#[track_caller]` reaches a body only if its outcome is not recorded: add `skip_err`, and leave out `ret`
load
    `fields` and `args` are read where the returned future starts: end the function with `async move { .. }` or `Box::pin(async move { .. })`, or record them there
"#;
    assert_eq!(drawn, expected);
}
