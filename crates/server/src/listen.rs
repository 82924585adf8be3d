//! Sockets: binding them, taking connections, and ending in order.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use axum::{Router, body::Body};
use hyper::{Request, body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
};

use crate::{App, Config, config::Listen, counters::Counters, error::Error, guard::Guarded, route};

/// How long a client may take to say which version of HTTP it speaks.
const OPENING: Duration = Duration::from_secs(10);
/// How long a client may take to send the head of a request, and how long a connection may be idle: exporters that
/// send every minute keep theirs.
const HEAD_TIMEOUT: Duration = Duration::from_secs(75);
/// What a connection that speaks HTTP/2 begins with.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// How long a request under way may take to finish once the server stops.
const DRAIN: Duration = Duration::from_secs(3);
/// How many requests one HTTP/2 connection may have under way.
const MOST_STREAMS: u32 = 128;

/// The sockets of a server, taken before it is ready to answer, so that clients wait instead of failing.
#[derive(Debug)]
pub struct Sockets {
    main: Bound,
    otlp_http: Door,
    otlp_grpc: Door,
}

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    /// `main`, `otlp_http` or `otlp_grpc`.
    pub name: &'static str,
    /// The address that clients use; absent when the listener is off.
    pub address: Option<SocketAddr>,
    /// Whether the listener is there.
    pub state: ListenerState,
}

/// Whether a listener is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListenerState {
    /// It answers.
    Ready,
    /// Another program has its default port; the text says what to do.
    Taken(String),
    /// It was switched off.
    Off,
}

/// The sockets of one listener: one, or one for each version of IP.
#[derive(Debug)]
pub(crate) struct Bound {
    first: (TcpListener, SocketAddr),
    second: Option<(TcpListener, SocketAddr)>,
}

/// A listener that a server can do without.
#[derive(Debug)]
enum Door {
    Open(Bound),
    Taken(SocketAddr),
    Off,
}

impl Sockets {
    /// Takes the sockets that a configuration asks for.
    ///
    /// # Errors
    /// [`Error::NotLoopback`] for an address that others can reach, [`Error::Bind`] for one that cannot be had,
    /// [`Error::Taken`] when the default main port is in use. A default OTLP port that is in use is no error: its
    /// listener is then [`ListenerState::Taken`].
    pub async fn bind(config: &Config) -> Result<Self, Error> {
        let main = match bind(&config.listen).await? {
            Door::Open(bound) => bound,
            Door::Taken(address) => return Err(Error::Taken { address }),
            Door::Off => return Err(Error::NoMain),
        };
        let otlp_http = bind(&config.otlp_http).await?;
        Ok(Self { main, otlp_http, otlp_grpc: bind(&config.otlp_grpc).await? })
    }

    /// Returns the address of the web page and of the REST interface.
    pub fn main(&self) -> SocketAddr {
        self.main.first.1
    }

    /// Returns every listener.
    pub fn listeners(&self) -> Vec<Listener> {
        let main = self.main();
        let door = |name, door: &Door| match door {
            Door::Open(bound) => Listener { name, address: Some(bound.first.1), state: ListenerState::Ready },
            Door::Off => Listener { name, address: None, state: ListenerState::Off },
            Door::Taken(address) => {
                let message = format!(
                    "port {} is in use by another program; point exporters at http://{main}, which takes the same \
                     traces, or free the port and start again",
                    address.port()
                );
                Listener { name, address: Some(*address), state: ListenerState::Taken(message) }
            }
        };
        vec![
            Listener { name: "main", address: Some(main), state: ListenerState::Ready },
            door("otlp_http", &self.otlp_http),
            door("otlp_grpc", &self.otlp_grpc),
        ]
    }

    /// Pairs the sockets with the routes that they serve.
    pub(crate) fn routed(self, app: &Arc<App>) -> Vec<(Bound, Router)> {
        let mut routed = vec![(self.main, route::main(app))];
        for door in [self.otlp_http, self.otlp_grpc] {
            if let Door::Open(bound) = door {
                routed.push((bound, route::doors(app)));
            }
        }
        routed
    }
}

impl Bound {
    /// The addresses under which clients reach these sockets.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = SocketAddr> {
        std::iter::once(&self.first).chain(&self.second).map(|(_, address)| *address)
    }
}

async fn bind(listen: &Listen) -> Result<Door, Error> {
    match *listen {
        Listen::Off => Ok(Door::Off),
        Listen::At(address) if !address.ip().is_loopback() => Err(Error::NotLoopback { address }),
        Listen::At(address) => {
            let socket = TcpListener::bind(address).await.map_err(|source| Error::Bind { address, source })?;
            let address = socket.local_addr().map_err(|source| Error::Bind { address, source })?;
            Ok(Door::Open(Bound { first: (socket, address), second: None }))
        }
        Listen::Default(port) => bind_default(port).await,
    }
}

async fn bind_default(port: u16) -> Result<Door, Error> {
    let address = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
    let socket = match TcpListener::bind(address).await {
        Ok(socket) => socket,
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => return Ok(Door::Taken(address)),
        Err(source) => return Err(Error::Bind { address, source }),
    };
    let six = SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), port);
    // A machine without IPv6, or with something else there, is reached over 127.0.0.1 all the same.
    let second = TcpListener::bind(six).await.ok().map(|socket| (socket, six));
    Ok(Door::Open(Bound { first: (socket, address), second }))
}

/// Serves a listener until `stop` turns true, then lets what is under way finish.
pub(crate) async fn serve(
    bound: Bound,
    app: Guarded,
    max_connections: usize,
    counters: Arc<Counters>,
    stop: watch::Receiver<bool>,
) {
    let room = Arc::new(Semaphore::new(max_connections));
    let sockets: Vec<_> = std::iter::once(bound.first)
        .chain(bound.second)
        .map(|(socket, _)| accept(socket, app.clone(), Arc::clone(&room), Arc::clone(&counters), stop.clone()))
        .collect();
    futures_util::future::join_all(sockets).await;
}

async fn accept(
    socket: TcpListener,
    app: Guarded,
    room: Arc<Semaphore>,
    counters: Arc<Counters>,
    mut stop: watch::Receiver<bool>,
) {
    let graceful = GracefulShutdown::new();
    loop {
        let stream = tokio::select! {
            accepted = socket.accept() => accepted,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        let stream = match stream {
            Ok((stream, _)) => stream,
            Err(_) => {
                // Mostly: too many open files. Connections wait in the system's queue meanwhile.
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        match Arc::clone(&room).try_acquire_owned() {
            Ok(place) => {
                let connection = graceful.watcher();
                let app = app.clone();
                tokio::spawn(async move {
                    converse(stream, app, connection).await;
                    drop(place);
                });
            }
            Err(_) => counters.connections_refused.add(1),
        }
    }
    drop(socket);
    // What is still under way after that is cut off when the runtime ends.
    drop(tokio::time::timeout(DRAIN, graceful.shutdown()).await);
}

/// Answers the requests of one connection, HTTP/1.1 or cleartext HTTP/2.
async fn converse(stream: TcpStream, app: Guarded, watcher: hyper_util::server::graceful::Watcher) {
    drop(stream.set_nodelay(true)); // only a matter of speed
    // The server behind waits without end until it knows the version, so nobody gets there without having said it.
    if !matches!(tokio::time::timeout(OPENING, has_opened(&stream)).await, Ok(true)) {
        return;
    }
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MOST_STREAMS)
        .max_header_list_size(64 << 10)
        .keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(Duration::from_secs(20));
    let service = service_fn(move |request: Request<Incoming>| {
        let app = app.clone();
        async move { Ok::<_, std::convert::Infallible>(app.call(request.map(Body::new)).await) }
    });
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    // A client that breaks off is its own affair.
    drop(watcher.watch(connection).await);
}

/// Waits until the first bytes tell HTTP/1 from HTTP/2; false when the client left before.
async fn has_opened(stream: &TcpStream) -> bool {
    let mut first = [0; PREFACE.len()];
    loop {
        match stream.peek(&mut first).await {
            Ok(0) | Err(_) => return false,
            Ok(length) if length == PREFACE.len() || !PREFACE.starts_with(first.get(..length).unwrap_or_default()) => {
                return true;
            }
            // A part of the preface stays readable, so waiting for more needs a clock.
            Ok(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}
