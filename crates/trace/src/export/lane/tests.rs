use std::{
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

use proptest::prelude::*;

use super::*;
use crate::export::Failure;

const LONG: Duration = Duration::from_secs(20);

fn batch(spans: usize) -> Batch {
    Batch { spans, body: Body::Otlp(vec![7; spans]), traces: Vec::new() }
}

fn in_time() -> Instant {
    Instant::now() + LONG
}

fn quick() -> Bounds {
    Bounds { first_pause: Duration::from_millis(1), longest_pause: Duration::from_millis(2), ..Bounds::default() }
}

/// Bounds under which nothing is tried again before somebody asks for it.
fn sluggish() -> Bounds {
    Bounds { first_pause: Duration::from_secs(3000), longest_pause: Duration::from_secs(3000), ..Bounds::default() }
        .with_patience(Duration::from_secs(9000))
}

impl Bounds {
    fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }
}

fn later(after: Option<Duration>) -> Result<(), Failure> {
    Err(Failure::Later { reason: "away".into(), after })
}

fn total(stats: &ExporterStats) -> u64 {
    stats.exported + stats.dropped.total() + stats.waiting
}

/// Answers each call from a closure that knows the number of the call.
struct Scripted<F>(F, AtomicUsize);

impl<F: Fn(usize, &Batch) -> Result<(), Failure> + Send + Sync + 'static> Exporter for Scripted<F> {
    fn export(&self, batch: &Batch) -> Result<(), Failure> {
        (self.0)(self.1.fetch_add(1, Ordering::SeqCst), batch)
    }
}

fn lane<F: Fn(usize, &Batch) -> Result<(), Failure> + Send + Sync + 'static>(bounds: Bounds, answer: F) -> Lane {
    Lane::new(Arc::new(Scripted(answer, AtomicUsize::new(0))), bounds)
}

/// Holds the first call until the test lets it go, and tells the test of every call.
struct Gate {
    called: Mutex<mpsc::Sender<&'static str>>,
    go: Mutex<mpsc::Receiver<Result<(), Failure>>>,
}

impl Gate {
    fn new() -> (Self, mpsc::Receiver<&'static str>, mpsc::Sender<Result<(), Failure>>) {
        let (called, calls) = mpsc::channel();
        let (answer, go) = mpsc::channel();
        (Self { called: Mutex::new(called), go: Mutex::new(go) }, calls, answer)
    }
}

impl Exporter for Gate {
    fn export(&self, _: &Batch) -> Result<(), Failure> {
        self.called.lock().unwrap().send("export").ok();
        self.go.lock().unwrap().recv().unwrap_or(Ok(()))
    }

    fn announce(&self, request: &[u8]) {
        self.called.lock().unwrap().send(if request == b"new" { "announce new" } else { "announce old" }).ok();
    }
}

#[test]
fn batches_arrive_once_and_in_order() {
    let (sender, seen) = mpsc::channel();
    let sender = Mutex::new(sender);
    let lane = lane(quick(), move |_, batch| {
        sender.lock().unwrap().send(batch.len()).unwrap();
        Ok(())
    });
    (1..=50).for_each(|spans| lane.push(batch(spans)));
    assert!(lane.flush(in_time()));
    assert_eq!(seen.try_iter().collect::<Vec<_>>(), (1..=50).collect::<Vec<_>>());
    assert!(lane.shutdown(in_time()));
    assert_eq!(lane.stats(), ExporterStats { exported: 1275, ..Default::default() });
}

#[test]
fn a_failing_batch_is_tried_again_and_arrives_once() {
    let lane = lane(quick(), |call, _| if call < 5 { later(None) } else { Ok(()) });
    lane.push(batch(3));
    assert!(lane.flush(in_time()));
    let stats = lane.stats();
    assert_eq!((stats.exported, stats.retries, stats.dropped.total()), (3, 5, 0));
    assert_eq!(stats.last_error.as_deref(), Some("away"));
}

#[test]
fn patience_ends() {
    let lane = lane(quick().with_patience(Duration::from_millis(20)), |_, _| later(None));
    lane.push(batch(3));
    assert!(lane.flush(in_time()));
    assert_eq!(lane.stats().dropped, crate::export::DroppedSpans { failed: 3, ..Default::default() });
}

#[test]
fn a_pause_that_the_receiver_asked_for_is_kept_but_by_a_shutdown() {
    let asked = Duration::from_millis(60);
    let (first, tries) = mpsc::channel();
    let first = Mutex::new(first);
    let lane = lane(quick(), move |call, _| {
        first.lock().unwrap().send(Instant::now()).unwrap();
        if call == 0 { later(Some(asked)) } else { Ok(()) }
    });
    lane.push(batch(1));
    assert!(lane.flush(in_time()));
    let first_try = tries.recv().unwrap();
    assert!(tries.recv().unwrap() - first_try >= asked);
}

#[test]
fn a_flush_ends_a_pause() {
    let lane = lane(sluggish(), |call, _| if call < 2 { later(None) } else { Ok(()) });
    lane.push(batch(1));
    while lane.stats().last_error.is_none() {
        thread::yield_now();
    }
    assert!(!lane.flush(Instant::now() + Duration::from_millis(50)), "one flush is one try");
    assert!(lane.flush(in_time()));
    assert_eq!((lane.stats().exported, lane.stats().retries), (1, 2));
}

#[test]
fn a_shutdown_tries_what_waits_at_once() {
    let lane = lane(sluggish(), |call, _| if call == 0 { later(Some(LONG * 10)) } else { Ok(()) });
    lane.push(batch(1));
    lane.push(batch(2));
    while lane.stats().last_error.is_none() {
        thread::yield_now();
    }
    assert!(lane.shutdown(in_time()));
    assert_eq!((lane.stats().exported, lane.stats().waiting), (3, 0));
}

#[test]
fn a_shutdown_that_cannot_succeed_in_time_ends_early() {
    let lane = lane(sluggish(), |_, _| later(Some(LONG * 10)));
    (0..4).for_each(|_| lane.push(batch(2)));
    assert!(!lane.shutdown(in_time()));
    lane.push(batch(5));
    assert_eq!(lane.stats().dropped, crate::export::DroppedSpans { shutdown: 13, ..Default::default() });
    assert_eq!(lane.stats().last_error.as_deref(), Some("away"));
}

#[test]
fn what_does_not_fit_is_counted() {
    let (gate, calls, answer) = Gate::new();
    let bytes = 10 * memory_bytes(&batch(10));
    let lane = Lane::new(Arc::new(gate), Bounds { bytes, ..quick() });
    (0..25).for_each(|_| lane.push(batch(10)));
    calls.recv().unwrap();
    let stats = lane.stats();
    assert_eq!((stats.waiting, stats.dropped.queue_full, total(&stats)), (100, 150, 250));
    drop(answer);
    assert!(lane.flush(in_time()));
    lane.push(batch(10));
    assert!(lane.flush(in_time()), "what was delivered makes room");
    assert_eq!(lane.stats().exported, 110);
}

#[test]
fn a_panic_is_a_failure_with_its_words() {
    let lane = lane(quick(), |call, _| match call {
        0 => panic!("out of {}", "luck"),
        1 => std::panic::panic_any(7),
        _ => Ok(()),
    });
    lane.push(batch(3));
    assert!(lane.flush(in_time()));
    assert_eq!(lane.stats().last_error.as_deref(), Some("the exporter panicked: out of luck"));
    lane.push(batch(3));
    lane.push(batch(4));
    assert!(lane.flush(in_time()));
    assert_eq!((lane.stats().exported, lane.stats().dropped.failed), (4, 6));
    assert_eq!(lane.stats().last_error.as_deref(), Some("the exporter panicked: without a message"));
}

#[test]
fn a_partly_refused_batch_is_counted_on_both_sides() {
    let lane = lane(quick(), |call, _| {
        Err(Failure::Partly { rejected: if call == 0 { 2 } else { 99 }, reason: "too old".into() })
    });
    lane.push(batch(5));
    lane.push(batch(7));
    assert!(lane.flush(in_time()));
    let stats = lane.stats();
    assert_eq!((stats.exported, stats.dropped.rejected), (3, 9));
    assert_eq!(stats.last_error.as_deref(), Some("99 spans were refused: too old"));
}

#[test]
fn a_hung_call_is_counted_once_and_left_alone() {
    let (gate, calls, answer) = Gate::new();
    let lane = Lane::new(Arc::new(gate), quick());
    lane.push(batch(3));
    lane.push(batch(4));
    calls.recv().unwrap();
    assert!(!lane.flush(Instant::now() + Duration::from_millis(5)));
    assert!(!lane.shutdown(Instant::now() + Duration::from_millis(20)));
    let dropped = ExporterStats {
        dropped: crate::export::DroppedSpans { shutdown: 7, ..Default::default() },
        ..Default::default()
    };
    assert_eq!(lane.stats(), dropped);
    answer.send(Ok(())).unwrap();
    assert!(!lane.shutdown(in_time()), "the second call waits for the thread, whose call has ended");
    assert_eq!(lane.stats(), dropped, "a late success changes nothing");
}

#[test]
fn of_the_announcements_the_newest_leaves_after_the_batches() {
    let (gate, calls, answer) = Gate::new();
    let lane = Lane::new(Arc::new(gate), quick());
    lane.push(batch(1));
    calls.recv().unwrap();
    lane.announce(b"old".to_vec());
    lane.push(batch(1));
    lane.announce(b"new".to_vec());
    drop(answer);
    assert_eq!([calls.recv().unwrap(), calls.recv().unwrap()], ["export", "announce new"]);
    assert!(lane.shutdown(in_time()));
    lane.announce(b"new".to_vec());
    drop(lane);
    assert_eq!(calls.recv(), Err(mpsc::RecvError));
}

#[test]
fn an_exporter_may_flush_and_end_its_own_lane() {
    static LANE: Mutex<Option<Lane>> = Mutex::new(None);
    let (sender, done) = mpsc::channel();
    let sender = Mutex::new(sender);
    let lane = lane(quick(), move |_, _| {
        let lane = LANE.lock().unwrap().take().unwrap();
        sender.lock().unwrap().send((lane.flush(in_time()), lane.shutdown(in_time()))).unwrap();
        Ok(())
    });
    let mut held = LANE.lock().unwrap();
    lane.push(batch(1));
    *held = Some(lane);
    drop(held);
    assert_eq!(done.recv_timeout(LONG), Ok((false, false)));
}

#[test]
fn without_a_thread_spans_are_counted_as_failed() {
    let exporter = Arc::new(Scripted(|_, _: &Batch| Ok(()), AtomicUsize::new(0)));
    let lane = Lane::with_start(exporter, quick(), |_| Err(io::Error::from(io::ErrorKind::WouldBlock)));
    lane.push(batch(3));
    lane.announce(Vec::new());
    assert!(lane.flush(in_time()) && lane.shutdown(in_time()));
    assert_eq!((lane.stats().dropped.failed, total(&lane.stats())), (3, 3));
}

#[test]
fn another_lane_of_the_same_exporter_begins_empty() {
    let first = lane(quick(), |_, _| Ok(()));
    first.push(batch(3));
    assert!(first.shutdown(in_time()));
    let second = first.again();
    second.push(batch(4));
    assert!(second.flush(in_time()));
    assert_eq!(second.stats().exported, 4);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn every_span_is_in_one_counter(
        answers in prop::collection::vec(0..6u8, 1..40),
        pushes in prop::collection::vec((1..20usize, 0..8u8), 1..60),
        patient: bool,
        wait in 0..3u64,
    ) {
        let lane = lane(
            Bounds {
                bytes: 2000,
                spans: usize::MAX,
                patience: if patient { LONG } else { Duration::from_millis(1) },
                first_pause: Duration::from_micros(100),
                longest_pause: Duration::from_micros(400),
            },
            move |call, batch| match answers.get(call % answers.len()) {
                Some(0) => later(None),
                Some(1) => later(Some(Duration::from_micros(300))),
                Some(2) => Err(Failure::Never { reason: "no".into() }),
                Some(3) => Err(Failure::Partly { rejected: batch.len() / 2, reason: "half".into() }),
                Some(4) if call > 1 => std::panic::resume_unwind(Box::new("bang")),
                _ => Ok(()),
            },
        );
        let mut pushed = 0;
        thread::scope(|scope| {
            let lane = &lane;
            for part in pushes.chunks(pushes.len().div_ceil(2)) {
                scope.spawn(move || {
                    for (spans, then) in part {
                        lane.push(batch(*spans));
                        match then {
                            0 => drop(lane.flush(Instant::now() + Duration::from_millis(1))),
                            1 => lane.announce(vec![1]),
                            _ => {}
                        }
                        lane.stats();
                    }
                });
                pushed += part.iter().map(|(spans, _)| *spans as u64).sum::<u64>();
            }
        });
        prop_assert_eq!(total(&lane.stats()), pushed);
        let complete = lane.shutdown(Instant::now() + Duration::from_millis(wait));
        let stats = lane.stats();
        prop_assert_eq!((total(&stats), stats.waiting), (pushed, 0));
        prop_assert_eq!(stats.dropped.shutdown == 0, complete);
    }
}
