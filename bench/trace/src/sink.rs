//! Where every library's finished spans end, so that all of them have the same to do there.

use std::{
    hint::black_box,
    net::TcpStream,
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use anyhow::{Context, Result};
use clap::ValueEnum;
use opentelemetry_proto::{
    tonic::collector::trace::v1::ExportTraceServiceRequest,
    transform::{common::tonic::ResourceAttributesWithSchema, trace::tonic::group_spans_by_resource_and_scope},
};
use opentelemetry_sdk::{
    error::{OTelSdkError, OTelSdkResult},
    trace::{SpanData, SpanExporter},
};
use prost::Message;

/// What is done with finished spans.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Sink {
    /// They are counted as the library hands them over.
    Count,
    /// They become OTLP bytes, which are counted and dropped.
    Otlp,
    /// They become OTLP bytes for a server that is not there.
    Dead,
    /// They stay where the library keeps them until somebody asks.
    Hold,
}

static EXPORTED: AtomicU64 = AtomicU64::new(0);

impl Sink {
    /// Returns the pause between two exports, which is `usual` unless spans are to be held.
    pub(crate) fn interval(self, usual: Duration) -> Duration {
        if self == Self::Hold { Duration::from_secs(3600) } else { usual }
    }

    /// Takes spans that became these bytes.
    pub(crate) fn deliver(self, spans: usize, bytes: &[u8]) -> Result<()> {
        black_box(bytes);
        if self == Self::Dead {
            TcpStream::connect(("127.0.0.1", dead_port()?)).context("nothing listens")?;
        }
        EXPORTED.fetch_add(spans as u64, Relaxed);
        Ok(())
    }
}

/// Returns how many spans reached the end so far.
pub(crate) fn exported() -> u64 {
    EXPORTED.load(Relaxed)
}

/// Returns a port on which nothing listens: one that was free a moment ago.
fn dead_port() -> Result<u16> {
    static PORT: OnceLock<u16> = OnceLock::new();
    if let Some(port) = PORT.get() {
        return Ok(*port);
    }
    let port = std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
    Ok(*PORT.get_or_init(|| port))
}

/// What `opentelemetry-otlp` does before it sends: group, convert, encode.
impl SpanExporter for Sink {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len();
        let bytes = match self {
            Self::Count | Self::Hold => {
                black_box(&batch);
                Vec::new()
            }
            Self::Otlp | Self::Dead => {
                let resource = ResourceAttributesWithSchema::default();
                let resource_spans = group_spans_by_resource_and_scope(batch, &resource);
                ExportTraceServiceRequest { resource_spans }.encode_to_vec()
            }
        };
        self.deliver(spans, &bytes).map_err(|error| OTelSdkError::InternalFailure(error.to_string()))
    }
}
