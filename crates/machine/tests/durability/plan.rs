//! Machines made of numbers, and what is done with them from outside.

use trackway_machine::{Application, Fault, Graph, Node, State, Step, action, state, when};

/// A machine, and what somebody does with it besides taking steps. Whatever happens to the program, the same plan leads
/// to the same steps.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) actions: Vec<Deed>,
    /// For each action, below which total it leads where; otherwise to the next.
    pub(crate) leaps: Vec<(i64, usize)>,
    /// The totals at which the state is set by hand.
    pub(crate) edits: Vec<i64>,
    /// The totals at which the machine goes back to its entry point.
    pub(crate) resets: Vec<i64>,
}

/// What an action does, besides counting.
#[derive(Debug, Clone)]
pub(crate) enum Deed {
    Count,
    /// Says so many words in a chat.
    Chat(usize),
    /// Changes a text somewhere.
    Write,
    /// Gives a result, later.
    Answer,
    /// Fails in every step with a number that this divides.
    Fail(i64),
}

impl Plan {
    pub(crate) fn beginning() -> State {
        state! { total: 0, chat: ["hello"], text: "a text that is long enough to be changed in the middle of it" }
    }

    pub(crate) fn graph(&self, inside: fn(&Step)) -> Graph {
        let name = |at: usize| format!("a{}", at % self.actions.len());
        let nodes = self.actions.iter().enumerate().map(|(at, deed)| deed.node(&name(at), inside));
        let mut graph = Graph::new(nodes).entry(&*name(0));
        for (at, (below, to)) in self.leaps.iter().enumerate() {
            graph = graph.edge_if(&*name(at), &*name(*to), when("total").lt(*below));
            graph = graph.otherwise(&*name(at), &*name(at + 1));
        }
        graph.build().unwrap()
    }

    /// Goes on until the step before that number has ended.
    pub(crate) fn go_on(&self, app: &mut Application, until: i64, mut done: impl FnMut(&Application)) {
        loop {
            self.interfere(app);
            let failed = app.step().blocking().err();
            assert!(failed.is_none_or(|error| error.chain().ends_with("no luck")));
            done(app);
            if app.sequence().unwrap() + 1 >= until {
                return;
            }
        }
    }

    /// Does what is due and was not done yet, as the state tells.
    fn interfere(&self, app: &mut Application) {
        let total: i64 = app.state().get("total").unwrap();
        let is_due = |app: &Application, totals: &[i64], field: &str| {
            let done = app.state().get::<Vec<i64>>(field).unwrap_or_default();
            totals.contains(&total) && !done.contains(&total)
        };
        if is_due(app, &self.resets, "resets") {
            app.reset_to_entrypoint();
            app.update_state(app.state().append("resets", total)).unwrap();
        }
        if is_due(app, &self.edits, "edits") {
            app.update_state(app.state().append("edits", total)).unwrap();
        }
    }
}

impl Deed {
    fn node(&self, name: &str, inside: fn(&Step)) -> Node {
        let draft = action(name).reads(["total", "text"]);
        match *self {
            Self::Count => draft.writes(["total"]).run_sync(move |state: State, step: &Step| {
                inside(step);
                state.increment("total", 1)
            }),
            Self::Chat(words) => draft.writes(["total", "chat"]).run_sync(move |state: State, step: &Step| {
                inside(step);
                let said = format!("{} ", step.sequence()).repeat(words);
                state.append("chat", state! { role: "user", content: said }).increment("total", 1)
            }),
            Self::Write => draft.writes(["total", "text"]).run_sync(move |state: State, step: &Step| {
                inside(step);
                let text: String = state.get("text")?;
                let middle = text.len() / 2;
                let text = format!("{}<{}>{}", &text[..middle], step.sequence(), &text[middle..]);
                Ok::<_, Fault>(state.set("text", text).increment("total", 1))
            }),
            Self::Answer => draft.writes(["total"]).run(move |state: State, step: Step| async move {
                inside(&step);
                step.attribute("model", "small");
                (step.sequence(), state.increment("total", 1))
            }),
            Self::Fail(every) => draft.writes(["total"]).run_sync(move |state: State, step: &Step| {
                inside(step);
                let state = state.increment("total", 1);
                if step.sequence() % every == 0 { Err(Fault::from("no luck")) } else { Ok(state) }
            }),
        }
    }
}
