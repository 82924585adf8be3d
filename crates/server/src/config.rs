//! What can be set about a server.

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf};

use jiff::tz::TimeZone;
use trackway_model::Dollars;

use crate::Masking;

/// Where a listener binds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listen {
    /// The usual port on 127.0.0.1 and, where the machine has it, ::1. A port in use is reported, not an error.
    Default(u16),
    /// Exactly this address; an error when it cannot be bound.
    At(SocketAddr),
    /// Nowhere.
    Off,
}

/// What can be set about a server; [`Config::default`] needs no change to be useful.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// UI, REST and every ingest path.
    pub listen: Listen,
    /// The port where OTLP/HTTP clients look by default.
    pub otlp_http: Listen,
    /// The port where OTLP/gRPC clients look by default.
    pub otlp_grpc: Listen,
    /// Origins of web applications, `https://app.example`, whose pages may send traces from the browser.
    pub allow_origins: Vec<String>,
    /// The most bytes of a request's body, compressed and uncompressed alike.
    pub max_body_bytes: usize,
    /// The most bytes of bodies, and of the records that they become, that are under way at once; a body of the largest
    /// size needs six times its bytes.
    pub max_bytes_under_way: usize,
    /// The most connections that are open at once, on each listener.
    pub max_connections: usize,
    /// How keys, tokens and passwords in what comes in are found, to be masked before anything is written; `None` keeps
    /// them as they come.
    pub masking: Option<Masking>,
    /// Prices that count before those of the built-in list; the first that fits does.
    pub prices: Vec<Price>,
    /// The models of agents, by the agent's name, for calls that name none.
    pub agent_models: BTreeMap<String, String>,
    /// Directories that trackers write to, Burr's or our own, to be followed as they grow.
    pub watch: Vec<PathBuf>,
    /// The directory in which programs of this machine keep their projects, followed as well.
    pub projects: Option<PathBuf>,
    /// The zone of local times in what Burr wrote; the one that each log shows, or that of this machine, when absent.
    pub timezone: Option<TimeZone>,
    /// Where Burr's tracker writes to by default; whoever has nothing to look at is told of what is there.
    pub burr_store: Option<PathBuf>,
}

/// The price of a model, each amount for a million tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    /// The model's name, whatever the case; with `*` at the end, all whose names begin so.
    pub model: String,
    /// Who runs the model, as clients name it; anybody when absent.
    pub provider: Option<String>,
    /// What goes in.
    pub input: Dollars,
    /// What comes out.
    pub output: Dollars,
    /// The part of the input that is read from a cache; as all input when absent.
    pub cache_read: Option<Dollars>,
    /// The part of the input that is written to a cache; as all input when absent.
    pub cache_write: Option<Dollars>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: Listen::Default(7241),
            otlp_http: Listen::Default(4318),
            otlp_grpc: Listen::Default(4317),
            allow_origins: Vec::new(),
            max_body_bytes: 64 << 20,
            max_bytes_under_way: 512 << 20,
            max_connections: 1024,
            masking: Some(Masking::default()),
            prices: Vec::new(),
            agent_models: BTreeMap::new(),
            watch: Vec::new(),
            projects: None,
            timezone: None,
            burr_store: None,
        }
    }
}
