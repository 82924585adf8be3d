//! A refund that a person decides: the run stops before that, another process goes on with it, and a third one goes back.
//!
//! ```sh
//! trackway                                                   # or `make run`: the server, and its page in the browser
//! cargo run --package trackway-machine --example approval    # stops before a person is to decide, and says what to do next:
//!                                                            # `-- decide RUN yes`, and `-- fork RUN`
//! ```
//!
//! Between the invocations nothing runs: all that is known of the refund is its log. `decide` resumes it, and its steps stand behind the
//! earlier ones. `fork` begins a run of its own with the state after step 3, in which it lowers the amount, so that another letter is
//! written and nobody needs to be asked; the first run stays as it is, and the second one says where it came from.

use std::{env, process::ExitCode};

use trackway_machine::{
    Application, Fault, Graph, Halted, Input, Schema, State, StateError, Why, action, before, cel, state,
    tracker::Directory,
};

const PROJECT: &str = "approval";

/// The step that works out how much is paid back.
const ASSESSED: i64 = 3;

/// All that is known of a refund.
#[derive(Schema)]
struct Refund {
    order: u64,
    reason: String,
    paid: u64,
    is_our_fault: bool,
    amount: u64,
    letter: String,
    approved: Option<bool>,
    outcome: Option<String>,
}

#[action(reads = [Refund::order], writes = [Refund::paid])]
fn look_up(state: State) -> Result<State, StateError> {
    let order = state.get(Refund::order)?;
    Ok(state.set(Refund::paid, 20 * (order % 10) + 20))
}

#[action(reads = [Refund::reason], writes = [Refund::is_our_fault])]
fn judge(state: State) -> Result<State, StateError> {
    let reason = state.get(Refund::reason)?;
    Ok(state.set(Refund::is_our_fault, !reason.contains("changed my mind")))
}

#[action(reads = [Refund::paid, Refund::is_our_fault], writes = [Refund::amount])]
fn assess(state: State) -> Result<State, StateError> {
    let paid = state.get(Refund::paid)?;
    Ok(state.set(Refund::amount, if state.get(Refund::is_our_fault)? { paid } else { paid / 2 }))
}

#[action(reads = [Refund::order, Refund::amount], writes = [Refund::letter])]
fn draft(state: State) -> Result<State, StateError> {
    let (order, amount) = (state.get(Refund::order)?, state.get(Refund::amount)?);
    Ok(state.set(Refund::letter, format!("We are sorry about order {order}, and give you {amount} EUR back.")))
}

/// Nobody but a person gives this action its input, so the run has to stop before it.
#[action(reads = [Refund::letter], writes = [Refund::approved], tags = ["human"])]
fn decide(state: State, approved: bool) -> State {
    state.set(Refund::approved, approved)
}

#[action(reads = [Refund::amount], writes = [Refund::outcome])]
fn pay(state: State) -> Result<State, StateError> {
    let amount = state.get(Refund::amount)?;
    Ok(state.set(Refund::outcome, format!("{amount} EUR paid back")))
}

#[action(writes = [Refund::outcome])]
fn decline(state: State) -> State {
    state.set(Refund::outcome, "declined")
}

fn graph() -> Result<Graph, Fault> {
    let receive = Input::new(["order", "reason"]).named("receive");
    let graph = Graph::new([look_up, judge, assess, draft, decide, pay, decline])
        .action(&receive)
        .edge(&receive, look_up)
        .edge(look_up, judge)
        .edge(judge, assess)
        .edge(assess, draft)
        .edge_if(draft, decide, cel("amount > 50"))
        .otherwise(draft, pay)
        .edge_if(decide, pay, cel("approved"))
        .otherwise(decide, decline)
        .entry(&receive)
        .schema::<Refund>();
    Ok(graph.build()?)
}

fn main() -> ExitCode {
    let words: Vec<String> = env::args().collect();
    let done = match &words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [program] => ask(program),
        [program, "decide", run, answer @ ("yes" | "no")] => resume(program, run, *answer == "yes"),
        [program, "fork", run] => fork(program, run),
        _ => Err("it takes nothing, or `decide RUN yes`, `decide RUN no`, `fork RUN`".into()),
    };
    if let Err(error) = &done {
        eprintln!("{error}");
    }
    ExitCode::from(u8::from(done.is_err()))
}

/// Begins a refund, and leaves the decision to somebody.
fn ask(program: &str) -> Result<(), Fault> {
    let mut app = graph()?.start(state! {}).project(PROJECT).tracker(Directory::default()).build()?;
    let halted = app.run(before("@tag:human")).input("order", 4713).input("reason", "it came broken").blocking()?;
    say(program, &app, &halted);
    Ok(())
}

/// Goes on with a refund, in another process than the one that began it.
fn resume(program: &str, run: &str, approved: bool) -> Result<(), Fault> {
    let mut app = graph()?.resume(PROJECT, run)?.build()?;
    let halted = app.run(before("@tag:human")).input("approved", approved).blocking()?;
    say(program, &app, &halted);
    Ok(())
}

/// Goes back to where the amount was known, and lowers it: what comes after that is done anew.
fn fork(program: &str, run: &str) -> Result<(), Fault> {
    let mut app = graph()?.fork(PROJECT, run, ASSESSED)?.set(Refund::amount, 40).build()?;
    let halted = app.run(before("@tag:human")).blocking()?;
    say(program, &app, &halted);
    Ok(())
}

fn say(program: &str, app: &Application, halted: &Halted) {
    let run = app.app_id();
    match halted.why {
        Why::Before => {
            println!("{run} waits before {}: {}", halted.action, halted.state["letter"]);
            println!("next: {program} decide {run} yes   # or no");
            println!("      {program} fork {run}         # with a smaller amount");
        }
        _ => println!("{run} is done: {}", halted.state["outcome"]),
    }
    println!("      `trackway`, and then http://127.0.0.1:7241/run/{PROJECT}/{run}");
}
