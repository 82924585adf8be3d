//! The thread of a lane.

use std::{
    any::Any,
    mem,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{Arc, PoisonError},
    task::Waker,
    thread,
    time::{Duration, Instant},
};

use trackway_model::Text;

use super::queue::{Item, Phase, Queue, Shared};
use crate::{
    Fact, Fault, Panicked,
    error::chain,
    tracker::{Sink, ticket::Ticket},
};

/// How long the thread dozes where there was news lately: until then nobody has to wake it, which costs a system call.
const NAP: Duration = Duration::from_millis(1);
/// How long after the last news it goes on so.
const LATELY: Duration = Duration::from_millis(100);
/// The longest time until what was taken is made durable, if nobody waits for it.
const SYNC: Duration = Duration::from_millis(200);

/// Takes facts from the queue to the sink.
pub(super) struct Worker {
    shared: Arc<Shared>,
    sink: Box<dyn Sink>,
    /// What the sink has taken since it was last made durable.
    unsynced: Vec<Portion>,
    /// When the oldest of that was taken.
    oldest: Option<Instant>,
    /// Facts that were given to the sink, or left out.
    written: u64,
    last_news: Instant,
}

/// Facts in a row of one application object.
struct Portion {
    ticket: Arc<Ticket>,
    facts: u64,
    ends: u64,
}

enum Task {
    Write(Vec<Item>),
    Sync,
    End,
}

impl Worker {
    pub(super) fn new(shared: Arc<Shared>, sink: Box<dyn Sink>) -> Self {
        Self { shared, sink, unsynced: Vec::new(), oldest: None, written: 0, last_news: Instant::now() }
    }

    pub(super) fn run(mut self) {
        let shared = self.shared.clone();
        shared.lock().thread = Some(thread::current().id());
        let panicked = catch_unwind(AssertUnwindSafe(|| self.work())).err();
        let lost = mem::take(&mut self.unsynced);
        let _ = catch_unwind(AssertUnwindSafe(|| drop(self))); // A sink that panics at its end has nothing more to do.
        let told = |panic: Box<dyn Any + Send>| Text::from(format!("it {}", Panicked::of(&*panic)));
        let why = panicked.map_or(Text::literal("it is at its end"), told);
        for portion in lost {
            shared.fail(&portion.ticket, why.clone());
        }
        let mut queue = shared.lock();
        let left = queue.close(why.clone());
        queue.has_ended = true;
        drop(queue);
        left.settle(&shared, &why);
    }

    fn work(&mut self) {
        loop {
            match self.next_task() {
                Task::Write(items) => self.write(items),
                Task::Sync => self.sync(),
                Task::End => return,
            }
        }
    }

    /// Waits for something to do.
    fn next_task(&mut self) -> Task {
        let shared = self.shared.clone();
        let mut queue = shared.lock();
        loop {
            queue.is_called = false;
            if !queue.items.is_empty() {
                self.last_news = Instant::now();
                // Spares the next facts the growth of a new list.
                let room = Vec::with_capacity(queue.items.len());
                return Task::Write(mem::replace(&mut queue.items, room));
            }
            if self.is_to_sync(&queue) {
                return Task::Sync;
            }
            if !matches!(queue.phase, Phase::Open) {
                return Task::End;
            }
            let pause = if self.last_news.elapsed() < LATELY { Some(NAP) } else { self.until_sync() };
            queue.is_asleep = pause.is_none_or(|pause| pause > NAP);
            queue = match pause {
                Some(pause) => shared.news.wait_timeout(queue, pause).unwrap_or_else(PoisonError::into_inner).0,
                None => shared.news.wait(queue).unwrap_or_else(PoisonError::into_inner),
            };
            queue.is_asleep = false;
        }
    }

    fn is_to_sync(&self, queue: &Queue) -> bool {
        let is_waited_for = queue.wanted > queue.settled || !matches!(queue.phase, Phase::Open);
        !self.unsynced.is_empty() && (is_waited_for || self.until_sync().is_some_and(|left| left.is_zero()))
    }

    /// Returns the time until the oldest fact is to be durable.
    fn until_sync(&self) -> Option<Duration> {
        self.oldest.map(|oldest| SYNC.saturating_sub(oldest.elapsed()))
    }

    fn write(&mut self, items: Vec<Item>) {
        let (count, bytes) = (items.len(), items.iter().map(|item| item.bytes).sum());
        let (mut entries, mut portions) = (Vec::with_capacity(count), Vec::with_capacity(count));
        for Item { ticket, entry, .. } in items {
            // The end of an application object frees what a sink holds for it, whatever became of the rest.
            if ticket.failure().is_none() || matches!(entry.fact, Fact::Closed) {
                let ends = u64::from(matches!(entry.fact, Fact::Ended(_)));
                portions.push(Portion { ticket, facts: 1, ends });
                entries.push(entry);
            }
        }
        if !entries.is_empty() {
            match catch_unwind(AssertUnwindSafe(|| self.sink.write(entries))) {
                Ok(outcomes) => self.sort(portions, outcomes),
                Err(panic) => {
                    self.unsynced.append(&mut portions);
                    resume_unwind(panic);
                }
            }
        }
        self.written += count as u64;
        let mut queue = self.shared.lock();
        let room = queue.release(count, bytes);
        if self.unsynced.is_empty() {
            queue.settled = self.written;
        }
        drop(queue);
        room.into_iter().for_each(Waker::wake);
        self.shared.done.notify_all();
    }

    /// Notes of each fact what became of it.
    fn sort(&mut self, portions: Vec<Portion>, outcomes: Vec<Result<(), Fault>>) {
        let mut outcomes = outcomes.into_iter();
        for portion in portions {
            let silence = || Err("it did not say what became of a fact".into());
            match outcomes.next().unwrap_or_else(silence) {
                Ok(()) => self.taken(portion),
                Err(error) => self.shared.fail(&portion.ticket, chain(&*error).into()),
            }
        }
    }

    fn taken(&mut self, portion: Portion) {
        self.oldest.get_or_insert_with(Instant::now);
        match self.unsynced.last_mut().filter(|last| Arc::ptr_eq(&last.ticket, &portion.ticket)) {
            Some(last) => {
                last.facts += portion.facts;
                last.ends += portion.ends;
            }
            None => self.unsynced.push(portion),
        }
    }

    fn sync(&mut self) {
        let outcome = self.sink.sync();
        for Portion { ticket, facts, ends } in mem::take(&mut self.unsynced) {
            match &outcome {
                Ok(()) => ticket.keep(facts, ends),
                Err(error) => self.shared.fail(&ticket, chain(&**error).into()),
            }
        }
        self.oldest = None;
        self.shared.lock().settled = self.written;
        self.shared.done.notify_all();
    }
}
