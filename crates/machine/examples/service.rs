//! A service that answers: every conversation is a run of its own, and every request a trace with the steps that it took.
//!
//! ```sh
//! trackway                                                   # or `make run`: the server, and its page in the browser
//! cargo run --package trackway-machine --example service     # listens on 127.0.0.1:8080; another address: `-- 127.0.0.1:0`
//! curl http://127.0.0.1:8080/chats/ada -d 'How are you?'
//! ```
//!
//! End the service and start it again: conversations go on where they were. A caller that sends a `traceparent` header has the
//! request in its own trace.
//!
//! Spans go to `OTEL_EXPORTER_OTLP_ENDPOINT`, otherwise to Trackway on this machine.

use std::{
    collections::HashMap,
    env,
    error::Error,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    extract::{Path, State as Shared},
    http::{HeaderMap, StatusCode},
    routing::post,
};
use tokio::{net::TcpListener, signal};
use trackway::{Context, SpanKind, Traced};
use trackway_machine::{Application, Fault, Graph, Input, State, Step, action, after, state};

const PROJECT: &str = "service";

#[action(reads = [prompt, history], writes = [answer, history])]
async fn answer(state: State, step: &Step) -> Result<State, Fault> {
    let prompt: String = state.get("prompt")?;
    let earlier = state.get::<Option<Vec<String>>>("history")?.unwrap_or_default();
    let thinking = step.span("think").attribute("earlier", earlier.len()).start();
    let answer = thinking.around(think(&prompt, &earlier)).await;
    Ok(state.append("history", prompt).set("answer", answer))
}

async fn think(prompt: &str, earlier: &[String]) -> String {
    match earlier.iter().position(|known| known == prompt) {
        Some(place) => format!("You asked that before, as question {}.", place + 1),
        None => format!("That is question {}.", earlier.len() + 1),
    }
}

/// The conversations that this process has taken up.
struct Chats {
    graph: Graph,
    open: Mutex<HashMap<String, Conversation>>,
}

/// One step at a time: requests of a conversation wait for each other, those of others do not.
type Conversation = Arc<tokio::sync::Mutex<Application>>;

impl Chats {
    async fn answer(&self, chat: &str, prompt: String) -> Result<String, Fault> {
        let conversation = self.conversation(chat)?;
        let mut app = conversation.lock().await;
        if app.next_action() != Some("ask") {
            app.reset_to_entrypoint(); // An earlier request was not answered, and nobody waits for it any more.
        }
        let halted = app.run(after(answer)).input("prompt", prompt).await?;
        Ok(halted.state.get("answer")?)
    }

    /// Returns a conversation: one that is open, one that is kept, or a new one.
    fn conversation(&self, chat: &str) -> Result<Conversation, trackway_machine::Error> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(conversation) = open.get(chat) {
            return Ok(conversation.clone());
        }
        let app = self.graph.resume_or_start(PROJECT, chat, state! {})?.build()?;
        let conversation = Conversation::new(app.into());
        open.insert(chat.to_owned(), conversation.clone());
        Ok(conversation)
    }
}

async fn say(
    Shared(chats): Shared<Arc<Chats>>,
    Path(chat): Path<String>,
    headers: HeaderMap,
    prompt: String,
) -> Result<String, (StatusCode, String)> {
    let caller = Context::extract(&headers).unwrap_or_default(); // What cannot be read begins a new trace.
    let span = trackway::tracer()
        .span("POST /chats/{chat}")
        .kind(SpanKind::Server)
        .child_of(caller)
        .attribute("http.request.method", "POST")
        .attribute("http.route", "/chats/{chat}")
        .start();
    let work = async {
        let answered = chats.answer(&chat, prompt).await;
        let status = if answered.is_ok() { StatusCode::OK } else { StatusCode::BAD_GATEWAY };
        trackway::active().attribute("http.response.status_code", status.as_u16());
        answered.map_err(|error| (status, error.to_string()))
    };
    work.in_span(span).await
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let _trackway = trackway::builder().service("chats").project(PROJECT).install();
    let ask = Input::new(["prompt"]).named("ask");
    let graph = Graph::new([answer]).action(&ask).edge(&ask, answer).edge(answer, &ask).entry(&ask).build()?;
    let chats = Arc::new(Chats { graph, open: Mutex::default() });
    let router = Router::new().route("/chats/{chat}", post(say)).with_state(chats);

    let listener = TcpListener::bind(env::args().nth(1).as_deref().unwrap_or("127.0.0.1:8080")).await?;
    let address = listener.local_addr()?;
    println!("listening on http://{address}");
    println!("next: `curl http://{address}/chats/ada -d 'How are you?'`, and the same again");
    println!("      `trackway`, and then http://127.0.0.1:7241/run/{PROJECT}/ada");
    axum::serve(listener, router).with_graceful_shutdown(async { drop(signal::ctrl_c().await) }).await?;
    Ok(())
}
