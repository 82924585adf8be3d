//! What `#[action]` makes of methods.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use trackway_machine::{Fault, Graph, State, Step, action, state};

trait Model: Send + Sync + 'static {
    fn complete(&self, prompt: &str) -> String;
}

struct Shout;

impl Model for Shout {
    fn complete(&self, prompt: &str) -> String {
        prompt.to_uppercase()
    }
}

struct Assistant<M> {
    model: M,
    calls: AtomicUsize,
}

#[derive(serde::Serialize)]
struct Rating(usize);

impl<M: Model> Assistant<M> {
    /// Answers.
    #[action(reads = [question], writes = [answer])]
    pub(crate) async fn answer(&self, state: State, _step: &Step, suffix: Option<String>) -> Result<State, Fault> {
        let answer = self.model.complete(state["question"].as_str().unwrap_or_default());
        self.calls.fetch_add(1, Ordering::Relaxed);
        Ok(state.set("answer", answer + suffix.as_deref().unwrap_or_default()))
    }

    #[action(reads = [answer], writes = [rating], reduce = Self::keep)]
    fn rate(&self, state: &State) -> Result<Rating, Fault> {
        Ok(Rating(state.get::<String>("answer")?.len()))
    }

    fn keep(rating: &Rating, state: State) -> State {
        state.set("rating", rating.0)
    }

    #[action]
    #[cfg(not(test))]
    fn elsewhere(&self, state: State) -> State {
        state
    }

    #[action(writes = [question])]
    fn ask(state: State, question: String) -> State {
        state.set("question", question)
    }
}

#[test]
fn a_method_shares_what_it_belongs_to() {
    let assistant = Arc::new(Assistant { model: Shout, calls: AtomicUsize::new(0) });
    let answer = assistant.answer();
    assert_eq!(&*answer.spec().name, "answer");
    let code = answer.spec().code.clone().unwrap();
    assert!(code.contains("\npub(crate) async fn answer(&self, state: State,"), "{code}");
    assert!(
        code.ends_with("\n    Ok(state.set(\"answer\", answer + suffix.as_deref().unwrap_or_default()))\n}"),
        "{code}"
    );
    let asked = state! { question: "why?" };
    assert_eq!(answer.call(&asked).blocking().unwrap().state["answer"], "WHY?");
    assert_eq!(answer.call(&asked).input("suffix", "!").blocking().unwrap().state["answer"], "WHY?!");
    assert_eq!(assistant.calls.load(Ordering::Relaxed), 2);
}

#[test]
fn methods_stand_in_graphs_beside_functions() {
    let assistant = Arc::new(Assistant { model: Shout, calls: AtomicUsize::new(0) });
    let graph = Graph::new([assistant.answer(), assistant.rate()])
        .action(Assistant::<Shout>::ask)
        .edge(Assistant::<Shout>::ask, "answer")
        .edge(assistant.answer(), assistant.rate())
        .entry("ask");
    assert!(graph.build().unwrap().node("rate").is_some());
}

#[test]
fn the_second_phase_may_be_of_the_same_type() {
    let assistant = Arc::new(Assistant { model: Shout, calls: AtomicUsize::new(0) });
    let outcome = assistant.rate().call(&state! { answer: "WHY?" }).blocking().unwrap();
    assert_eq!(outcome.state["rating"], 4);
    assert_eq!(outcome.result.unwrap().as_i64(), Some(4));
}
