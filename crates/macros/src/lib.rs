//! The macros of the crates `trackway` and `trackway-machine`, which re-export them. Not for use on their own.

use proc_macro::TokenStream;

mod action;
mod expand;
mod function;
mod options;
mod outcome;
#[cfg(test)]
mod refused;
mod returned;
mod schema;

/// Times every call of a function as a span.
///
/// The span is a child of the active one, or begins a trace if there is none, and is active while the function runs. A
/// panic is recorded. So is the `Err` of a function whose return type is called `Result`, whatever its path: the
/// type's name, its message and what it was caused by. Arguments and return values stay where they are unless asked for.
///
/// ```text
/// #[trace]
/// async fn load_order(id: u64) -> Result<Order, Error> {
///     store().find(id).await
/// }
///
/// #[trace(name = "orders.load", kind = Client, fields(order.id = id))]
/// fn load(id: u64) -> Order {
///     cache().get(id)
/// }
/// ```
///
/// | option | meaning | without it |
/// |---|---|---|
/// | `name = "orders.load"` | the span's name | the function's name, without a module or type |
/// | `kind = Client` | `Internal`, `Server`, `Client`, `Producer` or `Consumer` | `Internal` |
/// | `fields(order.id = id, size = %x, who = ?y)` | attributes: a value as it is, by `Display`, by `Debug` | none |
/// | `args(id, name)` | these arguments, by `Debug`, each under its own name | none |
/// | `args` | in the same way all arguments except `self`, and those that start with `_` | none |
/// | `skip(password, key)` | all arguments as with `args`, except these | |
/// | `ret` | what the function returns, by `Debug`, as `return`; of a `Result` what is in `Ok` | not recorded |
/// | `skip_err` | an `Err` is an answer like any other | recorded, and the span has failed |
/// | `root` | the span begins a trace of its own | child of the active span |
/// | `crate = path` | where the crate `trackway` is | `::trackway` |
///
/// The values of `fields` are expressions over the arguments. They are evaluated as the span starts, and only if it is
/// recorded.
///
/// # What can be traced
///
/// Functions and methods, with or without `async`. The span of an `async fn` starts when it is first polled, and ends when
/// it is done or dropped; it is active whenever the future is polled, on whichever thread, and the future is `Send` if it
/// was without the attribute.
///
/// A function that returns a future or a stream, as `impl Future`, `impl Stream`, `Pin<Box<dyn Future>>`,
/// `Pin<Box<dyn Stream>>`, `BoxFuture` or `BoxStream`, is traced like an `async fn`: the span is that of what it returns.
/// `fields` and `args` then need an `async` block at its end, which is where they are read. Inside
/// an `impl` that has the attribute `#[async_trait]`, methods are traced like any others.
///
/// A `const fn` cannot be traced, since it may run in the compiler.
#[proc_macro_attribute]
pub fn trace(options: TokenStream, item: TokenStream) -> TokenStream {
    expand::trace(options.into(), item.into()).into()
}

/// Times every call of a function as a span of the step that it is called in, or as any other span outside of steps.
///
/// It is told to hooks and trackers, has a place in the run, and takes the options of `trackway::trace`.
#[proc_macro_attribute]
pub fn trace_in_step(options: TokenStream, item: TokenStream) -> TokenStream {
    expand::trace_in(options.into(), item.into(), "trackway_machine").into()
}

/// Makes a function an action of a state machine.
///
/// What stands in the function's place is a function without parameters that returns the action, and a graph takes it by
/// its name alone. Of a method it is a method of the shared owner.
///
/// ```text
/// #[action(reads = [question], writes = [answer], tags = ["llm"])]
/// async fn answer(state: State, step: &Step, model: Option<String>) -> Result<State, Error> {
///     let question: String = state.get("question")?;
///     Ok(state.set("answer", complete(model, &question).await?))
/// }
///
/// impl Assistant {
///     #[action(reads = [question], writes = [answer])]
///     async fn answer(&self, state: State) -> Result<State, Error> {
///         Ok(state.set("answer", self.model.complete(state.get("question")?).await?))
///     }
/// }
///
/// let graph = Graph::new([ask, answer]).edge(ask, answer);
/// let graph = Graph::new([assistant.answer()]);
/// ```
///
/// | option | meaning | without it |
/// |---|---|---|
/// | `reads = [question]` | the fields of the state that it reads: `question`, `"question"` or `Chat::question` | none |
/// | `writes = [answer]` | the fields that it writes, each of which the state holds afterwards | none |
/// | `tags = ["llm"]` | what it is marked with, to halt at | none |
/// | `name = "answer"` | the action's name in a graph | the function's name |
/// | `reduce = path` | the second phase: `fn(&Answer, State) -> State`, or a `Result` of it | one phase |
/// | `crate = path` | where the crate `trackway_machine` is | `::trackway_machine` |
///
/// # Parameters and results
///
/// The state is a parameter of the type `State` or `&State`, the step one of the type `&Step`. All others are inputs,
/// asked for by their names, a leading underscore left out: `Option<T>` can be absent, `&str` and `&T` are lent. The
/// function returns `State`, `(result, State)`, or a `Result` of either, with `async` or without. With `reduce` it returns
/// the result alone, or a `Result` of it, and `reduce` puts it into the state. Other attributes stay with the function's
/// body: `#[trace]` below `#[action]` makes a span in the step.
///
/// # What is refused
///
/// A field that the body reads or writes by its name and the action does not declare, where the expression starts at the
/// state's parameter: `state.get("question")`, `state["question"]`, `state.set("answer", text)`. What is written may be
/// read. Other accesses are checked when the action runs.
#[proc_macro_attribute]
pub fn action(options: TokenStream, item: TokenStream) -> TokenStream {
    let code = action::source::text(proc_macro::Span::call_site(), item.clone());
    action::action(options.into(), item.into(), &code).into()
}

/// Makes a struct the description of a state: its fields are the state's.
///
/// ```text
/// #[derive(Schema)]
/// struct Chat {
///     question: String,
///     answer: Option<String>,
///     #[schema(name = "chat history")]
///     history: Vec<Message>,
/// }
///
/// let state = State::of(&chat);
/// let question: String = state.get(Chat::question)?;
/// let chat: Chat = state.view()?;
/// ```
///
/// For each field there is a typed key under its name, as visible as the field, or as the struct where the field is
/// private. An `Option` may be absent from a state, and is written as nothing when it is `None`. The types of the fields
/// are what serde can write and read; the struct itself need not be.
///
/// | option | of | meaning | without it |
/// |---|---|---|---|
/// | `name = "chat history"` | a field | what it is called in the state | the field's name |
/// | `crate = path` | the struct | where the crate `trackway_machine` is | `::trackway_machine` |
#[proc_macro_derive(Schema, attributes(schema))]
pub fn schema(item: TokenStream) -> TokenStream {
    schema::derive(item.into()).into()
}
