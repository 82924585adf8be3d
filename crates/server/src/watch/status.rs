//! How the watching goes.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use tokio::sync::watch;

use super::{Watch, Whose, place::Trouble};

/// How many troubles are told of a directory; the others are counted.
const MOST_TROUBLES: usize = 20;

/// How the watching of one directory goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    /// The directory, as it was named.
    pub path: PathBuf,
    /// Who named it.
    pub whose: Whose,
    /// What is being done about it.
    pub state: WatchState,
    /// How many applications are in it.
    pub applications: u64,
    /// How many of them have been read as far as they were written.
    pub read: u64,
    /// What cannot be read in it, the first of them.
    pub troubles: Vec<Trouble>,
    /// How many troubles there are.
    pub trouble_count: u64,
}

impl Watched {
    /// Whether there is something to tell: of the directory that nobody named, only once there is something in it.
    pub fn is_worth_telling(&self) -> bool {
        let is_failed = matches!(self.state, WatchState::Failed { .. });
        self.whose == Whose::Named || is_failed || self.applications + self.trouble_count > 0
    }
}

/// What is being done about a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WatchState {
    /// It is not there, and is waited for.
    Waiting,
    /// What is in it is being read for the first time.
    Reading,
    /// All is read, and what is written will be.
    Watching,
    /// It cannot be watched; that is tried again.
    Failed {
        /// Why, and what to do about it, in a sentence.
        message: String,
    },
}

/// Tells how the watching of every directory goes, and when that changes.
pub type Watching = watch::Receiver<Vec<Watched>>;

/// Where the task of one directory tells how it goes.
#[derive(Clone)]
pub(super) struct Teller {
    all: Arc<watch::Sender<Vec<Watched>>>,
    index: usize,
}

/// Makes the tellers of directories, and what hears all of them.
pub(super) fn tellers(watches: &[Watch]) -> (Vec<Teller>, Watching) {
    let begun = |watch: &Watch| Watched {
        path: watch.path.clone(),
        whose: watch.whose,
        state: WatchState::Reading,
        applications: 0,
        read: 0,
        troubles: Vec::new(),
        trouble_count: 0,
    };
    let (sender, receiver) = watch::channel(watches.iter().map(begun).collect());
    let sender = Arc::new(sender);
    let teller = |index| Teller { all: Arc::clone(&sender), index };
    ((0..watches.len()).map(teller).collect(), receiver)
}

impl Teller {
    /// Changes what is told.
    pub(super) fn tell(&self, change: impl FnOnce(&mut Watched)) {
        self.all.send_if_modified(|all| {
            let Some(watched) = all.get_mut(self.index) else { return false };
            let before = watched.clone();
            change(watched);
            *watched != before
        });
    }

    pub(super) fn state(&self, state: WatchState) {
        self.tell(|watched| watched.state = state);
    }

    pub(super) fn troubles(&self, troubles: &BTreeMap<PathBuf, String>) {
        self.tell(|watched| {
            let trouble = |(path, what): (&PathBuf, &String)| Trouble { path: path.clone(), what: what.clone() };
            watched.troubles = troubles.iter().take(MOST_TROUBLES).map(trouble).collect();
            watched.trouble_count = troubles.len() as u64;
        });
    }
}
