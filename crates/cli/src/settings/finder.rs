//! Finds where each setting is given, and remembers it.

use std::{collections::BTreeMap, fmt::Display, ops::RangeInclusive, path::PathBuf, str::FromStr};

use anyhow::{Context, Result, bail};
use trackway_server::Config;

use super::retention::KeepEntry;

/// A setting with its value and where that came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Given {
    pub(crate) name: &'static str,
    pub(crate) value: String,
    pub(crate) origin: Origin,
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    Flag,
    /// The variable.
    Environment(String),
    /// The file's path.
    File(PathBuf),
    Default,
}

impl Given {
    /// Returns what a user would change to change this setting.
    pub(crate) fn asked_by(&self) -> String {
        match &self.origin {
            Origin::Flag => format!("--{}", self.name),
            Origin::Environment(variable) => variable.clone(),
            Origin::File(path) => format!("{} in {}", self.name.replace('-', "_"), path.display()),
            Origin::Default => self.name.to_owned(),
        }
    }

    /// Returns where the value came from, as a user would say it.
    pub(super) fn origin(&self) -> String {
        match &self.origin {
            Origin::File(path) => path.display().to_string(),
            Origin::Default => "default".to_owned(),
            Origin::Flag | Origin::Environment(_) => self.asked_by(),
        }
    }
}

/// Finds the value of each setting, and remembers where it came from.
pub(super) struct Finder {
    pub(super) file: PathBuf,
    pub(super) found: Vec<Given>,
}

impl Finder {
    /// The flag, else the environment, else the file, else the default.
    pub(super) fn find<T: FromStr + Display>(
        &mut self,
        name: &'static str,
        flag: Option<T>,
        file: Option<T>,
        default: &str,
    ) -> Result<T>
    where
        T::Err: Display,
    {
        let variable = variable(name);
        let given = environment(&variable)?;
        let (value, origin) = match (flag, given, file) {
            (Some(flag), ..) => (flag, Origin::Flag),
            (None, Some(text), _) => (read(&text, &variable)?, Origin::Environment(variable)),
            (None, None, Some(value)) => (value, Origin::File(self.file.clone())),
            (None, None, None) => (read(default, name)?, Origin::Default),
        };
        self.found.push(Given { name, value: value.to_string(), origin });
        Ok(value)
    }

    /// Finds a number, which must be in a range.
    pub(super) fn number(
        &mut self,
        name: &'static str,
        flag: Option<u64>,
        file: Option<u64>,
        default: u64,
        range: RangeInclusive<u64>,
    ) -> Result<u64> {
        let value = self.find(name, flag, file, &default.to_string())?;
        let asked_by = || self.last_asked_by();
        match range.into_inner() {
            (least, u64::MAX) if value < least => bail!("{} is {value}; use at least {least}", asked_by()),
            (least, most) if value < least || value > most => {
                bail!("{} is {value}; use a number from {least} to {most}", asked_by())
            }
            _ => Ok(value),
        }
    }

    /// What a user would change to change the setting that was found last.
    pub(super) fn last_asked_by(&self) -> String {
        self.found.last().map(Given::asked_by).unwrap_or_default()
    }

    /// Remembers the tables that only the file can hold, where it does.
    pub(super) fn note_tables(&mut self, server: &Config, projects: &BTreeMap<String, KeepEntry>) {
        let models: Vec<&str> = server.prices.iter().map(|price| price.model.as_str()).collect();
        let agents: Vec<&str> = server.agent_models.keys().map(String::as_str).collect();
        let projects: Vec<String> = projects.iter().map(|(name, entry)| format!("{name} ({entry})")).collect();
        let projects = projects.iter().map(String::as_str).collect();
        for (name, entries) in [("price", models), ("agent-models", agents), ("project", projects)] {
            if !entries.is_empty() {
                let origin = Origin::File(self.file.clone());
                self.found.push(Given { name, value: entries.join(", "), origin });
            }
        }
    }
}

/// The environment variable of a setting.
pub(super) fn variable(name: &str) -> String {
    format!("TRACKWAY_{}", name.replace('-', "_").to_uppercase())
}

pub(super) fn environment(variable: &str) -> Result<Option<String>> {
    match std::env::var(variable) {
        Ok(text) if text.is_empty() => Ok(None),
        Ok(text) => Ok(Some(text)),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(error) => Err(error).with_context(|| variable.to_owned()),
    }
}

fn read<T: FromStr>(text: &str, origin: &str) -> Result<T>
where
    T::Err: Display,
{
    text.parse().map_err(|error| anyhow::anyhow!("{origin} is {text:?}: {error}"))
}
