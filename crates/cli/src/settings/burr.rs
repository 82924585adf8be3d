//! Settings about what Burr writes.

use std::{
    convert::Infallible,
    env,
    fmt::{self, Display},
    path::{Path, PathBuf},
    str::FromStr,
};

use anyhow::{Context, Result};
use jiff::{fmt::temporal::DateTimeParser, tz::TimeZone};
use serde::{Deserialize, Deserializer, de::Error as _};

/// Directories; one text holds several with the separator that the system has in `PATH`.
#[derive(Debug, Clone, Default)]
pub(super) struct Folders(pub(super) Vec<PathBuf>);

impl Folders {
    /// Returns the directories as they are named from anywhere, each once.
    pub(super) fn absolute(self) -> Result<Vec<PathBuf>> {
        let mut all = Vec::new();
        for folder in self.0 {
            let named = at_home(&folder).unwrap_or_else(|| folder.clone());
            let path = std::path::absolute(&named);
            let path = path.with_context(|| format!("cannot watch the directory {:?}", folder.display()))?;
            if !all.contains(&path) {
                all.push(path);
            }
        }
        Ok(all)
    }
}

/// Returns what a shell would have made of a path with `~`, which reaches us where no shell reads it.
fn at_home(path: &Path) -> Option<PathBuf> {
    let rest = path.strip_prefix("~").ok()?;
    env::home_dir().map(|home| home.join(rest))
}

impl FromStr for Folders {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(env::split_paths(text).filter(|path| !path.as_os_str().is_empty()).collect()))
    }
}

impl Display for Folders {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.0.iter().map(|path| path.to_string_lossy()).collect();
        formatter.write_str(&names.join(if cfg!(windows) { ";" } else { ":" }))
    }
}

/// A time zone, or "auto".
#[derive(Debug, Clone)]
pub(super) struct Zone(pub(super) Option<TimeZone>);

impl FromStr for Zone {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "auto" {
            return Ok(Self(None));
        }
        let zone = DateTimeParser::new().parse_time_zone(text);
        let hint = "use a name such as Europe/Paris, a distance from UTC such as +02:00, or auto";
        zone.map(|zone| Self(Some(zone))).map_err(|error| format!("{error}; {hint}"))
    }
}

impl Display for Zone {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            None => formatter.write_str("auto"),
            Some(zone) => match (zone.iana_name(), zone.to_fixed_offset()) {
                (Some(name), _) => formatter.write_str(name),
                (None, Ok(offset)) => offset.fmt(formatter),
                (None, Err(_)) => write!(formatter, "{zone:?}"),
            },
        }
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}
