//! `trackway serve`.

use std::{fs::DirBuilder, io::ErrorKind, net::SocketAddr, os::unix::fs::DirBuilderExt, sync::Arc, time::Duration};

use anyhow::{Context, Result, bail};
use serde::Serialize;
use tokio::signal::unix::{Signal, SignalKind, signal};
use trackway_server::{Error, Listener, ListenerState, Server, Sockets, Stop};
use trackway_store::{Embedded, Error as StoreError, Recovery, system_clock};

use crate::{
    disk, print,
    running::{self, Health, Holder},
    settings::{Flags, Settings},
    watches,
};

/// The same number on every system that we run on.
const SIGXFSZ: i32 = 25;

/// How long a program that starts Trackway waits for one that is starting already.
const START: Duration = Duration::from_secs(30);

/// Serves until the process is told to end.
pub(crate) fn run(flags: Flags) -> Result<()> {
    let settings = flags.resolve()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start threads")?;
    let outcome = runtime.block_on(serve(settings));
    // Whatever still runs then has had its time to finish.
    runtime.shutdown_timeout(Duration::from_millis(500));
    outcome
}

async fn serve(settings: Settings) -> Result<()> {
    let mut signals = Signals::listen()?;
    let asked = settings.clone();
    let sockets = match Sockets::bind(&settings.server).await {
        Ok(sockets) => sockets,
        Err(Error::Taken { address }) => {
            return signals.unless_ended(move || show_running(&asked, address)).await?.unwrap_or(Ok(()));
        }
        Err(error) => return Err(error.into()),
    };
    let Some(opened) = signals.unless_ended(move || open(&asked)).await? else { return Ok(()) };
    let (store, recovery) = opened?;
    report(&recovery);
    make_projects(&settings);
    let url = format!("http://{}", sockets.main());
    store.set_url(&url)?;
    let listeners = sockets.listeners();
    let data_dir = settings.data_dir.display().to_string();
    let store = Arc::new(store);
    let looking = tokio::spawn(disk::tell(Arc::clone(&store)));
    let server =
        Server::new(settings.server.clone(), sockets, Arc::clone(&store) as _, store, data_dir, system_clock());
    let stop = server.stop();
    tokio::spawn(watches::tell(server.watching()));
    announce(&settings, &url, &listeners)?;
    let running = tokio::spawn(server.run());
    signals.end(stop).await;
    // It holds the store, which is to be closed when the server has ended.
    looking.abort();
    running.await.context("the server failed")
}

/// Opens the store of these settings, which no other process may have open.
pub(crate) fn open(settings: &Settings) -> Result<(Embedded, Recovery)> {
    let mut config = trackway_store::Config::new(&settings.data_dir);
    config.memory_bytes = settings.memory_bytes;
    config.retention = settings.retention.clone();
    config.max_log_bytes = settings.max_log_bytes;
    config.max_run_bytes = settings.max_run_bytes;
    config.min_free_bytes = settings.min_free_bytes;
    config.lost_after = settings.lost_after;
    config.announced = settings.announced;
    config.run_ids = Some(trackway_server::run_ids());
    match Embedded::open(config, trackway_server::decoder(&settings.server)) {
        Ok(opened) => Ok(opened),
        Err(StoreError::Locked { path, pid, url }) if url.is_empty() => {
            bail!("{} is in use by process {pid}; end it, or name another directory with --data-dir", path.display())
        }
        Err(StoreError::Locked { path, pid, url }) => bail!(
            "{} is in use by process {pid}, which serves {url}; open that, or name another directory with --data-dir",
            path.display()
        ),
        Err(error) => Err(error).with_context(|| format!("cannot open {}", settings.data_dir.display())),
    }
}

/// Makes the directory in which programs of this machine keep their projects: who makes it first decides who may read it.
fn make_projects(settings: &Settings) {
    let Some(projects) = &settings.server.projects else { return };
    match DirBuilder::new().mode(0o700).create(projects) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            print::talk(format_args!("cannot make {}: {error}; runs there are not watched", projects.display()));
        }
        _ => {}
    }
}

/// Tells what was found of the last time, when there is something to tell.
fn report(recovery: &Recovery) {
    if recovery.frames > 0 {
        let seconds = recovery.elapsed.as_secs_f64();
        print::talk(format_args!("read {} spans from the log in {seconds:.1} s", recovery.spans));
    }
    if recovery.torn_bytes > 0 {
        print::talk(format_args!(
            "cut {} bytes from the end of the log: most likely a write that was under way when the last process ended; a copy is under corrupt/",
            recovery.torn_bytes
        ));
    }
    for damage in &recovery.damaged {
        print::talk(format_args!(
            "skipped {} damaged bytes at {} of {}: {}; what could be copied is under corrupt/",
            damage.bytes,
            damage.offset,
            damage.file.display(),
            damage.reason
        ));
    }
}

/// Tells where the server is.
fn announce(settings: &Settings, url: &str, listeners: &[Listener]) -> Result<()> {
    if settings.json {
        Ready::at(url, |name| ready_url(listeners, name)).print()?;
    } else {
        print::data(format_args!("Trackway is ready: {url}"))?;
    }
    for listener in listeners {
        if let ListenerState::Taken(message) = &listener.state {
            print::talk(message);
        }
    }
    show(settings, url);
    Ok(())
}

/// The line that programs wait for.
#[derive(Serialize)]
struct Ready<'a> {
    ready: bool,
    ui: &'a str,
    otlp_http: Option<String>,
    otlp_grpc: Option<String>,
}

impl<'a> Ready<'a> {
    fn at(ui: &'a str, address: impl Fn(&str) -> Option<String>) -> Self {
        Self { ready: true, ui, otlp_http: address("otlp_http"), otlp_grpc: address("otlp_grpc") }
    }

    fn print(&self) -> Result<()> {
        print::data(serde_json::to_string(self)?)
    }
}

fn ready_url(listeners: &[Listener], name: &str) -> Option<String> {
    let listener = listeners.iter().find(|listener| listener.name == name && listener.state == ListenerState::Ready)?;
    listener.address.map(|address| format!("http://{address}"))
}

/// Opens the browser where somebody can see it.
fn show(settings: &Settings, url: &str) {
    if settings.open && !settings.json && has_desktop() && open::that_detached(url).is_err() {
        print::talk(format_args!("no browser could be started; open {url}"));
    }
}

fn has_desktop() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    cfg!(any(target_os = "macos", windows)) || set("DISPLAY") || set("WAYLAND_DISPLAY")
}

/// The default port is in use: by a Trackway, which is then shown, or by a stranger.
fn show_running(settings: &Settings, address: SocketAddr) -> Result<()> {
    let url = format!("http://{address}");
    let health = match running::holder(&url, &settings.data_dir) {
        Holder::Running(health) => health,
        Holder::Starting(pid) if settings.json || running::must_ask(&settings.given) => {
            let answer = running::wait(&url, &settings.data_dir, START);
            answer.with_context(|| format!("the Trackway at {url} (process {pid}) does not answer; try again later"))?
        }
        Holder::Starting(pid) => {
            print::data(format_args!("Trackway is starting (process {pid}): {url}"))?;
            show(settings, &url);
            return Ok(());
        }
        Holder::Stranger => return Err(Error::Taken { address }.into()),
    };
    if let Some(refusal) = running::refusal(&health, address, &settings.data_dir, &settings.given) {
        bail!(refusal);
    }
    if !health.keeps_data_in(&settings.data_dir) {
        let asked = settings.data_dir.display();
        print::talk(format_args!("note: it keeps its data in {}, not in {asked}", health.data_dir));
    }
    if settings.json {
        Ready::at(&url, |name| running_url(&health, name)).print()?;
    } else {
        print::data(format_args!("Trackway is running already (process {}): {url}", health.pid))?;
    }
    show(settings, &url);
    Ok(())
}

fn running_url(health: &Health, name: &str) -> Option<String> {
    let listener = health.listeners.iter().find(|listener| listener.name == name && listener.state == "ready")?;
    listener.address.as_ref().map(|address| format!("http://{address}"))
}

/// The signals that end the server, heard from before it says that it is ready.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    /// Sent when a file grows over the process's limit; the store sees the failed write, so the signal itself says nothing.
    _file_size: Signal,
}

impl Signals {
    fn listen() -> Result<Self> {
        let listen = |kind| signal(kind).context("cannot listen for signals");
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            _file_size: listen(SignalKind::from_raw(SIGXFSZ))?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    /// Does blocking work on another thread; `None` when a signal comes first, and the work is then left to itself.
    async fn unless_ended<T: Send + 'static>(
        &mut self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<Option<T>> {
        let work = tokio::task::spawn_blocking(work);
        tokio::select! {
            biased;
            () = self.next() => Ok(None),
            done = work => done.map(Some).context("the start failed"),
        }
    }

    /// Waits for Ctrl-C or SIGTERM, and then ends the server in order; the next such signal ends the process at once.
    async fn end(mut self, stop: Stop) {
        self.next().await;
        stop.stop();
        tokio::spawn(async move {
            self.next().await;
            std::process::exit(130);
        });
    }
}
