//! Why a server did not start.

use std::{io, net::SocketAddr};

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An address that other machines can reach.
    #[error("{address} can be reached from other machines, and Trackway has no access control yet: use 127.0.0.1:{}", address.port())]
    NotLoopback {
        /// The address that was asked for.
        address: SocketAddr,
    },
    /// An address that was asked for cannot be had.
    #[error("cannot listen on {address}; free it, or name another one (port 0 takes any that is free)")]
    Bind {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The default address is in use.
    #[error(
        "{address} is in use by another program; free it, or name another address with --listen (port 0 takes any that is free)"
    )]
    Taken {
        /// The default address.
        address: SocketAddr,
    },
    /// The main listener was switched off.
    #[error("the main listener cannot be off: it carries the web page and the REST interface")]
    NoMain,
}
