//! Two agents that pretend, with spans whose data has types: a guardrail, a handoff, tools, and a tool that fails once.
//!
//! ```sh
//! trackway                                                                       # or `make run`
//! cargo run --package trackway --example support                                 # over OTLP
//! cargo run --package trackway --example support --features openai-agents -- URL # as the OpenAI Agents SDK sends it
//! ```
//!
//! `examples/support.py` is the same in Python, with the OpenAI Agents SDK. Trackway shows one tree for all three.
//! With `URL`, such as `http://127.0.0.1:7241/v1/traces/ingest`, it is sent there; nothing is sent to any model.

use trackway::agents::{
    Agent, Custom, Function, Generation, Guardrail, Handoff, Message, Part, Role, Task, Turn, Usage,
};
use trackway::{Builder, SpanError, Tracer};

const MODEL: &str = "gpt-4.1";
const QUESTION: &str = "How much is invoice 42?";
const ANSWER: &str = "Invoice 42 is 99.50 EUR.";

fn main() {
    let trackway = exporting(trackway::builder().service("support")).install();
    support(trackway.tracer());
}

/// Has the spans go where the first argument says.
#[cfg(feature = "openai-agents")]
fn exporting(builder: Builder) -> Builder {
    match std::env::args().nth(1) {
        Some(url) => builder.exporter(trackway::export::OpenAiAgents::new().endpoint(&url)),
        None => builder,
    }
}

#[cfg(not(feature = "openai-agents"))]
fn exporting(builder: Builder) -> Builder {
    builder
}

fn support(tracer: &Tracer) {
    tracer.trace("Customer support").group("thread_123").metadata("customer", "ACME").run(|_| {
        let _task = tracer.span_of(Task::new("Customer support")).enter();
        triage(tracer);
        billing(tracer);
    });
}

fn triage(tracer: &Tracer) {
    let agent = Agent::new("Triage agent").handoffs(["Billing agent"]).tools(["transfer_to_billing_agent"]);
    let _agent = tracer.span_of(agent.output_type("str")).enter();
    let _turn = tracer.span_of(Turn::new(1, "Triage agent")).enter();
    drop(tracer.span_of(Guardrail::new("no_secrets")).enter());
    ask(tracer, vec![Message::text(Role::User, QUESTION)], calls("transfer_to_billing_agent", "{}"));
    let mut handoff = tracer.span_of(Handoff::from("Triage agent")).enter();
    handoff.data_mut().to("Billing agent");
}

fn billing(tracer: &Tracer) {
    let agent = Agent::new("Billing agent").tools(["get_invoice", "get_customer"]).output_type("str");
    let _agent = tracer.span_of(agent).enter();
    let arguments = r#"{"invoice_id": 42}"#;
    {
        let _turn = tracer.span_of(Turn::new(1, "Billing agent")).enter();
        ask(tracer, vec![Message::text(Role::User, QUESTION)], calls("get_invoice", arguments));
        // The first try fails, which is an error of that call and not of the agent's.
        for attempt in 1..=2 {
            let mut tool = tracer.span_of(Function::new("get_invoice").input(arguments)).enter();
            drop(tracer.span_of(Custom::new("db.query").with("rows", attempt - 1)).enter());
            match attempt {
                1 => drop(tool.set_error(SpanError::new("the database does not answer").with("attempt", attempt))),
                _ => drop(tool.data_mut().output(r#"{"total": 99.5, "currency": "EUR"}"#)),
            }
        }
    }
    let _turn = tracer.span_of(Turn::new(2, "Billing agent")).enter();
    let result = Part::ToolResult { id: Some("call_1".into()), name: None, result: "99.50 EUR".into() };
    let told = Message { role: Role::Tool, name: None, parts: vec![result], finish_reason: None };
    let asked = vec![Message::text(Role::User, QUESTION), calls("get_invoice", arguments), told];
    ask(tracer, asked, Message::text(Role::Assistant, ANSWER));
}

/// Asks the model that is none, which answers what it is to.
fn ask(tracer: &Tracer, input: Vec<Message>, answer: Message) {
    let mut call = tracer.span_of(Generation::new(MODEL).setting("temperature", 0.2).input(input)).enter();
    let usage = Usage { input: Some(900), output: Some(30), ..Usage::default() };
    drop(call.data_mut().output(answer).usage(usage));
}

fn calls(tool: &str, arguments: &str) -> Message {
    let call = Part::ToolCall { id: Some("call_1".into()), name: tool.into(), arguments: arguments.into() };
    Message { role: Role::Assistant, name: None, parts: vec![call], finish_reason: None }
}
