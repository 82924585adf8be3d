//! What the tests share: graphs, a tracker and a hook that note what they hear.

use std::{
    fmt::Write,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

use trackway_machine::{
    Choice, Entry, Event, Fact, Fault, Graph, Hook, Reaction, State, Value, action, state,
    tracker::{Lane, Sink},
    when,
};

/// Lines that somebody notes, and that a test reads.
#[derive(Clone, Default)]
pub(crate) struct Notes(Arc<Mutex<Vec<String>>>);

impl Notes {
    pub(crate) fn note(&self, line: impl Into<String>) {
        self.0.lock().unwrap().push(line.into());
    }

    /// Returns the lines so far, and forgets them.
    pub(crate) fn take(&self) -> String {
        let mut text = String::new();
        for line in self.0.lock().unwrap().drain(..) {
            writeln!(text, "{line}").unwrap();
        }
        text
    }

    /// Returns a tracker that notes every fact.
    pub(crate) fn tracker(&self) -> Lane {
        Lane::new("notes", Facts(self.clone()))
    }

    /// Returns a hook that notes every event.
    pub(crate) fn hook(&self, name: &'static str) -> impl Hook {
        let notes = self.clone();
        move |event: &Event<'_>| notes.note(format!("{name} {}", told(event)))
    }
}

struct Facts(Notes);

impl Sink for Facts {
    fn write(&mut self, entries: Vec<Entry>) -> Vec<Result<(), Fault>> {
        entries.iter().for_each(|entry| self.0.note(fact(&entry.fact)));
        entries.iter().map(|_| Ok(())).collect()
    }
}

fn fact(fact: &Fact) -> String {
    match fact {
        Fact::Opened(record) => format!("opened {:?}", record.graph.as_ref().unwrap().entrypoint.as_deref()),
        Fact::Placed(placed) => {
            let after = placed.after.map(|step| step.sequence);
            format!("placed after {after:?} next {:?} {}", placed.next.as_deref(), placed.state.to_json())
        }
        Fact::Begun(begun) => {
            let told = begun.span.map(|place| place.is_told_here);
            format!(
                "begun {}.{} {} {:?} told {told:?}",
                begun.step.sequence, begun.step.attempt, begun.action, begun.inputs
            )
        }
        Fact::Ended(ended) => {
            let outcome = match &ended.outcome {
                Ok(result) => result.as_ref().map_or("done".to_owned(), |result| format!("gave {}", result.to_json())),
                Err(failed) => format!("failed: {}", failed.text),
            };
            let chosen = ended.choice.as_ref().map(chosen).unwrap_or_default();
            format!("ended {} {outcome} {} {:?}{chosen}", ended.step.sequence, ended.state.to_json(), ended.changes)
        }
        Fact::Noted(noted) => format!("noted {} {}={}", noted.step.sequence, noted.key, noted.value.to_json()),
        Fact::Child(child) => format!("child {} of {:?}", child.child.app, child.sequence),
        Fact::Span(span) => {
            let ordinal = span.attributes.text("trackway.span.ordinal").unwrap_or_default().to_owned();
            format!("span {ordinal} {} {:?} {}", span.name, span.status.code, span.status.message)
        }
        Fact::Closed => "closed".to_owned(),
        other => format!("{other:?}"),
    }
}

fn chosen(choice: &Choice) -> String {
    let mut text = format!(" next {:?}", choice.next.as_deref());
    for tried in &*choice.tried {
        write!(text, " [{}: {:?}]", tried.condition, tried.held).unwrap();
    }
    text
}

pub(crate) fn told(event: &Event<'_>) -> String {
    let name = event.name();
    match event {
        Event::Created { run, next, state, .. } => format!("{name} {} {next:?} {}", run.project, state.to_json()),
        Event::BeforeCall { method, .. } => format!("{name} {method:?}"),
        Event::AfterCall { method, error, .. } => format!("{name} {method:?} {:?}", error.map(|error| error.chain())),
        Event::BeforeStep { step, state, .. } => {
            format!("{name} {} {} {:?} {}", step.sequence(), step.action(), step.inputs(), state.to_json())
        }
        Event::AfterStep { step, state, result, choice, error, .. } => {
            let (error, result) = (error.map(|error| error.chain()), result.map(Value::to_json));
            let next = choice.and_then(|choice| choice.next.as_deref());
            format!("{name} {} {} {result:?} {error:?} {next:?}", step.sequence(), state.to_json())
        }
        Event::SpanStarted { span, dependencies, .. } => {
            format!("{name} {} {} {dependencies:?}", span.uid(), span.name)
        }
        Event::SpanEnded { span, .. } => format!("{name} {}", span.uid()),
        Event::Attribute { span, key, value, .. } => {
            format!("{name} {} {key}={}", span.map(|span| span.uid()).unwrap_or_default(), value.to_json())
        }
        _ => name.to_owned(),
    }
}

/// Counts up to a limit, and is done.
pub(crate) fn counter() -> Graph {
    let count = action("count").reads(["n"]).writes(["n"]).tags(["work"]);
    let count = count.run_sync(|state: State, _| state.increment("n", 1));
    let done = action("done").reads(["n"]).run(|state: State, _| async move {
        let n: i64 = state.get("n")?;
        Ok::<_, Fault>((n, state))
    });
    Graph::new([count, done])
        .edge_if("count", "count", when("n").lt(3))
        .otherwise("count", "done")
        .entry("count")
        .build()
        .unwrap()
}

pub(crate) fn zero() -> State {
    state! { n: 0 }
}

/// Lets others go first, once.
pub(crate) fn pause() -> impl Future<Output = ()> + Send {
    let mut is_over = false;
    std::future::poll_fn(move |task| {
        if std::mem::replace(&mut is_over, true) {
            return Poll::Ready(());
        }
        task.waker().wake_by_ref();
        Poll::Pending
    })
}

/// Work that goes on when a test says so.
#[derive(Clone, Default)]
pub(crate) struct Gate(Arc<Mutex<(bool, Option<Waker>)>>);

impl Gate {
    pub(crate) fn open(&self) {
        let mut gate = self.0.lock().unwrap();
        gate.0 = true;
        if let Some(waker) = gate.1.take() {
            waker.wake();
        }
    }

    pub(crate) fn wait(&self) -> impl Future<Output = ()> + Send + use<> {
        let gate = self.0.clone();
        std::future::poll_fn(move |task: &mut Context<'_>| {
            let mut gate = gate.lock().unwrap();
            gate.1 = Some(task.waker().clone());
            if gate.0 { Poll::Ready(()) } else { Poll::Pending }
        })
    }
}

/// Polls work a few times, and drops it.
pub(crate) fn poll_and_drop<T>(work: impl Future<Output = T>) {
    let mut work: Pin<Box<dyn Future<Output = T> + '_>> = Box::pin(work);
    for _ in 0..3 {
        assert!(work.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
}

/// A hook whose reactions come later.
pub(crate) struct Slow(pub(crate) Notes);

impl Hook for Slow {
    fn on<'a>(&'a self, event: &'a Event<'a>) -> Reaction<'a> {
        Reaction::later(async move {
            pause().await;
            self.0.note(format!("later {}", event.name()));
            Ok(())
        })
    }
}

/// Awaits work under a runtime.
pub(crate) fn on_tokio<T>(runtime: &mut tokio::runtime::Builder, work: impl Future<Output = T>) -> T {
    runtime.enable_all().build().unwrap().block_on(work)
}
