//! Settings: from a flag, the environment, `config.toml` in the data directory, or the default, in this order.

mod burr;
mod finder;
mod misspelt;
mod prices;
mod retention;
mod words;

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use clap::Args;
use serde::Deserialize;
use trackway_server::{Config, Listen, Masking};
use trackway_store::{Announced, Retention};

use crate::print;
use burr::{Folders, Zone};
use finder::{Finder, environment, variable};
use misspelt::misspelt;
use retention::{KeepEntry, Most};
use words::{Patterns, Room, Switch};

pub(crate) use finder::{Given, Origin};

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

/// The directory in which programs of this machine keep their projects, below that of the data.
const PROJECTS: &str = "projects";
/// Another name of TRACKWAY_DATA_DIR.
const HOME: &str = "TRACKWAY_HOME";

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
