//! Actions as they stand in a graph.

use std::{fmt, sync::Arc};

use serde::Serialize;
use trackway_model::Text;

use crate::{Action, Call, Declared, Function, Inputs, Spec, State, Step, Value, Work};

/// An action as it stands in a graph: under a name of its own, with some inputs bound, with more tags.
///
/// ```
/// use trackway_machine::{Graph, State, action};
///
/// #[action(writes = [prompt])]
/// fn ask(state: State, prompt: String) -> State {
///     state.set("prompt", prompt)
/// }
///
/// let greet = ask().bind("prompt", "hello").named("greet").tagged("start");
/// assert_eq!(greet.spec().inputs.len(), 0);
/// let graph = Graph::new([ask]).action(&greet).entry(&greet).edge(&greet, ask).build()?;
/// # Ok::<(), trackway_machine::GraphErrors>(())
/// ```
#[derive(Clone)]
pub struct Node {
    spec: Arc<Spec>,
    action: Arc<dyn Action>,
    bound: Inputs,
    mistakes: Vec<Text>,
}

impl Node {
    /// Makes a node of an action, under the action's own name.
    pub fn new(action: impl Action) -> Self {
        Self::of(Arc::new(action))
    }

    /// Makes a node of an action that others hold too.
    pub fn of(action: Arc<dyn Action>) -> Self {
        Self { spec: Arc::new(action.spec().clone()), action, bound: Inputs::default(), mistakes: Vec::new() }
    }

    /// Returns what the action is called here, what it touches, and what it must be given still.
    pub fn spec(&self) -> &Arc<Spec> {
        &self.spec
    }

    /// Returns what the action is called here.
    pub fn name(&self) -> &Text {
        &self.spec.name
    }

    /// Returns the inputs that are bound.
    pub fn bound(&self) -> &Inputs {
        &self.bound
    }

    /// Returns what is wrong with how this node was made, in sentences; a graph that holds it is not built.
    pub fn mistakes(&self) -> &[Text] {
        &self.mistakes
    }

    /// Gives the action another name, so that it can stand in a graph twice.
    #[must_use]
    pub fn named(mut self, name: impl Into<Text>) -> Self {
        Arc::make_mut(&mut self.spec).name = name.into();
        self
    }

    /// Marks the action with one more tag.
    #[must_use]
    pub fn tagged(mut self, tag: impl Into<Text>) -> Self {
        let tag = tag.into();
        let spec = Arc::make_mut(&mut self.spec);
        if !spec.tags.contains(&tag) {
            spec.tags.push(tag);
        }
        self
    }

    /// Sets an input for good: nobody is asked for it any more.
    #[must_use]
    pub fn bind(mut self, name: impl Into<Text>, value: impl Serialize) -> Self {
        let name = name.into();
        if !self.takes(&name) {
            self.mistakes.push(self.no_input(&name));
            return self;
        }
        match Value::encode(&value) {
            Ok(value) => self.bound = self.bound.with(&name, value),
            Err(error) => {
                self.mistakes.push(format!("the input `{name}` cannot be bound: {error}").into());
            }
        }
        let spec = Arc::make_mut(&mut self.spec);
        spec.inputs.retain(|input| *input != name);
        spec.optional_inputs.retain(|input| *input != name);
        self
    }

    fn takes(&self, name: &Text) -> bool {
        let spec = &self.spec;
        spec.inputs.contains(name) || spec.optional_inputs.contains(name) || self.bound.contains(name)
    }

    fn no_input(&self, name: &Text) -> Text {
        let spec = &self.spec;
        let inputs = spec.inputs.iter().chain(&spec.optional_inputs).chain(self.bound.names());
        let inputs: Vec<String> = inputs.map(|input| format!("`{input}`")).collect();
        let takes =
            if inputs.is_empty() { "it takes none".to_owned() } else { format!("it takes {}", inputs.join(", ")) };
        format!("there is no input `{name}` to bind; {takes}").into()
    }

    /// Returns what the action takes of the inputs of a call; those that are bound are apart.
    ///
    /// # Errors
    ///
    /// The names of the inputs that it needs and that are missing.
    pub fn take(&self, given: &Inputs) -> Result<Inputs, Vec<Text>> {
        let mut inputs = Inputs::default();
        let mut missing = Vec::new();
        for name in &self.spec.inputs {
            match given.get(name) {
                Some(value) => inputs = inputs.with(name, value.clone()),
                None => missing.push(name.clone()),
            }
        }
        for name in &self.spec.optional_inputs {
            if let Some(value) = given.get(name) {
                inputs = inputs.with(name, value.clone());
            }
        }
        if missing.is_empty() { Ok(inputs) } else { Err(missing) }
    }

    /// Calls the action by hand, outside of every application.
    pub fn call(&self, state: &State) -> Call {
        Call::new(self.clone(), state.clone())
    }

    /// Does the action's work.
    pub fn run<'a>(&'a self, state: State, step: &'a Step) -> Work<'a> {
        self.action.run(state, step)
    }

    /// Makes a node of a method; what `#[action]` writes.
    #[doc(hidden)]
    pub fn method<T: Send + Sync + 'static>(
        owner: Arc<T>,
        declared: Declared,
        work: for<'a> fn(&'a T, State, &'a Step) -> Work<'a>,
    ) -> Self {
        Self::new(Method { spec: declared.into(), owner, work })
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node").field("spec", &self.spec).field("bound", &self.bound).finish_non_exhaustive()
    }
}

impl From<&Node> for Node {
    fn from(node: &Self) -> Self {
        node.clone()
    }
}

impl From<Function> for Node {
    fn from(function: Function) -> Self {
        Self::new(Pointed { spec: function.declared.into(), work: function.work })
    }
}

/// What `#[action]` leaves in the place of a function is a function that returns the action.
impl<F: Fn() -> Function> From<F> for Node {
    fn from(function: F) -> Self {
        function().into()
    }
}

struct Pointed {
    spec: Spec,
    work: fn(State, &Step) -> Work<'_>,
}

impl Action for Pointed {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn run<'a>(&'a self, state: State, step: &'a Step) -> Work<'a> {
        (self.work)(state, step)
    }
}

struct Method<T> {
    spec: Spec,
    owner: Arc<T>,
    work: for<'a> fn(&'a T, State, &'a Step) -> Work<'a>,
}

impl<T: Send + Sync + 'static> Action for Method<T> {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn run<'a>(&'a self, state: State, step: &'a Step) -> Work<'a> {
        (self.work)(&self.owner, state, step)
    }
}
