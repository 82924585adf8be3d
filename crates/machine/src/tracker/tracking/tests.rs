#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::{
    future::Future,
    sync::{
        Mutex,
        mpsc::{self, Receiver, Sender},
    },
    task::Waker,
};

use trackway_model::{StepKey, Timestamp};

use super::*;
use crate::{
    Ended, Fault, Noted, State, Value,
    tracker::{Bounds, Lane, Sink},
};

/// Longer than any clock goes.
const NEVER: Duration = Duration::MAX;
const SOON: Duration = Duration::from_millis(30);

/// Does as it is told, one word for each call: what it wrote is to be read.
struct Scripted {
    orders: Receiver<Order>,
    written: Arc<Mutex<Vec<String>>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Write,
    Fail,
    Panic,
}

impl Sink for Scripted {
    /// Without orders it hangs, and without anybody to give any it writes.
    fn write(&mut self, entries: Vec<Entry>) -> Vec<Result<(), Fault>> {
        match self.orders.recv().unwrap_or(Order::Write) {
            Order::Write => {
                self.written.lock().unwrap().extend(entries.iter().map(|entry| shown(&entry.fact)));
                entries.iter().map(|_| Ok(())).collect()
            }
            Order::Fail => entries.iter().map(|_| Err("the disk is full".into())).collect(),
            Order::Panic => panic!("a bug"),
        }
    }
}

fn shown(fact: &Fact) -> String {
    match fact {
        Fact::Opened(_) => "opened".into(),
        Fact::Ended(ended) => format!("end {}", ended.step.sequence),
        Fact::Noted(noted) => format!("note {}", noted.key),
        Fact::Closed => "closed".into(),
        other => format!("{other:?}"),
    }
}

/// A lane whose sink gets no more orders when this is dropped.
struct Kit {
    orders: Sender<Order>,
    lane: Lane,
    written: Arc<Mutex<Vec<String>>>,
}

impl Kit {
    fn new() -> Self {
        Self::with(Bounds::default())
    }

    fn with(bounds: Bounds) -> Self {
        let (orders, receiver) = mpsc::channel();
        let written = Arc::default();
        let sink = Scripted { orders: receiver, written: Arc::clone(&written) };
        Self { orders, lane: Lane::with_bounds("scripted", sink, bounds), written }
    }

    fn open(&self, durability: Durability, deadline: Duration) -> Tracking {
        open(vec![Arc::new(self.lane.clone())], durability, deadline, false).unwrap()
    }

    fn order(&self, order: Order) {
        self.orders.send(order).unwrap();
    }

    /// Lets the sink write whatever comes.
    fn release(&mut self) {
        self.orders = mpsc::channel().0;
    }

    fn written(&self) -> String {
        self.written.lock().unwrap().join(", ")
    }
}

fn open(
    trackers: Vec<Arc<dyn Tracker>>,
    durability: Durability,
    deadline: Duration,
    is_strict: bool,
) -> Result<Tracking, Error> {
    let run = Arc::new(RunKey { project: "demo".into(), partition: None, app: "1".into() });
    let trackers = trackers.into_iter().map(|tracker| (tracker, Opening::New)).collect();
    Tracking::open(trackers, durability, deadline, is_strict, run, Arc::default())
}

fn end(sequence: i64) -> Fact {
    Fact::Ended(Box::new(Ended {
        step: StepKey { sequence, attempt: 0 },
        action: "count".into(),
        begun: Timestamp(1),
        time: Timestamp(2),
        outcome: Ok(None),
        state: State::default(),
        changes: Some(Vec::new()),
        choice: None,
        span: None,
    }))
}

fn note(key: &str) -> Fact {
    let step = StepKey { sequence: 0, attempt: 0 };
    Fact::Noted(Noted { step, span: None, key: key.into(), value: Value::Null, time: Timestamp(1) })
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn step(tracking: &mut Tracking, sequence: i64) -> Result<(), TrackerError> {
    block_on(async {
        tracking.tell(end(sequence)).await?;
        tracking.settle().await
    })
}

fn is_ready(future: impl Future) -> bool {
    let mut future = std::pin::pin!(future);
    future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready()
}

fn report(tracking: &Tracking) -> String {
    let TrackerReport { name, failure, missed_steps, missed_notes } = tracking.reports().remove(0);
    format!("{name}: {failure:?}, missed {missed_steps} steps and {missed_notes} notes")
}

#[test]
fn a_step_waits_until_it_is_durable() {
    let mut kit = Kit::new();
    let mut tracking = kit.open(Durability::Step, NEVER);
    assert!(is_ready(tracking.tell(end(0))), "there is room");
    assert!(!is_ready(tracking.settle()));
    kit.release();
    block_on(tracking.settle()).unwrap();
    assert_eq!(kit.written(), "opened, end 0");
    assert_eq!(report(&tracking), "scripted: None, missed 0 steps and 0 notes");
}

#[test]
fn an_eventual_step_waits_for_nothing_and_is_written_before_the_last_handle_is_gone() {
    let mut kit = Kit::new();
    let mut tracking = kit.open(Durability::Eventual, NEVER);
    for sequence in 0..3 {
        assert!(is_ready(tracking.tell(end(sequence))));
        assert!(is_ready(tracking.settle()));
    }
    assert_eq!(kit.written(), "");
    kit.release();
    drop(tracking);
    let written = kit.written.clone();
    drop(kit);
    assert_eq!(written.lock().unwrap().join(", "), "opened, end 0, end 1, end 2, closed");
}

#[test]
fn a_full_queue_makes_the_next_step_wait_and_keeps_the_order() {
    let mut kit = Kit::with(Bounds { entries: 3, bytes: usize::MAX });
    let mut tracking = kit.open(Durability::Eventual, NEVER);
    assert!(is_ready(tracking.tell(end(0))) && is_ready(tracking.tell(end(1))));
    let mut third = Box::pin(tracking.tell(end(2)));
    assert!(!is_ready(third.as_mut()));
    kit.release();
    block_on(third).unwrap();
    block_on(tracking.tell(end(3))).unwrap();
    assert!(kit.lane.flush(NEVER));
    assert_eq!(kit.written(), "opened, end 0, end 1, end 2, end 3");
}

#[test]
fn a_fact_whose_teller_is_gone_is_told_all_the_same() {
    let mut kit = Kit::with(Bounds { entries: 1, bytes: usize::MAX });
    let mut tracking = kit.open(Durability::Eventual, NEVER);
    assert!(!is_ready(tracking.tell(end(0))), "and the future is dropped");
    kit.release();
    block_on(tracking.tell(end(1))).unwrap();
    assert!(kit.lane.flush(NEVER));
    assert_eq!(kit.written(), "opened, end 0, end 1");
}

#[test]
fn after_a_sink_that_hangs_the_application_goes_on_and_counts() {
    let mut kit = Kit::new();
    let mut tracking = kit.open(Durability::Step, SOON);
    let start = Instant::now();
    for sequence in 0..100 {
        step(&mut tracking, sequence).unwrap();
    }
    assert!(start.elapsed() >= SOON && start.elapsed() < SOON * 50, "one deadline, not a hundred");
    let failed = "scripted: Some(\"it did not acknowledge a step within 30ms\"), missed 100 steps and 0 notes";
    assert_eq!(report(&tracking), failed);
    // What the sink was given before it hung is all that it gets, and its arrival is known.
    kit.release();
    assert!(kit.lane.flush(NEVER));
    assert!(["opened", "opened, end 0"].contains(&&*kit.written()), "a beginning: {}", kit.written());
    let missed = 101 - kit.written.lock().unwrap().len();
    assert_eq!(tracking.reports()[0].missed_steps, missed as u64);
}

#[test]
fn a_queue_that_stays_full_is_a_failure_too() {
    let kit = Kit::with(Bounds { entries: 2, bytes: usize::MAX });
    let mut tracking = kit.open(Durability::Eventual, SOON);
    for sequence in 0..5 {
        block_on(tracking.tell(end(sequence))).unwrap();
    }
    let failed = "scripted: Some(\"it had no room for a step within 30ms\"), missed 5 steps and 0 notes";
    assert_eq!(report(&tracking), failed);
}

#[test]
fn a_slow_sink_is_waited_for() {
    struct Slow(Arc<Mutex<u32>>);
    impl Sink for Slow {
        fn write(&mut self, entries: Vec<Entry>) -> Vec<Result<(), Fault>> {
            std::thread::sleep(Duration::from_millis(5)); // What makes it slow.
            *self.0.lock().unwrap() += entries.len() as u32;
            entries.iter().map(|_| Ok(())).collect()
        }
    }
    let written = Arc::default();
    let lane = Lane::with_bounds("slow", Slow(Arc::clone(&written)), Bounds { entries: 2, bytes: usize::MAX });
    let mut tracking = open(vec![Arc::new(lane)], Durability::Step, NEVER, false).unwrap();
    for sequence in 0..10 {
        step(&mut tracking, sequence).unwrap();
    }
    assert_eq!(*written.lock().unwrap(), 11);
    assert_eq!(report(&tracking), "slow: None, missed 0 steps and 0 notes");
}

#[test]
fn what_follows_a_failure_is_left_out_until_the_end() {
    let mut kit = Kit::new();
    let mut tracking = kit.open(Durability::Step, NEVER);
    kit.order(Order::Write);
    block_on(tracking.settle()).unwrap();
    for order in [Order::Write, Order::Fail] {
        kit.order(order);
        step(&mut tracking, i64::from(order == Order::Fail)).unwrap();
    }
    kit.release();
    step(&mut tracking, 2).unwrap();
    assert_eq!(report(&tracking), "scripted: Some(\"the disk is full\"), missed 2 steps and 0 notes");
    drop(tracking);
    assert!(kit.lane.flush(NEVER));
    assert_eq!(kit.written(), "opened, end 0, closed");
}

#[test]
fn the_failure_of_one_application_is_not_that_of_another() {
    let mut kit = Kit::new();
    let mut first = kit.open(Durability::Step, NEVER);
    kit.order(Order::Fail);
    step(&mut first, 0).unwrap();
    kit.release();
    let mut second = kit.open(Durability::Step, NEVER);
    step(&mut second, 7).unwrap();
    assert_eq!(second.reports()[0].failure, None);
    assert!(first.reports()[0].failure.is_some());
    assert!(kit.written().ends_with("end 7"), "{}", kit.written());
}

#[test]
fn a_panic_of_a_sink_is_its_failure_for_everybody() {
    let kit = Kit::new();
    let mut tracking = kit.open(Durability::Step, NEVER);
    kit.order(Order::Panic);
    step(&mut tracking, 0).unwrap();
    assert_eq!(report(&tracking), "scripted: Some(\"it panicked: a bug\"), missed 1 steps and 0 notes");
    let mut late = kit.open(Durability::Step, NEVER);
    step(&mut late, 0).unwrap();
    assert_eq!(report(&late), "scripted: Some(\"it panicked: a bug\"), missed 1 steps and 0 notes");
}

#[test]
fn a_failed_sync_loses_what_was_written() {
    struct Unsafe;
    impl Sink for Unsafe {
        fn write(&mut self, entries: Vec<Entry>) -> Vec<Result<(), Fault>> {
            entries.iter().map(|_| Ok(())).collect()
        }

        fn sync(&mut self) -> Result<(), Fault> {
            Err(std::io::Error::other("no space").into())
        }
    }
    let mut tracking = open(vec![Arc::new(Lane::new("unsafe", Unsafe))], Durability::Step, NEVER, false).unwrap();
    step(&mut tracking, 0).unwrap();
    assert_eq!(report(&tracking), "unsafe: Some(\"no space\"), missed 1 steps and 0 notes");
}

#[test]
fn strict_trackers_stop_the_application() {
    let kit = Kit::new();
    kit.order(Order::Fail);
    let mut tracking = open(vec![Arc::new(kit.lane.clone())], Durability::Step, NEVER, true).unwrap();
    let error = step(&mut tracking, 0).unwrap_err();
    assert_eq!(error.to_string(), "the tracker scripted failed: the disk is full");
    assert_eq!(step(&mut tracking, 1), Err(error));
}

#[test]
fn one_tracker_that_hangs_keeps_nothing_from_the_others() {
    let (hanging, mut writing) = (Kit::new(), Kit::new());
    writing.release();
    let trackers: Vec<Arc<dyn Tracker>> = vec![Arc::new(hanging.lane.clone()), Arc::new(writing.lane.clone())];
    let mut tracking = open(trackers, Durability::Step, SOON, false).unwrap();
    step(&mut tracking, 0).unwrap();
    step(&mut tracking, 1).unwrap();
    let missed: Vec<u64> = tracking.reports().iter().map(|report| report.missed_steps).collect();
    assert_eq!(missed, [2, 0]);
    assert_eq!(writing.written(), "opened, end 0, end 1");
}

#[test]
fn attributes_that_find_no_room_are_counted_and_steps_that_are_told_without_waiting_go_in() {
    let mut kit = Kit::with(Bounds { entries: 2, bytes: usize::MAX });
    let tracking = kit.open(Durability::Eventual, NEVER);
    for key in ["a", "b", "c", "d", "e"] {
        tracking.teller().tell_now(note(key));
    }
    tracking.tell_now(end(0));
    assert_eq!(report(&tracking), "scripted: None, missed 0 steps and 2 notes");
    kit.release();
    assert!(kit.lane.flush(NEVER));
    assert_eq!(kit.written(), "opened, note a, note b, note c, end 0");
}

#[test]
fn what_a_task_says_when_its_application_is_gone_is_no_failure() {
    let mut kit = Kit::new();
    let mut tracking = kit.open(Durability::Eventual, NEVER);
    let (teller, ticket) = (tracking.teller(), Arc::clone(&tracking.teller.channels[0].ticket));
    step(&mut tracking, 0).unwrap();
    drop(tracking);
    teller.tell_now(note("late"));
    kit.release();
    assert!(kit.lane.flush(NEVER));
    assert_eq!((kit.written().as_str(), ticket.failure()), ("opened, end 0, closed", None));
}

#[test]
fn a_tracker_that_cannot_be_opened_is_left_out_and_one_that_is_in_use_refuses_the_application() {
    struct Closed(Lane, fn(Fault) -> OpenError);
    impl Tracker for Closed {
        fn name(&self) -> Text {
            "closed".into()
        }
        fn lane(&self) -> &Lane {
            &self.0
        }
        fn open(&self, _: &Arc<RunKey>, _: &Arc<AppRecord>, _: Opening) -> Result<(), OpenError> {
            Err((self.1)("process 7 writes it".into()))
        }
    }
    let tracker = |error| -> Vec<Arc<dyn Tracker>> { vec![Arc::new(Closed(Kit::new().lane, error))] };
    let mut tracking = open(tracker(OpenError::Failed), Durability::Step, NEVER, false).unwrap();
    step(&mut tracking, 0).unwrap();
    assert_eq!(report(&tracking), "closed: Some(\"process 7 writes it\"), missed 1 steps and 0 notes");
    let refused = |error, is_strict| open(tracker(error), Durability::Step, NEVER, is_strict).unwrap_err();
    let in_use = |why| OpenError::InUse { holder: Some("process 7".into()), why };
    assert_eq!(refused(in_use, false).to_string(), "the tracker closed refused the run: process 7 writes it");
    assert_eq!(refused(OpenError::Failed, true).to_string(), "the tracker closed failed: process 7 writes it");
}

#[test]
fn a_tracker_is_closed_again_when_the_next_one_refuses_the_application() {
    let (memory, busy) = (crate::tracker::Memory::new(), crate::tracker::Memory::new());
    let first = open(vec![Arc::new(busy.clone())], Durability::Step, NEVER, false).unwrap();
    let both = || open(vec![Arc::new(memory.clone()), Arc::new(busy.clone())], Durability::Step, NEVER, false);
    assert!(both().is_err());
    drop(first);
    open(vec![Arc::new(memory.clone())], Durability::Step, NEVER, false).unwrap();
}
