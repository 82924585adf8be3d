//! Settings: from a flag, the environment, `config.toml` in the data directory, or the default, in this order.

use std::{
    fmt::Display,
    net::SocketAddr,
    path::{Path, PathBuf},
    str::FromStr,
};

use anyhow::{Context, Result, bail};
use clap::Args;
use serde::Deserialize;
use trackway_server::{Config, Listen};

use crate::print;

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
    /// Where everything is kept; also TRACKWAY_HOME [default: ~/.trackway]
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Origin of a web application whose pages may send traces, https://app.example (repeatable)
    #[arg(long, global = true, value_name = "ORIGIN")]
    allow_origin: Vec<String>,
    /// The largest request body, in bytes, compressed or not [default: 67108864]
    #[arg(long, global = true, value_name = "BYTES")]
    max_body_bytes: Option<usize>,
    /// The most spans that are kept; more are refused until some are deleted [default: 1000000]
    #[arg(long, global = true, value_name = "SPANS")]
    max_spans: Option<u64>,
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
    max_body_bytes: Option<usize>,
    max_spans: Option<u64>,
    no_open: Option<bool>,
}

/// Settings with all questions answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) server: Config,
    pub(crate) data_dir: PathBuf,
    pub(crate) max_spans: u64,
    pub(crate) open: bool,
    pub(crate) json: bool,
    /// Every setting as name, value and origin.
    origins: Vec<(&'static str, String, String)>,
}

/// Finds the value of each setting, and remembers where it came from.
struct Finder {
    file: PathBuf,
    found: Vec<(&'static str, String, String)>,
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
            (Some(flag), ..) => (flag, format!("--{name}")),
            (None, Some(text), _) => (read(&text, &variable)?, variable),
            (None, None, Some(value)) => (value, self.file.display().to_string()),
            (None, None, None) => (read(default, name)?, "default".into()),
        };
        self.found.push((name, value.to_string(), origin));
        Ok(value)
    }
}

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
        let found = vec![("data-dir", data_dir.display().to_string(), origin)];
        let mut finder = Finder { file: path, found };
        let defaults = Config::default();
        let listen = finder.find("listen", self.listen, file.listen, "127.0.0.1:7241")?;
        let otlp_http = finder.find("otlp-http", self.otlp_http, file.otlp_http, "127.0.0.1:4318")?;
        let otlp_grpc = finder.find("otlp-grpc", self.otlp_grpc, file.otlp_grpc, "127.0.0.1:4317")?;
        let origins = (!self.allow_origin.is_empty()).then(|| self.allow_origin.join(","));
        let origins = finder.find("allow-origin", origins, file.allow_origin.map(|list| list.join(",")), "")?;
        let max_body_bytes = defaults.max_body_bytes.to_string();
        let max_body_bytes =
            finder.find("max-body-bytes", self.max_body_bytes, file.max_body_bytes, &max_body_bytes)?;
        let max_spans = finder.find("max-spans", self.max_spans, file.max_spans, "1000000")?;
        let no_open = finder.find("no-open", self.no_open.then_some(true), file.no_open, "false")?;
        let server = Config {
            listen: listener("listen", &listen, defaults.listen.clone(), &finder.found)?,
            otlp_http: listener("otlp-http", &otlp_http, defaults.otlp_http.clone(), &finder.found)?,
            otlp_grpc: listener("otlp-grpc", &otlp_grpc, defaults.otlp_grpc.clone(), &finder.found)?,
            allow_origins: allowed(&origins)?,
            max_body_bytes,
            max_bytes_under_way: defaults.max_bytes_under_way.max(max_body_bytes.saturating_mul(6)),
            ..defaults
        };
        Ok(Settings { server, data_dir, max_spans, open: !no_open, json: self.json, origins: finder.found })
    }
}

/// The default where nobody said anything; otherwise exactly what was said.
fn listener(name: &str, text: &str, default: Listen, found: &[(&str, String, String)]) -> Result<Listen> {
    let origin = found.iter().find(|(setting, ..)| *setting == name).map_or("", |(_, _, origin)| origin);
    match text {
        _ if origin == "default" => Ok(default),
        "off" if name == "listen" => bail!("{origin} cannot be off: it carries the web page and the REST interface"),
        "off" => Ok(Listen::Off),
        text => {
            let address = text.replacen("localhost", "127.0.0.1", 1).parse::<SocketAddr>();
            let hint = "use an address with a port, 127.0.0.1:4000; port 0 takes any that is free";
            Ok(Listen::At(address.with_context(|| format!("{origin} is {text:?}; {hint}"))?))
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

fn data_dir(flag: Option<PathBuf>) -> Result<(PathBuf, String)> {
    let (path, origin) = match (flag, environment("TRACKWAY_HOME")?) {
        (Some(path), _) => (path, "--data-dir".to_owned()),
        (None, Some(path)) => (path.into(), "TRACKWAY_HOME".to_owned()),
        (None, None) => {
            let home = std::env::home_dir().context("there is no home directory; name one with --data-dir")?;
            (home.join(".trackway"), "default".to_owned())
        }
    };
    let path = std::path::absolute(&path).with_context(|| format!("{origin} {}", path.display()))?;
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
    let widest = settings.origins.iter().map(|(_, value, _)| value.len()).max().unwrap_or(0);
    for (name, value, origin) in &settings.origins {
        print::data(format_args!("{name:<16} {value:<widest$}  {origin}"))?;
    }
    Ok(())
}
