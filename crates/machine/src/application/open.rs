//! A step while it is open.

use std::{
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind},
    task::{Context, Poll},
};

use trackway_model::{Text, Timestamp};

use super::{Application, Last, Stepped, Surroundings, Upcoming};
use crate::{
    Begun, Choice, Ended, Error, Event, Fact, Failed, Fault, Inputs, Left, Node, Outcome, State, Step, Value, Work,
    error::{Panicked, chain},
    tracing::{self, CallPlace},
};

/// A step while it is open. Dropped before its end, it has been cancelled.
pub(super) struct Open<'a> {
    app: &'a mut Application,
    step: Step,
    begun: Timestamp,
    is_closed: bool,
    /// What hooks are to hear of its end, from when it is closed until they are told.
    unheard: Option<Closed>,
}

/// What an action did.
pub(super) struct Done {
    result: Option<Value>,
    left: Left,
}

impl<'a> Open<'a> {
    pub(super) fn begin(app: &'a mut Application, node: &Node, inputs: Inputs, place: &CallPlace) -> Self {
        let (key, action) = (app.upcoming, node.name().clone());
        let begun = place.now();
        let placement = place.step(&app.around, key, &action, begun, app.follows.take());
        let step = Step::new(app.around.clone(), key, action, inputs, node.bound().clone(), placement);
        Self { app, step, begun, is_closed: false, unheard: None }
    }

    /// Tells trackers and hooks that the step begins.
    ///
    /// # Errors
    /// When that is to be taken seriously.
    pub(super) async fn announce(&mut self) -> Result<(), Error> {
        let Self { app, step, begun, .. } = self;
        if !app.tracking.is_empty() {
            let begun = Begun {
                step: step.key(),
                action: step.action().clone(),
                time: *begun,
                inputs: step.inputs().clone(),
                span: step.place().told,
            };
            app.tracking.tell(Fact::Begun(begun)).await?;
        }
        app.around.hooks.tell(Event::BeforeStep { step, state: &app.state }).await
    }

    /// Has the action do its work.
    pub(super) async fn work(&self, node: &Node) -> Result<Done, Error> {
        let failed = |source| Error::Action { action: self.step.action().clone(), step: self.step.key(), source };
        let state = self.app.state.enter(node.spec());
        let kept = state.clone();
        let outcome = self.outcome(node, state).await.map_err(failed)?;
        let left = State::leave(&kept, outcome.state, node.spec()).map_err(|error| failed(error.into()))?;
        let written = node.spec().writes.iter().map(|name| &**name).filter(|name| left.state.contains(name));
        self.app.graph.check_fields(&left.state, written).map_err(|error| failed(error.into()))?;
        Ok(Done { result: outcome.result, left })
    }

    async fn outcome(&self, node: &Node, state: State) -> Result<Outcome, Fault> {
        let step = &self.step;
        let around = &*self.app.around;
        let mut state = Some(state);
        let mut work: Option<Work<'_>> = None;
        poll_fn(|task| {
            if let Some(state) = state.take() {
                match inside(step, || node.run(state, step)) {
                    Ok(begun) => work = Some(begun),
                    Err(panicked) => return Poll::Ready(Err(panicked.into())),
                }
            }
            let polled = match work.as_mut() {
                Some(work) => inside(step, || work.as_mut().poll(task)),
                None => Ok(Poll::Pending),
            };
            let polled = match polled {
                Ok(polled) => polled,
                Err(panicked) => Poll::Ready(Err(panicked.into())),
            };
            if polled.is_ready()
                && let Some(work) = work.take()
                && let Err(panicked) = inside(step, || drop(work))
            {
                return Poll::Ready(Err(panicked.into()));
            }
            attend(around, task);
            polled
        })
        .await
    }

    /// Ends the step: takes over what the action did, and tells everybody.
    ///
    /// # Errors
    /// Why the step failed, or what went wrong at its end.
    pub(super) async fn end(mut self, outcome: Result<Done, Error>) -> Result<Stepped, Error> {
        let around = self.app.around.clone();
        let mut outcome = outcome;
        let time = self.now();
        if !around.hooks.is_empty() {
            poll_fn(|task| around.deliveries.poll(Some(task))).await;
            if let Some(error) = around.deliveries.failure_in(Some(self.step.key())) {
                outcome = outcome.and(Err(error));
            }
        }
        let mut closed = self.close(outcome, time);
        let fact = closed.fact.take();
        // Kept where it is found when this future is dropped.
        self.unheard = Some(closed);
        let app = &mut *self.app;
        let mut told = Ok(());
        if let Some(ended) = fact {
            told = app.tracking.tell(ended).await;
            if told.is_ok() {
                told = app.tracking.settle().await;
            }
        }
        let closed = self.unheard.take().unwrap_or_default();
        let heard = around.hooks.tell(closed.event(&self.step, &app.state)).await;
        if let Some(error) = closed.error {
            return Err(error);
        }
        told?;
        heard?;
        if let Upcoming::Unclear(undecided) = &app.next {
            return Err(app.unclear(undecided));
        }
        Ok(Stepped {
            step: self.step.key(),
            action: self.step.action().clone(),
            result: closed.result,
            state: app.state.clone(),
            next: app.next_action().map(Text::from),
        })
    }

    /// Returns the time; no step ends before it began, whatever was done to the clock.
    fn now(&self) -> Timestamp {
        self.step.tracer().now().max(self.begun)
    }

    /// Takes over what the action did. The application has made the step when this returns.
    fn close(&mut self, outcome: Result<Done, Error>, time: Timestamp) -> Closed {
        self.is_closed = true;
        let Self { app, step, begun, .. } = self;
        app.steps += 1;
        app.upcoming.sequence += 1;
        app.upcoming.attempt = 0;
        let leads_on = outcome.is_ok();
        app.last = Some(Last { step: step.key(), action: step.action().clone(), leads_on });
        let mut closed = Closed::default();
        let mut changes = Some(Vec::new());
        match outcome {
            Ok(Done { result, left }) => {
                app.state = left.state;
                changes = left.changes;
                closed.choice = app.choose();
                closed.result = result;
            }
            Err(error) => {
                app.failed_steps += 1;
                closed.error = Some(error);
            }
        }
        tracing::end(&step.place().span, time, closed.error.as_ref());
        if !app.tracking.is_empty() {
            let ended = Ended {
                step: step.key(),
                action: step.action().clone(),
                begun: *begun,
                time,
                outcome: closed.outcome(),
                state: app.state.clone(),
                changes,
                choice: closed.choice.clone(),
                span: step.place().told,
            };
            closed.fact = Some(Fact::Ended(Box::new(ended)));
        }
        closed
    }
}

/// A step that has ended.
#[derive(Default)]
struct Closed {
    result: Option<Value>,
    choice: Option<Choice>,
    error: Option<Error>,
    fact: Option<Fact>,
}

impl Closed {
    fn outcome(&self) -> Result<Option<Value>, Failed> {
        match &self.error {
            None => Ok(self.result.clone()),
            Some(Error::Action { source, .. }) => Err(Failed { text: chain(&**source).into() }),
            Some(Error::Cancelled { .. }) => Err(Failed { text: Text::literal("cancelled") }),
            Some(error) => Err(Failed { text: chain(error).into() }),
        }
    }

    fn event<'e>(&'e self, step: &'e Step, state: &'e State) -> Event<'e> {
        let (result, choice, error) = (self.result.as_ref(), self.choice.as_ref(), self.error.as_ref());
        Event::AfterStep { step, state, result, choice, error }
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        if let Some(closed) = self.unheard.take() {
            self.app.around.hooks.tell_now(closed.event(&self.step, &self.app.state));
        }
        if self.is_closed {
            return;
        }
        let time = self.now();
        let cancelled = Error::Cancelled { action: self.step.action().clone(), step: self.step.key() };
        let mut closed = self.close(Err(cancelled), time);
        if let Some(ended) = closed.fact.take() {
            self.app.tracking.tell_now(ended);
        }
        self.app.around.hooks.tell_now(closed.event(&self.step, &self.app.state));
    }
}

/// Calls a part of the action, in the step's place; its panic is its failure.
fn inside<R>(step: &Step, work: impl FnOnce() -> R) -> Result<R, Panicked> {
    let _scope = step.inner_context().attach();
    catch_unwind(AssertUnwindSafe(work)).map_err(|payload| Panicked::of(&*payload))
}

/// Has hooks go on with what they have to do while the step goes on.
fn attend(around: &Surroundings, task: &mut Context<'_>) {
    if !around.hooks.is_empty() {
        let _ = around.deliveries.poll(Some(task)); // What is left wakes the task.
    }
}
