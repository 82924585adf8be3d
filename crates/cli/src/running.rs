//! Finding a Trackway that is already running.

use std::{
    net::SocketAddr,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use serde::Deserialize;
use ureq::Agent;

use crate::settings::{Given, Origin};

/// What a server tells of itself.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Health {
    name: String,
    pub(crate) pid: u32,
    pub(crate) data_dir: String,
    pub(crate) listeners: Vec<Listener>,
}

/// Where a server listens.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Listener {
    pub(crate) name: String,
    pub(crate) address: Option<String>,
    pub(crate) state: String,
}

/// Who has a port.
#[derive(Debug, Clone)]
pub(crate) enum Holder {
    /// A Trackway that answers.
    Running(Health),
    /// A Trackway, by its process, that still reads its log.
    Starting(u32),
    /// Another program.
    Stranger,
}

impl Health {
    /// Tells whether a directory is the one of this server.
    pub(crate) fn keeps_data_in(&self, directory: &Path) -> bool {
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        real(Path::new(&self.data_dir)) == real(directory)
    }

    fn listens(&self, name: &str, value: &str) -> bool {
        let listener = self.listeners.iter().find(|listener| listener.name == name.replace('-', "_"));
        listener.is_some_and(|listener| match listener.state.as_str() {
            "ready" => listener.address.as_deref() == Some(&value.replacen("localhost", "127.0.0.1", 1)),
            state => state == value,
        })
    }

    /// Tells whether this server does what a setting asks; where it cannot be known, what was read from its own
    /// directory's file is.
    fn heeds(&self, setting: &Given, data_dir: &Path) -> bool {
        match (setting.name, &setting.origin) {
            (_, Origin::Default) => true,
            ("data-dir", _) => self.keeps_data_in(data_dir),
            ("otlp-http" | "otlp-grpc", _) => self.listens(setting.name, &setting.value),
            (_, Origin::File(_)) => self.keeps_data_in(data_dir),
            _ => !is_of_server(setting),
        }
    }
}

/// Tells whether a setting is about the server, and not about this start of it.
fn is_of_server(setting: &Given) -> bool {
    !["data-dir", "listen", "no-open"].contains(&setting.name)
}

/// Tells whether a setting was given that a server may not have.
pub(crate) fn must_ask(given: &[Given]) -> bool {
    given.iter().any(|setting| setting.origin != Origin::Default && is_of_server(setting))
}

/// Returns why a running server will not do for who gave these settings; `None` when it will.
pub(crate) fn refusal(health: &Health, address: SocketAddr, data_dir: &Path, given: &[Given]) -> Option<String> {
    let unheeded: Vec<_> = given.iter().filter(|setting| !health.heeds(setting, data_dir)).collect();
    let pid = health.pid;
    let names: Vec<_> = unheeded.iter().map(|setting| setting.asked_by()).collect();
    let names = names.join(" and ");
    if unheeded.is_empty() {
        return None;
    }
    if unheeded.iter().any(|setting| setting.name == "data-dir") {
        return Some(format!(
            "{address} is held by a Trackway that keeps its data in {} (process {pid}); \
             name another address with --listen, or leave out {names} to open that one",
            health.data_dir
        ));
    }
    Some(format!(
        "{address} is held by a Trackway with settings of its own (process {pid}); \
         end it and start again, or leave out {names} to open that one"
    ))
}

/// Finds out who listens at `url`.
pub(crate) fn holder(url: &str, data_dir: &Path) -> Holder {
    if let Some(health) = health(url) {
        return Holder::Running(health);
    }
    match trackway_store::owner(data_dir) {
        // The owner writes its address down when it has read its log.
        Some(owner) if owner.url.is_empty() => Holder::Starting(owner.pid),
        Some(owner) if owner.url == url => health(url).map_or(Holder::Stranger, Holder::Running),
        _ => Holder::Stranger,
    }
}

/// Waits until the owner of a directory answers at `url`; `None` when it ends or takes too long.
pub(crate) fn wait(url: &str, data_dir: &Path, most: Duration) -> Option<Health> {
    let start = Instant::now();
    while start.elapsed() < most && trackway_store::owner(data_dir).is_some() {
        if let Some(health) = health(url) {
            return Some(health);
        }
        thread::sleep(Duration::from_millis(100));
    }
    None
}

/// Talks to servers on this machine, never through a proxy.
pub(crate) fn agent(timeout: Duration) -> Agent {
    Agent::config_builder().timeout_global(Some(timeout)).proxy(None).http_status_as_error(false).build().into()
}

/// Writes a text as one part of a URL.
pub(crate) fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// Reads what [`escaped`] wrote; `None` when it is not written so.
pub(crate) fn unescaped(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (digits, plain) = part.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend(plain.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

/// Asks whether a Trackway answers at `url`.
pub(crate) fn health(url: &str) -> Option<Health> {
    let answer = agent(Duration::from_secs(2)).get(format!("{url}/api/v1/health")).call();
    let text = answer.ok()?.body_mut().read_to_string().ok()?;
    serde_json::from_str(&text).ok().filter(|health: &Health| health.name == "trackway")
}

/// Returns the address of the server that owns a directory, if one answers.
pub(crate) fn owner_of(data_dir: &Path) -> Option<String> {
    let owner = trackway_store::owner(data_dir)?;
    health(&owner.url).map(|_| owner.url)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const ADDRESS: &str = "127.0.0.1:7241";

    fn health() -> Health {
        let listener = |name: &str, address: Option<&str>, state: &str| Listener {
            name: name.into(),
            address: address.map(Into::into),
            state: state.into(),
        };
        Health {
            name: "trackway".into(),
            pid: 7,
            data_dir: "/data".into(),
            listeners: vec![
                listener("main", Some(ADDRESS), "ready"),
                listener("otlp_http", Some("127.0.0.1:4318"), "ready"),
                listener("otlp_grpc", None, "off"),
            ],
        }
    }

    fn refused(data_dir: &str, name: &'static str, value: &str, origin: Origin) -> Option<String> {
        let given = Given { name, value: value.into(), origin };
        refusal(&health(), ADDRESS.parse().unwrap(), Path::new(data_dir), &[given])
    }

    #[test]
    fn a_directory_that_was_asked_for_is_not_exchanged_for_another() {
        let variable = Origin::Environment("TRACKWAY_HOME".into());
        assert_eq!(
            refused("/mine", "data-dir", "/mine", Origin::Flag).unwrap(),
            "127.0.0.1:7241 is held by a Trackway that keeps its data in /data (process 7); \
             name another address with --listen, or leave out --data-dir to open that one"
        );
        assert!(refused("/mine", "data-dir", "/mine", variable).unwrap().contains("leave out TRACKWAY_HOME to"));
        assert_eq!(refused("/mine", "data-dir", "/mine", Origin::Default), None);
        assert_eq!(refused("/data", "data-dir", "/data", Origin::Flag), None);
    }

    #[test]
    fn a_setting_that_the_running_server_may_not_have_is_refused() {
        assert_eq!(
            refused("/data", "memory-bytes", "5", Origin::Flag).unwrap(),
            "127.0.0.1:7241 is held by a Trackway with settings of its own (process 7); \
             end it and start again, or leave out --memory-bytes to open that one"
        );
        assert!(refused("/data", "allow-origin", "https://a.example", Origin::Flag).is_some());
        assert!(refused("/data", "otlp-http", "off", Origin::Flag).is_some());
        assert!(refused("/data", "otlp-grpc", "127.0.0.1:4317", Origin::Flag).is_some());
        assert!(refused("/mine", "memory-bytes", "5", Origin::File("/mine/config.toml".into())).is_some());
    }

    #[test]
    fn a_setting_that_the_running_server_has_is_no_hindrance() {
        assert_eq!(refused("/data", "otlp-http", "localhost:4318", Origin::Flag), None);
        assert_eq!(refused("/data", "otlp-grpc", "off", Origin::Flag), None);
        assert_eq!(refused("/data", "no-open", "true", Origin::Flag), None);
        assert_eq!(refused("/data", "memory-bytes", "5", Origin::File("/data/config.toml".into())), None);
        assert_eq!(refused("/data", "memory-bytes", "5", Origin::Default), None);
    }

    #[test]
    fn a_server_that_reads_its_log_is_no_stranger() {
        let directory = tempfile::tempdir().unwrap();
        let directory = directory.path();
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", socket.local_addr().unwrap());
        assert!(matches!(holder(&url, directory), Holder::Stranger));
        let config = trackway_store::Config::new(directory);
        let (store, _) =
            trackway_store::Embedded::open(config, trackway_server::decoder(&trackway_server::Config::default()))
                .unwrap();
        assert!(matches!(holder(&url, directory), Holder::Starting(pid) if pid == std::process::id()));
        store.set_url("http://127.0.0.1:1").unwrap();
        assert!(matches!(holder(&url, directory), Holder::Stranger));
    }
}
