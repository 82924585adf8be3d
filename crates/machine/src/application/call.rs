//! What calls of an application have in common.

use serde::Serialize;
use trackway_model::Text;

use super::{Application, Stepped, Why};
use crate::{Error, Event, Halt, Halted, Inputs, Method, Value, halt::Places, tracing::CallPlace};

/// The inputs of a call, or why they are none.
#[derive(Debug)]
pub(super) struct Given(Result<Inputs, Error>);

impl Default for Given {
    fn default() -> Self {
        Self(Ok(Inputs::default()))
    }
}

impl Given {
    pub(super) fn add(&mut self, name: Text, value: &impl Serialize) {
        let Ok(inputs) = &self.0 else { return };
        self.0 = match Value::encode(value) {
            Ok(value) => Ok(inputs.with(&name, value)),
            Err(error) => Err(Error::Input { input: name, source: error }),
        };
    }

    pub(super) fn add_all(&mut self, more: &Inputs) {
        let Ok(inputs) = &mut self.0 else { return };
        for (name, value) in more {
            *inputs = inputs.with(name, value.clone());
        }
    }

    /// Returns the inputs.
    ///
    /// # Errors
    /// When one cannot be encoded, or no action of the graph takes it.
    fn within(&mut self, app: &Application) -> Result<Inputs, Error> {
        let inputs = std::mem::replace(&mut self.0, Ok(Inputs::default()))?;
        let takes = || app.graph.nodes().flat_map(|node| node.spec().inputs.iter().chain(&node.spec().optional_inputs));
        for input in inputs.names() {
            if !takes().any(|name| name == input) {
                let mut known: Vec<Text> = takes().cloned().collect();
                known.sort();
                known.dedup();
                return Err(Error::UnknownInput { input: input.clone(), known });
            }
        }
        Ok(inputs)
    }
}

/// A call of an application, from its beginning to its end.
pub(super) struct Call<'a> {
    pub(super) app: &'a mut Application,
    method: Method,
    given: Given,
    until: Halt,
    course: Option<Course>,
    halted: Option<Halted>,
    /// True once hooks are told that it begins.
    has_begun: bool,
    /// True while a step is being taken, and after it was given up.
    is_busy: bool,
    is_ended: bool,
}

/// A call that has begun.
struct Course {
    place: CallPlace,
    inputs: Inputs,
    places: Places,
}

impl<'a> Call<'a> {
    pub(super) fn new(app: &'a mut Application, method: Method, until: Halt) -> Self {
        Self {
            app,
            method,
            given: Given::default(),
            until,
            course: None,
            halted: None,
            has_begun: false,
            is_busy: false,
            is_ended: false,
        }
    }

    pub(super) fn given(&mut self) -> &mut Given {
        &mut self.given
    }

    /// Returns where the call stopped, once it did.
    pub(super) fn halted(&self) -> Option<&Halted> {
        self.halted.as_ref()
    }

    pub(super) fn take_halted(&mut self) -> Option<Halted> {
        self.halted.take()
    }

    /// Takes one step, unless the call has stopped.
    pub(super) async fn advance(&mut self) -> Result<Option<Stepped>, Error> {
        if self.is_ended {
            return Ok(None);
        }
        let course = match self.course.take() {
            Some(course) => Ok(course),
            None => self.begin().await,
        };
        let stepped = match course {
            Ok(course) => {
                // Kept where the call finds it when this future is dropped.
                let course = self.course.insert(course);
                self.is_busy = true;
                let stepped = self.app.take_step(&course.inputs, &course.place).await;
                self.is_busy = false;
                stepped
            }
            Err(error) => Err(error),
        };
        match stepped {
            Ok(stepped) => {
                self.halted = self.halted_after(stepped.as_ref());
                if self.halted.is_some() || self.method == Method::Step {
                    self.end(None).await?;
                }
                Ok(stepped)
            }
            Err(error) => {
                // What the call failed with counts, whatever a hook thinks of it.
                let _ = self.end(Some(&error)).await;
                Err(error)
            }
        }
    }

    async fn begin(&mut self) -> Result<Course, Error> {
        let inputs = self.given.within(self.app)?;
        let places = self.until.within(&self.app.graph)?;
        let place = CallPlace::begin(&self.app.around, self.method, &mut self.app.follows);
        let course = Course { place, inputs, places };
        self.has_begun = true;
        let around = &self.app.around;
        if !around.hooks.is_empty() {
            std::future::poll_fn(|context| around.deliveries.poll(Some(context))).await;
            let created = around.deliveries.failure_in(None).map_or(Ok(()), Err);
            let event = Event::BeforeCall { run: &around.run, method: self.method, state: &self.app.state };
            let told = around.hooks.tell(event).await;
            created.and(told).inspect_err(|error| course.place.end(Some(error)))?;
        }
        Ok(course)
    }

    async fn end(&mut self, error: Option<&Error>) -> Result<(), Error> {
        self.is_ended = true;
        if let Some(course) = &self.course {
            course.place.end(error);
        }
        let Application { around, state, .. } = &*self.app;
        if around.hooks.is_empty() || !self.has_begun {
            return Ok(());
        }
        around.hooks.tell(Event::AfterCall { run: &around.run, method: self.method, state, error }).await
    }

    /// Returns where the call stops, now that it has taken that step.
    fn halted_after(&self, stepped: Option<&Stepped>) -> Option<Halted> {
        let app = &*self.app;
        let state = app.state.clone();
        let Some(stepped) = stepped else {
            let action = app.current_action().map(Text::from).unwrap_or_default();
            return Some(Halted { action, result: None, state, why: Why::NothingLeft });
        };
        let places = &self.course.as_ref()?.places;
        let done =
            |why| Halted { action: stepped.action.clone(), result: stepped.result.clone(), state: state.clone(), why };
        match app.next_action() {
            Some(next) if places.is_before(next) => {
                Some(Halted { action: next.into(), result: None, state, why: Why::Before })
            }
            _ if places.is_after(&stepped.action) => Some(done(Why::After)),
            None => Some(done(Why::NothingLeft)),
            Some(_) => None,
        }
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        if self.is_ended || !self.has_begun {
            return;
        }
        self.is_ended = true;
        let Application { around, state, last, .. } = &*self.app;
        // Between two steps nothing is given up: whoever iterates may stop there.
        let given_up = last.as_ref().filter(|_| self.is_busy);
        let error = given_up.map(|last| Error::Cancelled { action: last.action.clone(), step: last.step });
        let error = error.as_ref();
        if let Some(course) = &self.course {
            course.place.end(error);
        }
        around.hooks.tell_now(Event::AfterCall { run: &around.run, method: self.method, state, error });
    }
}
