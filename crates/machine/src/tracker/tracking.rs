//! What one application object tells its trackers, and what became of each of them.

use std::{
    fmt,
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use trackway_model::{AppRecord, RunKey, Text};

use super::{
    Durability, OpenError, Opening, Tracker, TrackerError, TrackerReport,
    lane::{Push, Room},
    ticket::Ticket,
    timer::{self, Alarm},
};
use crate::{Entry, Error, Fact, error::chain};

/// The trackers of one application object: owner of their failures, of what they missed, and of the waiting.
///
/// Dropped, it tells them that the object is gone.
#[derive(Debug)]
pub(crate) struct Tracking {
    teller: Teller,
    durability: Durability,
    deadline: Duration,
    is_strict: bool,
}

/// Tells the trackers of an application, from any thread, without waiting.
#[derive(Clone)]
pub(crate) struct Teller {
    run: Arc<RunKey>,
    channels: Arc<[Channel]>,
}

/// One tracker, as one application object has it.
struct Channel {
    tracker: Arc<dyn Tracker>,
    ticket: Arc<Ticket>,
}

impl Tracking {
    /// Makes trackers ready for a run, and tells them of it.
    ///
    /// # Errors
    /// When another application object writes the run; and with `is_strict` when a tracker cannot be opened, which is
    /// otherwise reported only.
    pub(crate) fn open(
        trackers: Vec<(Arc<dyn Tracker>, Opening)>,
        durability: Durability,
        deadline: Duration,
        is_strict: bool,
        run: Arc<RunKey>,
        record: Arc<AppRecord>,
    ) -> Result<Self, Error> {
        let mut channels = Vec::with_capacity(trackers.len());
        for (tracker, how) in trackers {
            let channel = Channel { tracker, ticket: Arc::new(Ticket::new(run.clone())) };
            match channel.tracker.open(&run, &record, how) {
                Ok(()) => {}
                Err(OpenError::Failed(why)) if !is_strict => channel.fail(chain(&*why).into()),
                Err(error) => {
                    // Those that were opened before it are free for whoever comes next.
                    Teller { run: run.clone(), channels: channels.into() }.tell_now(Fact::Closed);
                    return Err(refusal(channel.tracker.name(), run, error));
                }
            }
            channels.push(channel);
        }
        let teller = Teller { run, channels: channels.into() };
        teller.tell_now(Fact::Opened(record));
        Ok(Self { teller, durability, deadline, is_strict })
    }

    /// Returns true when nobody wants to hear anything.
    pub(crate) fn is_empty(&self) -> bool {
        self.teller.channels.is_empty()
    }

    /// Tells a fact; waits for room, at most until the deadline. Where it is dropped before that, the fact is told all the same.
    ///
    /// # Errors
    /// Only of strict trackers: one has failed.
    pub(crate) async fn tell(&mut self, fact: Fact) -> Result<(), TrackerError> {
        let mut entry = Some(Entry { run: self.teller.run.clone(), fact });
        if let [channel] = &*self.teller.channels {
            channel.count(&entry);
            if channel.push(&mut entry, Room::Now) {
                return self.verdict();
            }
        } else {
            self.teller.channels.iter().for_each(|channel| channel.count(&entry));
        }
        self.wait_for_room(entry).await;
        self.verdict()
    }

    async fn wait_for_room(&self, entry: Option<Entry>) {
        let mut waiting = Waiting::new(self.teller.channels.clone(), entry);
        let mut clock = Clock::new(self.deadline);
        poll_fn(|context| {
            if waiting.push(context) {
                return Poll::Ready(());
            }
            clock.rings(context).map(|()| waiting.give_up(self.deadline))
        })
        .await;
    }

    /// Waits until all that was told is durable, with [`Durability::Step`]; at most until the deadline.
    ///
    /// # Errors
    /// Only of strict trackers: one has failed.
    pub(crate) async fn settle(&mut self) -> Result<(), TrackerError> {
        if self.durability == Durability::Step {
            self.wait().await;
        }
        self.verdict()
    }

    /// Waits until all that was told is durable, at most until the deadline.
    ///
    /// # Errors
    /// When a tracker has failed.
    pub(crate) async fn settle_all(&self) -> Result<(), TrackerError> {
        self.wait().await;
        self.failure()
    }

    async fn wait(&self) {
        let mut clock = Clock::new(self.deadline);
        let mut has_hurried = false;
        poll_fn(|context| {
            // Every one is asked, so that every one wakes this.
            let unsettled = |channel: &&Channel| !channel.ticket.is_settled(context.waker());
            let late: Vec<&Channel> = self.teller.channels.iter().filter(unsettled).collect();
            if late.is_empty() {
                return Poll::Ready(());
            }
            if !has_hurried {
                late.iter().for_each(|channel| channel.tracker.lane().hurry());
                has_hurried = true;
            }
            clock.rings(context).map(|()| {
                for channel in late {
                    channel.fail(format!("it did not acknowledge a step within {:?}", self.deadline).into());
                }
            })
        })
        .await;
    }

    /// Tells a fact without waiting, room or not.
    pub(crate) fn tell_now(&self, fact: Fact) {
        self.teller.tell_now(fact);
    }

    /// Tells a fact without waiting, room or not, to all trackers but the one of that name.
    pub(crate) fn tell_all_but(&self, name: Option<&Text>, fact: Fact) {
        self.teller.tell(fact, |channel| name.is_none_or(|name| channel.tracker.name() != *name));
    }

    /// Returns what tells the trackers from anywhere: the attributes and spans of a step that runs.
    pub(crate) fn teller(&self) -> Teller {
        self.teller.clone()
    }

    /// Returns what became of each tracker.
    pub(crate) fn reports(&self) -> Vec<TrackerReport> {
        let report = |channel: &Channel| TrackerReport {
            name: channel.tracker.name(),
            failure: channel.ticket.failure().cloned(),
            missed_steps: channel.ticket.missed_steps(),
            missed_notes: channel.ticket.missed_notes(),
        };
        self.teller.channels.iter().map(report).collect()
    }

    fn verdict(&self) -> Result<(), TrackerError> {
        if self.is_strict { self.failure() } else { Ok(()) }
    }

    fn failure(&self) -> Result<(), TrackerError> {
        let failed = self.teller.channels.iter().find_map(|channel| Some((channel, channel.ticket.failure()?)));
        failed
            .map_or(Ok(()), |(channel, what)| Err(TrackerError { tracker: channel.tracker.name(), what: what.clone() }))
    }
}

impl Drop for Tracking {
    fn drop(&mut self) {
        self.teller.tell_now(Fact::Closed);
        self.teller.channels.iter().for_each(|channel| channel.ticket.close());
    }
}

impl Teller {
    /// Tells a fact without waiting. Attributes and spans are left out, and counted, where too many wait; all else goes in.
    pub(crate) fn tell_now(&self, fact: Fact) {
        self.tell(fact, |_| true);
    }

    fn tell(&self, fact: Fact, is_meant: impl Fn(&Channel) -> bool) {
        let room = if matches!(fact, Fact::Noted(_) | Fact::Span(_)) { Room::Stretched } else { Room::Any };
        let mut entry = Some(Entry { run: self.run.clone(), fact });
        let mut channels = self.channels.iter().filter(|channel| is_meant(channel)).peekable();
        while let Some(channel) = channels.next() {
            let mut given = if channels.peek().is_some() { entry.clone() } else { entry.take() };
            channel.count(&given);
            channel.push(&mut given, room);
        }
    }
}

/// Returns what an application is told that a tracker did not take.
fn refusal(tracker: Text, run: Arc<RunKey>, error: OpenError) -> Error {
    let what = chain(&error).into();
    match error {
        OpenError::InUse { holder, .. } => Error::InUse { run, holder, tracker, what },
        OpenError::Failed(_) => Error::Tracker(TrackerError { tracker, what }),
    }
}

impl Channel {
    /// Notes the end of a step, be it told or not.
    fn count(&self, entry: &Option<Entry>) {
        if matches!(entry, Some(Entry { fact: Fact::Ended(_), .. })) {
            self.ticket.end();
        }
    }

    /// Pushes a fact unless the tracker has failed; returns false when it waits for room.
    fn push(&self, entry: &mut Option<Entry>, room: Room<'_>) -> bool {
        let is_last = matches!(entry, Some(Entry { fact: Fact::Closed, .. }));
        if self.ticket.is_closed() || self.ticket.failure().is_some() && !is_last {
            return true;
        }
        match self.tracker.lane().push(&self.ticket, entry, room) {
            Push::Taken => true,
            Push::Full if matches!(room, Room::Now | Room::Needed(_)) => false,
            Push::Full => {
                self.ticket.miss_note();
                true
            }
            // Nobody is told of what comes after the last fact.
            Push::Refused(_) if is_last => true,
            Push::Refused(why) => {
                self.fail(why);
                true
            }
        }
    }

    fn fail(&self, why: Text) {
        self.tracker.lane().fail(&self.ticket, why);
    }
}

/// A fact, for each tracker that had no room for it yet.
struct Waiting {
    channels: Arc<[Channel]>,
    entries: Vec<(usize, Option<Entry>)>,
}

impl Waiting {
    fn new(channels: Arc<[Channel]>, mut entry: Option<Entry>) -> Self {
        let last = channels.len();
        let give = |place| (place, if place + 1 == last { entry.take() } else { entry.clone() });
        let entries: Vec<_> = (0..last).map(give).collect();
        Self { channels, entries }
    }

    /// Pushes what has room; returns true when nothing is left.
    fn push(&mut self, context: &Context<'_>) -> bool {
        self.each(Room::Needed(context.waker()));
        self.entries.is_empty()
    }

    fn each(&mut self, room: Room<'_>) {
        let channels = &self.channels;
        self.entries
            .retain_mut(|(place, entry)| channels.get(*place).is_some_and(|channel| !channel.push(entry, room)));
    }

    fn give_up(&mut self, deadline: Duration) {
        for (place, _) in self.entries.drain(..) {
            if let Some(channel) = self.channels.get(place) {
                channel.fail(format!("it had no room for a step within {deadline:?}").into());
            }
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.each(Room::Any);
    }
}

/// Rings once, a while after it was first looked at.
struct Clock {
    pause: Duration,
    at: Option<Instant>,
    alarm: Option<Alarm>,
}

impl Clock {
    fn new(pause: Duration) -> Self {
        Self { pause, at: None, alarm: None }
    }

    fn rings(&mut self, context: &Context<'_>) -> Poll<()> {
        let at = *self.at.get_or_insert_with(|| timer::in_time(self.pause));
        if Instant::now() >= at {
            return Poll::Ready(());
        }
        if !self.alarm.as_ref().is_some_and(|alarm| alarm.wakes(context.waker())) {
            self.alarm = Some(timer::alarm(at, context.waker().clone()));
        }
        Poll::Pending
    }
}

impl fmt::Debug for Teller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Teller").field("run", &self.run).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
