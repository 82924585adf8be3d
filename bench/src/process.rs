//! A server as a child process, and what the system tells of it.

use std::{
    fs,
    io::{BufRead, BufReader},
    net::{SocketAddr, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use serde_json::Value as Json;

/// A running server; killed when dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    url: String,
}

/// Finds the binary that is measured: `$TRACKWAY_BIN`, or the release build beside this one.
///
/// # Errors
/// When it is not there.
pub fn trackway() -> Result<PathBuf> {
    let path = match std::env::var_os("TRACKWAY_BIN") {
        Some(path) => PathBuf::from(path),
        None => {
            let target = std::env::var_os("CARGO_TARGET_DIR").map_or("target".into(), PathBuf::from);
            target.join("release/trackway")
        }
    };
    ensure!(path.is_file(), "there is no {}; run: cargo build --release -p trackway-cli", path.display());
    Ok(path)
}

impl Server {
    /// Starts a server that prints its address as JSON on its first line.
    ///
    /// # Errors
    /// When it does not start, or prints something else.
    pub fn start(mut command: Command) -> Result<Self> {
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
        let child = child.with_context(|| format!("cannot start {command:?}"))?;
        // From here on it is killed whatever goes wrong.
        let mut server = Self { child, url: String::new() };
        let mut line = String::new();
        BufReader::new(server.child.stdout.take().context("its output is piped")?).read_line(&mut line)?;
        let ready: Json = serde_json::from_str(&line).with_context(|| format!("{command:?} said {line:?}"))?;
        server.url = ready.get("ui").and_then(Json::as_str).context("no address")?.to_owned();
        Ok(server)
    }

    /// Starts a server that says nothing, at an address that it was told; it is there once that takes connections.
    ///
    /// # Errors
    /// When it does not start, or takes none within ten seconds.
    pub fn start_at(mut command: Command, address: SocketAddr) -> Result<Self> {
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let child = child.with_context(|| format!("cannot start {command:?}"))?;
        let server = Self { child, url: format!("http://{address}") };
        let begun = Instant::now();
        while TcpStream::connect(address).is_err() {
            ensure!(begun.elapsed() < Duration::from_secs(10), "{command:?} takes no connections");
            thread::sleep(Duration::from_millis(20));
        }
        Ok(server)
    }

    /// Returns the address that it serves.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns the processor time that it took so far.
    ///
    /// # Errors
    /// When it has ended.
    pub fn cpu(&self) -> Result<Duration> {
        let stat = self.proc("stat")?;
        // The name before may hold anything, a parenthesis included.
        let (_, behind_name) = stat.rsplit_once(") ").context("no name")?;
        let fields: Vec<&str> = behind_name.split(' ').collect();
        let ticks = |index: usize| -> Result<u64> { Ok(fields.get(index).context("a field is missing")?.parse()?) };
        let (user, system) = (ticks(11)?, ticks(12)?);
        Ok(Duration::from_secs_f64((user + system) as f64 / rustix::param::clock_ticks_per_second() as f64))
    }

    /// Returns the most memory that it ever had resident.
    ///
    /// # Errors
    /// When it has ended.
    pub fn peak_bytes(&self) -> Result<u64> {
        self.status_bytes("VmHWM:")
    }

    /// Returns the memory that it has resident.
    ///
    /// # Errors
    /// When it has ended.
    pub fn resident_bytes(&self) -> Result<u64> {
        self.status_bytes("VmRSS:")
    }

    fn status_bytes(&self, name: &str) -> Result<u64> {
        let status = self.proc("status")?;
        let line = status.lines().find_map(|line| line.strip_prefix(name)).with_context(|| format!("no {name}"))?;
        Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? << 10)
    }

    fn proc(&self, name: &str) -> Result<String> {
        let path = format!("/proc/{}/{name}", self.child.id());
        fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill()); // it may have ended already
        drop(self.child.wait());
    }
}
