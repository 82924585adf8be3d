//! Bodies of requests: read to a limit, uncompressed to a limit.

use std::{
    io::Read,
    time::{Duration, Instant},
};

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use flate2::read::{MultiGzDecoder, ZlibDecoder};
use http_body_util::BodyExt;
use hyper::body::Body as _;

use super::{Refusal, Reservation, run_apart};

/// How long a client may pause within a body.
const IDLE: Duration = Duration::from_secs(30);
/// How long a body may take, and how many bytes more each further second must bring.
const PATIENCE: Duration = Duration::from_secs(30);
const LEAST_RATE: f64 = 1_048_576.0;
/// How long a refused body is read on.
const FAREWELL: Duration = Duration::from_secs(2);
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
///
/// What is refused is read on for a moment and thrown away, so that a client that sends before it listens hears why.
pub(super) async fn read(mut body: Body, limit: usize, room: &mut Reservation) -> Result<Bytes, Refusal> {
    let refusal = match read_within(&mut body, limit, room).await {
        Ok(bytes) => return Ok(bytes),
        Err(refusal) => refusal,
    };
    let rest = async { while let Some(Ok(_)) = body.frame().await {} };
    drop(tokio::time::timeout(FAREWELL, rest).await); // whoever sends longer than that is cut off
    Err(refusal)
}

async fn read_within(body: &mut Body, limit: usize, room: &mut Reservation) -> Result<Bytes, Refusal> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > limit {
        return Err(over(limit));
    }
    let begun = Instant::now();
    let mut bytes = BytesMut::with_capacity(announced.min(STEP));
    loop {
        let patience = PATIENCE + Duration::from_secs_f64(bytes.len() as f64 / LEAST_RATE);
        let left = patience.saturating_sub(begun.elapsed());
        let frame = tokio::time::timeout(left.min(IDLE), body.frame()).await.map_err(|_| Refusal::Slow)?;
        let Some(frame) = frame else { return Ok(bytes.freeze()) };
        let Ok(data) = frame.map_err(|_| Refusal::Slow)?.into_data() else { continue };
        if data.len() > limit - bytes.len() {
            return Err(over(limit));
        }
        room.grow(data.len())?;
        bytes.extend_from_slice(&data);
    }
}

/// The refusal of a body that is over `limit`.
pub(super) fn over(limit: usize) -> Refusal {
    Refusal::TooLarge(format!(
        "the body is over {limit} bytes: send smaller batches, or start trackway with a higher --max-body-bytes"
    ))
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
    let mut reader = reader.take((limit as u64).saturating_add(1));
    let mut plain = Vec::new();
    loop {
        room.grow(STEP)?;
        let read = reader.by_ref().take(STEP as u64).read_to_end(&mut plain);
        let read = read.map_err(|error| Refusal::Malformed(format!("the body is not {name}: {error}")))?;
        if plain.len() > limit {
            return Err(over(limit));
        }
        if read == 0 {
            return Ok(plain.into());
        }
    }
}
