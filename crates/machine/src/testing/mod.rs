//! What tests of state machines need: actions that do what a script says, cases from recorded steps, and facts for a tracker.
//!
//! A run as a text to compare with is what [`Memory::text`](crate::tracker::Memory::text) returns.

mod case;
mod script;

use std::{sync::Arc, time::Duration};

use trackway_model::{AppRecord, RunKey};

pub use self::{
    case::{Case, CaseError, Expected},
    script::{Script, script},
};
use crate::{
    Durability, Error, Fact, Tracker,
    blocking::block_on,
    tracker::{Opening, Tracking},
};

/// How long a tracker may take in a test.
const PATIENCE: Duration = Duration::from_secs(30);

/// Tells a tracker facts of a run as an application object does: opens the run, waits until all is durable, and closes it.
///
/// ```
/// use trackway_machine::{At, Fact, Loader, Placed, Timestamp, Wanted, state, testing::tell, tracker::{Memory, Opening}};
///
/// let memory = Memory::default();
/// let (next, state) = (Some("ask".into()), state! { n: 1 });
/// let placed = Placed { after: None, next, is_chosen: false, state, time: Timestamp(1) };
/// tell(memory.clone(), &Wanted::new("demo", "1").run(), Opening::New, [Fact::Placed(placed)])?;
///
/// let saved = memory.load(&Wanted::new("demo", "1"), At::Latest)?.ok_or("it is kept")?;
/// assert_eq!(saved.state["n"], 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When the run cannot be opened, or a fact is not taken.
pub fn tell(
    tracker: impl Tracker,
    run: &RunKey,
    how: Opening,
    facts: impl IntoIterator<Item = Fact>,
) -> Result<(), Error> {
    tell_with(tracker, run, AppRecord::default(), how, facts)
}

/// Tells a tracker facts of a run of which something is known: its graph, or where it comes from.
///
/// # Errors
/// When the run cannot be opened, or a fact is not taken.
pub fn tell_with(
    tracker: impl Tracker,
    run: &RunKey,
    record: AppRecord,
    how: Opening,
    facts: impl IntoIterator<Item = Fact>,
) -> Result<(), Error> {
    let tracker: Arc<dyn Tracker> = Arc::new(tracker);
    let (run, record) = (Arc::new(run.clone()), Arc::new(record));
    let mut tracking = Tracking::open(vec![(tracker.clone(), how)], Durability::Step, PATIENCE, true, run, record)?;
    for fact in facts {
        block_on(tracking.tell(fact))?;
    }
    block_on(tracking.settle())?;
    drop(tracking);
    tracker.flush(PATIENCE);
    Ok(())
}
