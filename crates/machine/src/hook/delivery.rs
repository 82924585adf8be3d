//! Telling hooks what happens while the work goes on.

use std::{
    collections::VecDeque,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use trackway_model::{AppRecord, RunKey, StepKey, Text};

use super::{Caught, Event, Hooks, Reaction, call};
use crate::{ActionSpan, Error, State, Step, Value};

/// What happened where nobody can wait for the hooks: inside a step, and when the application was built.
#[derive(Debug)]
pub(crate) enum Happened {
    Created(Arc<RunKey>, Arc<AppRecord>, State, Option<Text>),
    Started(Step, Arc<ActionSpan>, Vec<Text>),
    Ended(Step, Arc<ActionSpan>),
    Noted(Step, Option<Arc<ActionSpan>>, Text, Value),
}

impl Happened {
    fn event(&self) -> Event<'_> {
        match self {
            Self::Created(run, record, state, next) => Event::Created { run, record, state, next: next.as_deref() },
            Self::Started(step, span, dependencies) => Event::SpanStarted { step, span, dependencies },
            Self::Ended(step, span) => Event::SpanEnded { step, span },
            Self::Noted(step, span, key, value) => Event::Attribute { step, span: span.as_deref(), key, value },
        }
    }

    fn step(&self) -> Option<StepKey> {
        match self {
            Self::Created(..) => None,
            Self::Started(step, ..) | Self::Ended(step, ..) | Self::Noted(step, ..) => Some(step.key()),
        }
    }
}

/// Hands events of a running step to the hooks, one after another.
///
/// Whoever causes an event hands it over there and then, unless an earlier one is not done; what hooks have to do later is
/// polled by the step's own task alone, where the runtime is that it may need.
#[derive(Default)]
pub(crate) struct Deliveries {
    queue: Mutex<Queue>,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Delivery>,
    /// True while somebody polls the first one, which is not in the queue then.
    is_busy: bool,
    /// True while the first one waits for what a hook does later, which is for the step's task to go on with.
    is_handed_over: bool,
    /// The step's task.
    task: Option<Waker>,
    /// True while the step's task waits for whoever is busy.
    is_awaited: bool,
    /// What a strict hook failed with, and in which step.
    failure: Option<(Option<StepKey>, Error)>,
    is_closed: bool,
}

type Delivery = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Deliveries {
    /// Hands an event over; the hooks have heard of it when this returns, unless others are being told something.
    pub(crate) fn push(self: &Arc<Self>, hooks: &Arc<Hooks>, happened: Happened) {
        let delivery = deliver(hooks.clone(), self.clone(), happened);
        {
            let mut queue = self.lock();
            if queue.is_closed {
                drop(queue); // The delivery knows this queue.
                return;
            }
            queue.waiting.push_back(Box::pin(delivery));
        }
        let _ = self.poll(None); // The step's task does what is left.
    }

    /// Hands over what waits; pending while something is left to do. Without a task only what needs none is done.
    pub(crate) fn poll(&self, mut task: Option<&mut Context<'_>>) -> Poll<()> {
        loop {
            let mut first = {
                let mut queue = self.lock();
                if let Some(task) = &task {
                    queue.remember(task.waker());
                }
                if queue.is_busy || (queue.is_handed_over && task.is_none()) {
                    queue.is_awaited |= task.is_some();
                    return Poll::Pending;
                }
                let Some(first) = queue.waiting.pop_front() else {
                    let waker = if task.is_none() && queue.is_awaited { queue.task.clone() } else { None };
                    queue.is_awaited = false;
                    drop(queue);
                    waker.into_iter().for_each(Waker::wake);
                    return Poll::Ready(());
                };
                queue.is_busy = true;
                first
            };
            let polled = match &mut task {
                Some(task) => first.as_mut().poll(task),
                None => first.as_mut().poll(&mut Context::from_waker(Waker::noop())),
            };
            let mut queue = self.lock();
            queue.is_busy = false;
            queue.is_handed_over = polled.is_pending();
            if polled.is_ready() {
                drop(queue);
                continue;
            }
            if !queue.is_closed {
                queue.waiting.push_front(first);
            }
            let waker = if task.is_none() { queue.task.clone() } else { None };
            drop(queue);
            waker.into_iter().for_each(Waker::wake);
            return Poll::Pending;
        }
    }

    /// Returns what a strict hook failed with in that step; without one, when the application was built.
    pub(crate) fn failure_in(&self, step: Option<StepKey>) -> Option<Error> {
        let failure = self.lock().failure.take();
        failure.and_then(|(failed, error)| (failed == step).then_some(error))
    }

    /// Gives up what waits, and takes no more.
    pub(crate) fn close(&self) {
        let mut queue = self.lock();
        queue.is_closed = true;
        let waiting = std::mem::take(&mut queue.waiting);
        drop(queue);
        drop(waiting); // Without the lock, since each of them knows this queue.
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn remember(&mut self, task: &Waker) {
        if !self.task.as_ref().is_some_and(|known| known.will_wake(task)) {
            self.task = Some(task.clone());
        }
    }
}

async fn deliver(hooks: Arc<Hooks>, deliveries: Arc<Deliveries>, happened: Happened) {
    let event = happened.event();
    let mut failure = None;
    for listener in &hooks.hooks {
        let done = match call(&*listener.hook, &event) {
            Reaction::Done(done) => done,
            Reaction::Later(work) => {
                HandOver::default().await;
                Caught(work).await
            }
        };
        hooks.note(listener, event.name(), done, &mut failure);
    }
    if let Some(error) = failure {
        deliveries.lock().failure.get_or_insert((happened.step(), error));
    }
}

/// Leaves the rest to the step's task.
#[derive(Default)]
struct HandOver {
    is_done: bool,
}

impl Future for HandOver {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.is_done, true) {
            return Poll::Ready(());
        }
        task.waker().wake_by_ref();
        Poll::Pending
    }
}
