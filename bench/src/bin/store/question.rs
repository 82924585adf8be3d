//! What is asked of every server, and how each thing is called in the load.

use crate::load::{DAY, FIRST, SECOND, TENANTS, USERS};

/// Ranks of users that have few traces.
pub(crate) const RARE_USERS: [usize; 6] = [3_001, 7_001, 12_001, 20_001, 33_001, 49_001];

pub(crate) fn user_name(rank: usize) -> String {
    debug_assert!(rank < USERS);
    format!("user-{rank}")
}

pub(crate) fn tenant_name(number: usize) -> String {
    format!("tenant-{number}")
}

/// What a prompt begins with that is to be found again.
pub(crate) fn marked_text(number: u64) -> String {
    format!("xylograph{number} ")
}

/// Traces of one hour, with a span of the most frequent kind of operation of one service, for one tenant, that took a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Hour {
    /// From the beginning of the load.
    pub(crate) number: u64,
    pub(crate) tenant: usize,
    pub(crate) service: usize,
}

impl Hour {
    /// How long the span takes at least.
    pub(crate) const LEAST_NANOS: u64 = 20_000_000;

    pub(crate) fn start(self) -> u64 {
        FIRST + self.number * 3_600 * SECOND
    }

    pub(crate) fn end(self) -> u64 {
        self.start() + 3_600 * SECOND
    }
}

/// The questions over an hour.
pub(crate) fn hours() -> Vec<Hour> {
    let hours = (DAY / SECOND / 3_600) as usize;
    (0..40)
        .map(|number| Hour { number: (number * 7 % hours) as u64, tenant: number * 37 % TENANTS, service: number % 8 })
        .collect()
}

/// One question of a kind that all servers are asked.
#[derive(Debug, Clone)]
pub(crate) enum Question {
    Trace([u8; 16]),
    Hour(Hour),
    /// All traces of a user, whenever.
    User(usize),
    /// All traces with a text in a prompt, whenever.
    Text(u64),
    /// The latest.
    Newest,
}

/// The most traces of an answer.
pub(crate) const PAGE: usize = 50;
/// The most traces of an answer that is to be whole.
pub(crate) const WHOLE: usize = 1_000;
