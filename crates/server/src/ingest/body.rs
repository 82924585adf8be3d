//! Bodies of requests: read to a limit, uncompressed to a limit.

use std::{io::Read, time::Duration};

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use flate2::read::{MultiGzDecoder, ZlibDecoder};
use http_body_util::BodyExt;
use hyper::body::Body as _;

use super::{Refusal, Reservation, run_apart};

/// How long a client may pause within a body.
const IDLE: Duration = Duration::from_secs(30);
/// How much room is made at once for bytes whose number is not known before.
const STEP: usize = 64 << 10;

/// How a body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compression {
    None,
    Gzip,
    Deflate,
}

impl Compression {
    /// Reads the value of `Content-Encoding` or `grpc-encoding`.
    pub(super) fn named(name: &str) -> Result<Self, Refusal> {
        match name.trim().to_ascii_lowercase().as_str() {
            "" | "identity" => Ok(Self::None),
            "gzip" | "x-gzip" => Ok(Self::Gzip),
            "deflate" => Ok(Self::Deflate),
            other => {
                Err(Refusal::Unsupported(format!("compression {other:?} is not known here: use gzip, deflate or none")))
            }
        }
    }
}

/// Reads a body of at most `limit` bytes.
pub(super) async fn read(body: Body, limit: usize, room: &mut Reservation) -> Result<Bytes, Refusal> {
    let mut body = body;
    // A client that names a length is believed as far as one step, and no further than it sends.
    let mut bytes = BytesMut::with_capacity(usize::try_from(body.size_hint().lower()).unwrap_or(0).min(STEP));
    while let Some(frame) = tokio::time::timeout(IDLE, body.frame()).await.map_err(|_| Refusal::Slow)? {
        let Ok(data) = frame.map_err(|_| Refusal::Slow)?.into_data() else { continue };
        if data.len() > limit - bytes.len() {
            return Err(Refusal::TooLarge { limit });
        }
        room.grow(data.len())?;
        bytes.extend_from_slice(&data);
    }
    Ok(bytes.freeze())
}

/// Uncompresses `bytes` to at most `limit` bytes; a small body that swells to gigabytes is given up at the limit.
///
/// Returns the room that body and plain bytes take together.
pub(super) async fn inflate(
    bytes: Bytes,
    compression: Compression,
    limit: usize,
    mut room: Reservation,
) -> Result<(Bytes, Reservation), Refusal> {
    if compression == Compression::None {
        return Ok((bytes, room));
    }
    let work = move || {
        let plain = match compression {
            Compression::Deflate => drain(ZlibDecoder::new(&*bytes), "deflate", limit, &mut room),
            _ => drain(MultiGzDecoder::new(&*bytes), "gzip", limit, &mut room),
        };
        plain.map(|plain| (plain, room))
    };
    run_apart(work).await?
}

fn drain(reader: impl Read, name: &str, limit: usize, room: &mut Reservation) -> Result<Bytes, Refusal> {
    // One byte more than allowed tells a full body from one that is too large.
    let mut reader = reader.take(limit as u64 + 1);
    let mut plain = Vec::new();
    loop {
        room.grow(STEP)?;
        let read = reader.by_ref().take(STEP as u64).read_to_end(&mut plain);
        let read = read.map_err(|error| Refusal::Malformed(format!("the body is not {name}: {error}")))?;
        if plain.len() > limit {
            return Err(Refusal::TooLarge { limit });
        }
        if read == 0 {
            return Ok(plain.into());
        }
    }
}
