//! What a panic leaves in the spans that it passes through.

use std::cell::{Cell, RefCell};
use std::panic::PanicHookInfo;
use std::sync::Once;
use std::time::Duration;

use trackway_model::{StatusCode, keys};

use crate::clock::ticks;
use crate::guard::status_number;
use crate::record::{self, Pen, Place};
use crate::ring::Ring;
use crate::slot::{SLOT, Slot};

thread_local! {
    /// The last panic's message and place on this thread.
    static LAST: RefCell<Option<(String, String)>> = const { RefCell::new(None) };
    /// True while [`LAST`] holds something.
    static REMEMBERS: Cell<bool> = const { Cell::new(false) };
}

/// How long an aborting program waits for its spans.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// A longer message is cut.
const LONGEST: usize = 1024;

/// Has every panic remembered for the spans that it unwinds, after whatever hook the program has.
pub(crate) fn install_hook() {
    static ONCE: Once = Once::new();
    // A panicking thread may not change the hook; the next tracer does.
    if std::thread::panicking() {
        return;
    }
    ONCE.call_once(|| {
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            remember(info);
            previous(info);
            if cfg!(panic = "abort") {
                // No guard will be dropped any more: the spans that are open on this thread end here.
                SLOT.with(Slot::abort);
                crate::tracer().flush(LAST_WORDS);
            }
        }));
    });
}

fn remember(info: &PanicHookInfo<'_>) {
    let payload = info.payload();
    let message =
        payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let message = record::cut(message.unwrap_or("a value that is no text"), LONGEST).to_owned();
    let place = info.location().map(|place| format!("at {place}")).unwrap_or_default();
    REMEMBERS.set(true);
    SLOT.with(Slot::beware);
    let _ = LAST.try_with(|last| *last.borrow_mut() = Some((message, place))); // At a thread's end nobody asks.
}

/// Forgets the last panic once its unwinding is over, so that no other one goes by its name.
#[inline(always)]
pub(crate) fn settle() {
    if REMEMBERS.get() {
        settle_remembered();
    }
}

#[cold]
fn settle_remembered() {
    if !std::thread::panicking() {
        REMEMBERS.set(false);
        let _ = LAST.try_with(|last| last.borrow_mut().take()); // At a thread's end nobody asks.
    }
}

/// Returns the message and the place of the panic that unwinds this thread.
pub(crate) fn last() -> (String, String) {
    let last = LAST.try_with(|last| last.borrow().clone()).ok().flatten();
    last.unwrap_or_else(|| ("panicked".to_owned(), String::new()))
}

/// Writes the panic into a span of the ring: its status, and an `exception` event.
pub(crate) fn record(ring: &Ring, of: u64) {
    let (message, place) = last();
    let recorded = record::event(ring, of, keys::EXCEPTION, ticks())
        && Pen::new(ring, of, Place::Event, keys::EXCEPTION_TYPE).text("panic")
        && Pen::new(ring, of, Place::Event, keys::EXCEPTION_MESSAGE).text(&message)
        && Pen::new(ring, of, Place::Event, "exception.stacktrace").text(&place);
    let judged = record::text(ring, of, record::STATUS, status_number(StatusCode::Error), &message);
    if !(recorded && judged) {
        crate::collector::count_attribute_lost();
    }
}
