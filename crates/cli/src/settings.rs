//! Settings: from a flag, the environment, `config.toml` in the data directory, or the default, in this order.

mod burr;
mod prices;
mod retention;

use std::{
    collections::BTreeMap,
    fmt::{self, Display},
    net::SocketAddr,
    ops::RangeInclusive,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use clap::Args;
use serde::Deserialize;
use trackway_server::{Config, Listen, Masking};
use trackway_store::{Announced, Retention};

use crate::print;
use burr::{Folders, Zone};
use retention::{KeepEntry, Most};

/// Settings as the command line gives them; what is absent is looked for elsewhere.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Flags {
    /// Web page, REST and every ingest path [default: 127.0.0.1:7241 and [::1]:7241]
    #[arg(long, global = true, value_name = "ADDR")]
    listen: Option<String>,
    /// OTLP over HTTP, or "off" [default: 127.0.0.1:4318 and [::1]:4318]
    #[arg(long, global = true, value_name = "ADDR|off")]
    otlp_http: Option<String>,
    /// OTLP over gRPC, or "off" [default: 127.0.0.1:4317 and [::1]:4317]
    #[arg(long, global = true, value_name = "ADDR|off")]
    otlp_grpc: Option<String>,
    /// Where everything is kept; also TRACKWAY_DATA_DIR or TRACKWAY_HOME [default: ~/.trackway]
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Origin of a web application whose pages may send traces, https://app.example (repeatable)
    #[arg(long, global = true, value_name = "ORIGIN")]
    allow_origin: Vec<String>,
    /// The largest request body, in bytes, compressed or not [default: 67108864]
    #[arg(long, global = true, value_name = "BYTES")]
    max_body_bytes: Option<u64>,
    /// Memory for what is not yet written as segments and for reading those, about [default: 268435456]
    #[arg(long, global = true, value_name = "BYTES")]
    memory_bytes: Option<u64>,
    /// Days after which spans are dropped, by their start [default: all are kept]
    #[arg(long, global = true, value_name = "DAYS|all")]
    keep_days: Option<Most>,
    /// Bytes of segments above which the oldest are dropped [default: all are kept]
    #[arg(long, global = true, value_name = "BYTES|all")]
    keep_bytes: Option<Most>,
    /// The most bytes that the log may take on the disk; a file of it goes when segments hold it [default: 8589934592]
    #[arg(long, global = true, value_name = "BYTES")]
    max_log_bytes: Option<u64>,
    /// The most bytes that runs of state machines may take on the disk, with their states [default: 8589934592]
    #[arg(long, global = true, value_name = "BYTES")]
    max_run_bytes: Option<u64>,
    /// Room to leave on the disk [default: auto, the larger of 256 MiB and 2 % of the disk]
    #[arg(long, global = true, value_name = "BYTES|auto")]
    min_free_bytes: Option<Room>,
    /// How long a trace with an open span may be silent before it is shown as lost [default: 600]
    #[arg(long, global = true, value_name = "SECONDS")]
    lost_after: Option<u64>,
    /// How long an announced span may go without being announced again before it is shown as lost [default: 30]
    #[arg(long, global = true, value_name = "SECONDS")]
    announced_lost_after: Option<u64>,
    /// The most announced spans that are held; more are left out [default: 10000]
    #[arg(long, global = true, value_name = "SPANS")]
    max_announced_spans: Option<u64>,
    /// Whether keys, tokens and passwords of known shapes are masked before anything is written [default: true]
    #[arg(long, global = true, value_name = "true|false")]
    mask_secrets: Option<Switch>,
    /// Regular expression of what else to mask (repeatable)
    #[arg(long, global = true, value_name = "REGEX")]
    mask_pattern: Vec<String>,
    /// Directory that Burr's tracker writes to, shown as it grows: ~/.burr (repeatable)
    #[arg(long, global = true, value_name = "DIR")]
    watch: Vec<PathBuf>,
    /// Zone of local times in what Burr wrote, Europe/Paris or +02:00 [default: auto, as each log shows, else this machine's]
    #[arg(long, global = true, value_name = "ZONE|auto")]
    timezone: Option<Zone>,
    /// Do not open the browser
    #[arg(long, global = true)]
    no_open: bool,
    /// Print the addresses as one line of JSON, first thing on stdout
    #[arg(long, global = true)]
    json: bool,
}

/// What `config.toml` may hold.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    listen: Option<String>,
    otlp_http: Option<String>,
    otlp_grpc: Option<String>,
    allow_origin: Option<Vec<String>>,
    max_body_bytes: Option<u64>,
    memory_bytes: Option<u64>,
    keep_days: Option<Most>,
    keep_bytes: Option<Most>,
    max_log_bytes: Option<u64>,
    max_run_bytes: Option<u64>,
    min_free_bytes: Option<u64>,
    lost_after: Option<u64>,
    announced_lost_after: Option<u64>,
    max_announced_spans: Option<u64>,
    mask_secrets: Option<bool>,
    #[serde(alias = "mask_patterns")]
    mask_pattern: Option<Vec<String>>,
    watch: Option<Vec<PathBuf>>,
    timezone: Option<Zone>,
    no_open: Option<bool>,
    #[serde(default)]
    price: Vec<prices::Entry>,
    #[serde(default)]
    agent_models: BTreeMap<String, String>,
    #[serde(default)]
    project: BTreeMap<String, KeepEntry>,
}

/// Settings with all questions answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) server: Config,
    pub(crate) data_dir: PathBuf,
    pub(crate) memory_bytes: u64,
    pub(crate) retention: Retention,
    pub(crate) max_log_bytes: u64,
    pub(crate) max_run_bytes: u64,
    /// As much as the store thinks right when absent.
    pub(crate) min_free_bytes: Option<u64>,
    pub(crate) lost_after: Duration,
    pub(crate) announced: Announced,
    pub(crate) open: bool,
    pub(crate) json: bool,
    /// Every setting as it was given.
    pub(crate) given: Vec<Given>,
}

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

    fn origin(&self) -> String {
        match &self.origin {
            Origin::File(path) => path.display().to_string(),
            Origin::Default => "default".to_owned(),
            Origin::Flag | Origin::Environment(_) => self.asked_by(),
        }
    }
}

/// Room on the disk, or "auto".
#[derive(Debug, Clone, Copy)]
struct Room(Option<u64>);

impl FromStr for Room {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "auto" { Ok(Self(None)) } else { text.parse().map(|bytes| Self(Some(bytes))) }
    }
}

impl Display for Room {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(bytes) => bytes.fmt(formatter),
            None => formatter.write_str("auto"),
        }
    }
}

/// Regular expressions; one where a setting is a single text, since they may hold any separator.
#[derive(Debug, Clone, Default)]
struct Patterns(Vec<String>);

impl FromStr for Patterns {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(if text.is_empty() { Vec::new() } else { vec![text.to_owned()] }))
    }
}

impl Display for Patterns {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.join(" "))
    }
}

/// Yes or no, in the words that people use in the environment.
#[derive(Debug, Clone, Copy)]
struct Switch(bool);

impl FromStr for Switch {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.to_ascii_lowercase().as_str() {
            "1" | "true" | "yes" => Ok(Self(true)),
            "0" | "false" | "no" => Ok(Self(false)),
            _ => Err("use 1, true or yes, or else 0, false or no"),
        }
    }
}

impl Display for Switch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// Finds the value of each setting, and remembers where it came from.
struct Finder {
    file: PathBuf,
    found: Vec<Given>,
}

impl Finder {
    /// The flag, else the environment, else the file, else the default.
    fn find<T: FromStr + Display>(
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
    fn number(
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
}

impl Finder {
    /// What a user would change to change the setting that was found last.
    fn last_asked_by(&self) -> String {
        self.found.last().map(Given::asked_by).unwrap_or_default()
    }

    /// Remembers the tables that only the file can hold, where it does.
    fn note_tables(&mut self, server: &Config, projects: &BTreeMap<String, KeepEntry>) {
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

/// The directory in which programs of this machine keep their projects, below that of the data.
const PROJECTS: &str = "projects";
/// Another name of TRACKWAY_DATA_DIR.
const HOME: &str = "TRACKWAY_HOME";

/// The environment variable of a setting.
fn variable(name: &str) -> String {
    format!("TRACKWAY_{}", name.replace('-', "_").to_uppercase())
}

fn environment(variable: &str) -> Result<Option<String>> {
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

impl Flags {
    /// Answers every question.
    ///
    /// # Errors
    /// A value that does not mean anything, wherever it came from; nothing is replaced by a default in silence.
    pub(crate) fn resolve(self) -> Result<Settings> {
        let (data_dir, origin) = data_dir(self.data_dir)?;
        let path = data_dir.join("config.toml");
        let file = file(&path)?;
        let found = vec![Given { name: "data-dir", value: data_dir.display().to_string(), origin }];
        let mut finder = Finder { file: path, found };
        let defaults = Config::default();
        let listen = finder.find("listen", self.listen, file.listen, "127.0.0.1:7241")?;
        let otlp_http = finder.find("otlp-http", self.otlp_http, file.otlp_http, "127.0.0.1:4318")?;
        let otlp_grpc = finder.find("otlp-grpc", self.otlp_grpc, file.otlp_grpc, "127.0.0.1:4317")?;
        let origins = (!self.allow_origin.is_empty()).then(|| self.allow_origin.join(","));
        let origins = finder.find("allow-origin", origins, file.allow_origin.map(|list| list.join(",")), "")?;
        let bodies = 1_024..=1_073_741_824;
        let max_body_bytes =
            finder.number("max-body-bytes", self.max_body_bytes, file.max_body_bytes, 64 << 20, bodies)?;
        let max_body_bytes = usize::try_from(max_body_bytes).context("max-body-bytes")?;
        let memory = 1_048_576..=u64::MAX;
        let memory_bytes = finder.number("memory-bytes", self.memory_bytes, file.memory_bytes, 256 << 20, memory)?;
        let keep_days = finder.find("keep-days", self.keep_days, file.keep_days, "all")?;
        let keep_bytes = finder.find("keep-bytes", self.keep_bytes, file.keep_bytes, "all")?;
        let retention = retention::retention(keep_days, keep_bytes, &file.project);
        let log = 1_048_576..=u64::MAX;
        let max_log_bytes = finder.number("max-log-bytes", self.max_log_bytes, file.max_log_bytes, 8 << 30, log)?;
        let runs = 1_048_576..=u64::MAX;
        let max_run_bytes = finder.number("max-run-bytes", self.max_run_bytes, file.max_run_bytes, 8 << 30, runs)?;
        let min_free_bytes = file.min_free_bytes.map(|bytes| Room(Some(bytes)));
        let min_free_bytes = finder.find("min-free-bytes", self.min_free_bytes, min_free_bytes, "auto")?;
        let lost_after = finder.number("lost-after", self.lost_after, file.lost_after, 600, 1..=31_536_000)?;
        let announced_lost_after =
            finder.number("announced-lost-after", self.announced_lost_after, file.announced_lost_after, 30, 1..=600)?;
        let max_announced_spans = finder.number(
            "max-announced-spans",
            self.max_announced_spans,
            file.max_announced_spans,
            10_000,
            0..=u64::MAX,
        )?;
        let announced = Announced {
            lost_after: Duration::from_secs(announced_lost_after),
            max_spans: max_announced_spans,
            ..Announced::default()
        };
        let mask_secrets = finder.find("mask-secrets", self.mask_secrets, file.mask_secrets.map(Switch), "true")?.0;
        let patterns = (!self.mask_pattern.is_empty()).then_some(Patterns(self.mask_pattern));
        let patterns = finder.find("mask-pattern", patterns, file.mask_pattern.map(Patterns), "")?;
        let masking = Masking::new(patterns.0).with_context(|| finder.last_asked_by())?;
        let watch = (!self.watch.is_empty()).then_some(Folders(self.watch));
        let watch = finder.find("watch", watch, file.watch.map(Folders), "")?;
        let timezone = finder.find("timezone", self.timezone, file.timezone, "auto")?;
        let no_open = self.no_open.then_some(Switch(true));
        let no_open = finder.find("no-open", no_open, file.no_open.map(Switch), "false")?;
        let prices = prices::read(file.price, &finder.file)?;
        let server = Config {
            listen: listener("listen", &listen, defaults.listen.clone(), &finder.found)?,
            otlp_http: listener("otlp-http", &otlp_http, defaults.otlp_http.clone(), &finder.found)?,
            otlp_grpc: listener("otlp-grpc", &otlp_grpc, defaults.otlp_grpc.clone(), &finder.found)?,
            allow_origins: allowed(&origins)?,
            max_body_bytes,
            max_bytes_under_way: defaults.max_bytes_under_way.max(max_body_bytes.saturating_mul(6)),
            masking: mask_secrets.then_some(masking),
            prices,
            agent_models: file.agent_models,
            watch: watch.absolute()?,
            projects: Some(data_dir.join(PROJECTS)),
            timezone: timezone.0,
            burr_store: std::env::home_dir().map(|home| home.join(".burr")),
            ..defaults
        };
        let mut known: Vec<_> = finder.found.iter().map(|given| variable(given.name)).collect();
        known.push(HOME.to_owned());
        for note in std::env::vars_os().filter_map(|(name, _)| misspelt(name.to_str()?, &known)) {
            print::talk(note);
        }
        finder.note_tables(&server, &file.project);
        Ok(Settings {
            server,
            data_dir,
            memory_bytes,
            retention,
            max_log_bytes,
            max_run_bytes,
            min_free_bytes: min_free_bytes.0,
            lost_after: Duration::from_secs(lost_after),
            announced,
            open: !no_open.0,
            json: self.json,
            given: finder.found,
        })
    }
}

/// The default where nobody said anything; otherwise exactly what was said.
fn listener(name: &str, text: &str, default: Listen, found: &[Given]) -> Result<Listen> {
    let Some(given) = found.iter().find(|given| given.name == name && given.origin != Origin::Default) else {
        return Ok(default);
    };
    let asked_by = given.asked_by();
    match text {
        "off" if name == "listen" => bail!("{asked_by} cannot be off: it carries the web page and the REST interface"),
        "off" => Ok(Listen::Off),
        text => {
            let address = text.replacen("localhost", "127.0.0.1", 1).parse::<SocketAddr>();
            let hint = "use an address with a port, 127.0.0.1:4000; port 0 takes any that is free";
            Ok(Listen::At(address.with_context(|| format!("{asked_by} is {text:?}; {hint}"))?))
        }
    }
}

fn allowed(origins: &str) -> Result<Vec<String>> {
    let origins = origins.split(',').map(str::trim).filter(|origin| !origin.is_empty());
    origins
        .map(|origin| match origin.split_once("://") {
            Some(("http" | "https", host)) if !host.is_empty() && !host.trim_end_matches('/').contains('/') => {
                Ok(origin.trim_end_matches('/').to_owned())
            }
            _ => bail!("{origin:?} is not an origin; write it as https://app.example"),
        })
        .collect()
}

fn data_dir(flag: Option<PathBuf>) -> Result<(PathBuf, Origin)> {
    let variable = variable("data-dir");
    let (path, origin) = match (flag, environment(&variable)?, environment(HOME)?) {
        (Some(path), ..) => (path, Origin::Flag),
        (None, Some(one), Some(other)) if one != other => {
            bail!("{variable} is {one:?} and {HOME} is {other:?}, which are names of one setting; unset one")
        }
        (None, Some(path), _) => (path.into(), Origin::Environment(variable)),
        (None, None, Some(path)) => (path.into(), Origin::Environment(HOME.to_owned())),
        (None, None, None) => {
            let home = std::env::home_dir().context("there is no home directory; name one with --data-dir")?;
            (home.join(".trackway"), Origin::Default)
        }
    };
    let path = std::path::absolute(&path).with_context(|| format!("cannot use the directory {}", path.display()))?;
    Ok((path, origin))
}

/// A note about a variable that is nearly one of ours; other programs may have their own.
fn misspelt(variable: &str, known: &[String]) -> Option<String> {
    let near = known.iter().find(|known| distance(known, variable) <= 2)?;
    let is_known = known.iter().any(|known| known == variable);
    let all = known.join(", ");
    (!is_known).then(|| format!("note: {variable} is not read, {near} is; all that are read: {all}"))
}

/// How many characters must be put in, left out or changed to make one text the other.
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.chars().count()).collect();
    for (line, left) in one.chars().enumerate() {
        let mut last = line + 1;
        let above = row.clone();
        let pairs = above.iter().zip(above.iter().skip(1)).zip(other.chars());
        let rest = pairs.map(|((diagonal, above), right)| {
            last = (diagonal + usize::from(left != right)).min(above + 1).min(last + 1);
            last
        });
        row = std::iter::once(line + 1).chain(rest).collect();
    }
    row.last().copied().unwrap_or(0)
}

fn file(path: &Path) -> Result<File> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(File::default()),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    };
    toml::from_str(&text).with_context(|| format!("cannot use {}", path.display()))
}

/// Prints every setting with its value and its origin.
pub(crate) fn show(flags: Flags) -> Result<()> {
    let settings = flags.resolve()?;
    let widest = settings.given.iter().map(|given| given.value.len()).max().unwrap_or(0);
    for given in &settings.given {
        print::data(format_args!("{:<20} {:<widest$}  {}", given.name, given.value, given.origin()))?;
    }
    Ok(())
}
