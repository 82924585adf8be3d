//! A support agent that pretends: a loop of model calls and tools, with the attributes that OpenTelemetry's conventions
//! for [generative AI](https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-agent-spans/) name.
//!
//! ```sh
//! trackway                                      # or `make run`: the server, and its page in the browser
//! cargo run --package trackway --example agent  # add a number for another customer: `-- 7`
//! ```
//!
//! The trace is in the list half a second later, while the agent still works: open it and watch. Model calls grow until
//! they are answered; the tokens are in their attributes. The carrier's tool fails once, which is an error of that call
//! and not of the agent's. End the program with ^C, and the spans that ran are told to be lost after half a minute.
//!
//! It sends to `OTEL_EXPORTER_OTLP_ENDPOINT`, otherwise to Trackway on this machine, and nothing to any model.

use std::{fmt, thread, time::Duration};

use trackway::{SpanKind, Value, span, trace};

const MODEL: &str = "pretend-large-2";

fn main() {
    let seed = std::env::args().nth(1).and_then(|seed| seed.parse().ok()).unwrap_or(4711);
    let _trackway = trackway::builder().service("support").project("agents").install();
    Agent { dice: Dice(seed), said: Vec::new() }.run(seed);
}

/// What the model asks for, in this order; `None` is its last word.
const PLAN: [(Option<Tool>, &str); 4] = [
    (Some(Tool::LookupOrder), "Let me look at your order."),
    (Some(Tool::TrackParcel), "It has left the house. I ask the carrier."),
    (Some(Tool::Remember), "I found your parcel, and note it down."),
    (None, "Your parcel is at the depot in Kassel and comes tomorrow before noon."),
];

#[derive(Clone, Copy)]
enum Tool {
    LookupOrder,
    TrackParcel,
    Remember,
}

struct Agent {
    dice: Dice,
    /// The conversation so far.
    said: Vec<(&'static str, String)>,
}

impl Agent {
    fn run(&mut self, customer: u64) {
        let span = span!(
            "invoke_agent support",
            gen_ai.operation.name = "invoke_agent",
            gen_ai.agent.name = "support",
            gen_ai.conversation.id = format!("customer-{customer}"),
            customer.id = customer,
        );
        self.hear("user", "Where is my parcel?".to_owned());
        let mut tokens = 0;
        for (wanted, text) in PLAN {
            tokens += self.ask_model(wanted, text);
            let Some(tool) = wanted else { break };
            let result = self.use_tool(tool);
            self.hear("tool", result);
        }
        span.event("answered").field("turns", self.said.len());
        span.attribute("gen_ai.usage.total_tokens", tokens);
    }

    fn hear(&mut self, who: &'static str, text: String) {
        println!("{who:>9}  {text}");
        self.said.push((who, text));
    }

    /// Sends the conversation to the model; returns how many tokens that took.
    fn ask_model(&mut self, wanted: Option<Tool>, text: &str) -> u64 {
        // A name that is put together needs an owned span; `run` has it active until the closure returns.
        let tracer = trackway::tracer();
        let call = tracer.span(format!("chat {MODEL}")).kind(SpanKind::Client);
        let call = call
            .attribute("gen_ai.operation.name", "chat")
            .attribute("gen_ai.provider.name", "pretend")
            .attribute("gen_ai.request.model", MODEL)
            .attribute("gen_ai.request.temperature", 0.2)
            .attribute("gen_ai.input.messages", messages(&self.said));
        call.run(|call| {
            let input = 900 + 120 * self.said.len() as u64 + self.dice.up_to(40);
            self.dice.sleep(400..900);
            call.event("first token");
            self.dice.sleep(400..900);
            let output = 30 + self.dice.up_to(90);
            let reason = if wanted.is_some() { "tool_calls" } else { "stop" };
            call.attribute("gen_ai.response.model", format!("{MODEL}-0925"))
                .attribute("gen_ai.response.finish_reasons", Value::Array(vec![reason.into()]))
                .attribute("gen_ai.usage.input_tokens", input)
                .attribute("gen_ai.usage.output_tokens", output)
                .attribute("gen_ai.output.messages", messages(&[("assistant", text.to_owned())]));
            self.hear("assistant", text.to_owned());
            input + output
        })
    }

    /// Calls the tool, and once more when it fails.
    fn use_tool(&mut self, tool: Tool) -> String {
        for attempt in 1..=2 {
            let called = match tool {
                Tool::LookupOrder => self.look_up_order(),
                Tool::TrackParcel => self.track_parcel(attempt),
                Tool::Remember => Ok(self.remember()),
            };
            match called {
                Ok(result) => return result,
                Err(error) => {
                    trackway::active().event("tool failed").field("attempt", attempt).field("error", error.to_string());
                }
            }
        }
        "The tool does not answer.".to_owned()
    }

    #[trace(name = "execute_tool lookup_order", fields(gen_ai.operation.name = "execute_tool", gen_ai.tool.name = "lookup_order"))]
    fn look_up_order(&mut self) -> Result<String, Unreachable> {
        let mut step = span!("connect", db.system.name = "postgresql", server.address = "orders.internal");
        self.dice.sleep(20..50);
        trackway::step!(step, "SELECT orders", db.system.name = "postgresql", db.operation.name = "SELECT");
        self.dice.sleep(60..120);
        step.attribute("db.response.returned_rows", 1);
        Ok("Order 1203: a kettle, handed to the carrier on Tuesday.".to_owned())
    }

    #[trace(
        name = "execute_tool track_parcel",
        kind = Client,
        fields(gen_ai.operation.name = "execute_tool", gen_ai.tool.name = "track_parcel", http.request.resend_count = attempt - 1),
    )]
    fn track_parcel(&mut self, attempt: u32) -> Result<String, Unreachable> {
        self.dice.sleep(700..900);
        if attempt == 1 {
            return Err(Unreachable { host: "api.carrier.example" });
        }
        trackway::active().attribute("http.response.status_code", 200);
        Ok("Parcel 88: arrived at depot Kassel.".to_owned())
    }

    /// Writes to two places at once; each thread is given the context that it works in.
    #[trace(name = "execute_tool remember", fields(gen_ai.operation.name = "execute_tool", gen_ai.tool.name = "remember"))]
    fn remember(&mut self) -> String {
        let (index, append) = (self.dice.between(80..160), self.dice.between(80..160));
        let context = trackway::current();
        thread::scope(|scope| {
            scope.spawn(context.clone().wrap(move || {
                let _span = span!("index note", vectors = 3);
                thread::sleep(index);
            }));
            scope.spawn(context.wrap(move || {
                let _span = span!("append note", bytes = 61);
                thread::sleep(append);
            }));
        });
        "Noted.".to_owned()
    }
}

/// Returns a conversation as the conventions have it: JSON, as text.
fn messages(said: &[(&str, String)]) -> String {
    let message =
        |(who, text): &(&str, String)| format!(r#"{{"role":{who:?},"parts":[{{"type":"text","content":{text:?}}}]}}"#);
    format!("[{}]", said.iter().map(message).collect::<Vec<_>>().join(","))
}

#[derive(Debug)]
struct Unreachable {
    host: &'static str,
}

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no answer from {} within 800 ms", self.host)
    }
}

impl std::error::Error for Unreachable {}

/// Chance that is the same for the same seed: [SplitMix64](https://prng.di.unimi.it/splitmix64.c).
struct Dice(u64);

impl Dice {
    fn up_to(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (bits ^ bits >> 31) % (most + 1)
    }

    fn between(&mut self, millis: std::ops::Range<u64>) -> Duration {
        Duration::from_millis(millis.start + self.up_to(millis.end - millis.start))
    }

    fn sleep(&mut self, millis: std::ops::Range<u64>) {
        let pause = self.between(millis);
        thread::sleep(pause);
    }
}
