//! A chatbot whose model follows a script: it is overloaded once, and refuses to hear of secrets.
//!
//! ```sh
//! trackway                                                   # or `make run`: the server, and its page in the browser
//! cargo run --package trackway-machine --example chatbot
//! ```
//!
//! To see on the page of the run: the steps of three questions; the call that failed, and the one after it that did not; the
//! state, where each answer adds to the history; the condition that led to the refusal. Its traces have the calls of the model, with
//! what was said and what it cost, in the words of OpenTelemetry's conventions for generative AI.
//!
//! Spans go to `OTEL_EXPORTER_OTLP_ENDPOINT`, otherwise to Trackway on this machine, and nothing to any model.

use std::{
    collections::VecDeque,
    error::Error,
    sync::{Arc, Mutex, PoisonError},
};

use serde::{Deserialize, Serialize};
use trackway_machine::{
    Application, Fault, Graph, Halted, Schema, SpanKind, State, StateError, Step, action, after, tracker::Directory,
    when,
};

const PROJECT: &str = "chatbot";
const MODEL: &str = "scripted-1";

/// The state: the graph is refused if an action or a condition names another field, and a step that sets one to another type.
#[derive(Schema)]
struct Chat {
    history: Vec<Message>,
    prompt: Option<String>,
    is_safe: Option<bool>,
    reply: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Message {
    role: String,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Part {
    r#type: String,
    content: String,
}

impl Message {
    fn new(role: &str, content: &str) -> Self {
        Self { role: role.into(), parts: vec![Part { r#type: "text".into(), content: content.into() }] }
    }
}

#[action(writes = [Chat::prompt, Chat::history], tags = ["human"])]
fn ask(state: State, prompt: &str) -> State {
    state.append(Chat::history, Message::new("user", prompt)).set(Chat::prompt, prompt)
}

#[action(reads = [Chat::prompt], writes = [Chat::is_safe])]
fn check(state: State, step: &Step) -> Result<State, StateError> {
    let prompt = state.get(Chat::prompt)?.unwrap_or_default();
    let is_safe = step.span("look for secrets").run(|span| {
        span.attribute("characters", prompt.len());
        !prompt.contains("password")
    });
    Ok(state.set(Chat::is_safe, is_safe))
}

#[action(writes = [Chat::reply, Chat::history], tags = ["reply"])]
fn refuse(state: State) -> State {
    let reply = "I would rather not know.";
    state.append(Chat::history, Message::new("assistant", reply)).set(Chat::reply, reply)
}

/// What has the model; its method is an action like the functions above.
struct Assistant {
    model: Model,
}

impl Assistant {
    #[action(reads = [Chat::history], writes = [Chat::reply, Chat::history], tags = ["reply", "llm"])]
    async fn answer(&self, state: State, step: &Step) -> Result<State, Fault> {
        let history = state.get(Chat::history)?;
        step.attribute("gen_ai.conversation.id", step.app_id());
        let call = step
            .span(format!("chat {MODEL}"))
            .kind(SpanKind::Client)
            .attribute("gen_ai.operation.name", "chat")
            .attribute("gen_ai.provider.name", "script")
            .attribute("gen_ai.request.model", MODEL)
            .attribute("gen_ai.input.messages", &history)
            .start();
        let reply = call.around(self.model.complete()).await.inspect_err(|error| {
            call.record_error(error);
        })?;
        let message = Message::new("assistant", &reply);
        call.attribute("gen_ai.output.messages", [&message])
            .attribute("gen_ai.usage.input_tokens", 12 * history.len())
            .attribute("gen_ai.usage.output_tokens", reply.split(' ').count());
        Ok(state.append(Chat::history, message).set(Chat::reply, reply))
    }
}

/// Says what its script says, one line each time.
struct Model {
    script: Mutex<VecDeque<Result<&'static str, Overloaded>>>,
}

#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the model is overloaded, try again")]
struct Overloaded;

impl Model {
    /// Where a real one awaits its answer, whatever runtime the program has.
    async fn complete(&self) -> Result<String, Overloaded> {
        let line = self.script.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        line.unwrap_or(Ok("I have said all that I was given to say.")).map(str::to_owned)
    }
}

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let _trackway = trackway::builder().service("chatbot").project(PROJECT).install();
    let script = [Ok("Because the air scatters blue light most."), Err(Overloaded), Ok("Red, when the sun is low.")];
    let assistant = Arc::new(Assistant { model: Model { script: Mutex::new(script.into()) } });
    let answer = assistant.answer();
    let graph = Graph::new([ask, check, refuse])
        .action(&answer)
        .edge(ask, check)
        .edge_if(check, &answer, when(Chat::is_safe))
        .otherwise(check, refuse)
        .edge(&answer, ask)
        .edge(refuse, ask)
        .entry(ask)
        .schema::<Chat>()
        .build()?;

    let start = State::of(&Chat { history: Vec::new(), prompt: None, is_safe: None, reply: None });
    let mut app = graph.start(start).project(PROJECT).partition("ada").tracker(Directory::default()).build()?;
    for prompt in ["Why is the sky blue?", "And in the evening?", "Do you want to know my password?"] {
        println!("    ada  {prompt}");
        println!("chatbot  {}", reply(&mut app, prompt)?.state["reply"]);
    }

    println!("next: `trackway`, and then http://127.0.0.1:7241/run/{PROJECT}/{}", app.app_id());
    println!("      `trackway test-case {} --at 2` makes a test of the first answer", app.app_id());
    Ok(())
}

/// Has the chatbot reply. A failed step leaves the state as it was before, so trying again is calling again.
fn reply(app: &mut Application, prompt: &str) -> Result<Halted, trackway_machine::Error> {
    app.run(after("@tag:reply")).input("prompt", prompt).blocking().or_else(|error| {
        println!("         ({}; once more)", error.chain());
        app.run(after("@tag:reply")).blocking()
    })
}
