//! How long and how much is kept.

use std::{
    collections::BTreeMap,
    fmt::{self, Display},
    str::FromStr,
    time::Duration,
};

use serde::Deserialize;
use trackway_store::{Keep, Retention};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The most that is kept, or "all".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Given")]
pub(super) struct Most(Option<u64>);

/// A number or a word, as a file has it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Given {
    Number(u64),
    Word(String),
}

impl TryFrom<Given> for Most {
    type Error = &'static str;

    fn try_from(given: Given) -> Result<Self, Self::Error> {
        match given {
            Given::Number(0) => Err(NOTHING),
            Given::Number(most) => Ok(Self(Some(most))),
            Given::Word(word) => word.parse(),
        }
    }
}

const NOTHING: &str = "use at least 1, or all";

impl FromStr for Most {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "all" {
            return Ok(Self(None));
        }
        text.parse().ok().filter(|most| *most > 0).map(|most| Self(Some(most))).ok_or(NOTHING)
    }
}

impl Display for Most {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(most) => most.fmt(formatter),
            None => formatter.write_str("all"),
        }
    }
}

/// What `[project.NAME]` may say.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeepEntry {
    keep_days: Option<Most>,
    keep_bytes: Option<Most>,
}

impl Display for KeepEntry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = self.keep_days.unwrap_or(Most(None));
        let bytes = self.keep_bytes.unwrap_or(Most(None));
        write!(formatter, "keep_days {days}, keep_bytes {bytes}")
    }
}

/// Returns what is to be kept.
pub(super) fn retention(days: Most, bytes: Most, projects: &BTreeMap<String, KeepEntry>) -> Retention {
    let of_project = |(name, entry): (&String, &KeepEntry)| {
        (name.clone(), keep(entry.keep_days.unwrap_or(Most(None)), entry.keep_bytes.unwrap_or(Most(None))))
    };
    Retention { all: keep(days, bytes), projects: projects.iter().map(of_project).collect() }
}

fn keep(days: Most, bytes: Most) -> Keep {
    let days = days.0.map(|days| u32::try_from(days).unwrap_or(u32::MAX));
    Keep { time: days.map(|days| DAY.saturating_mul(days)), bytes: bytes.0 }
}
