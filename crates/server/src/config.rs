//! What can be set about a server.

use std::net::SocketAddr;

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
        }
    }
}
