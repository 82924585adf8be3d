//! A log file of the store, whole or broken in every way.

use std::{fs, path::Path};

use arbitrary::{Arbitrary, Result, Unstructured};
use prost::Message;
use trackway_model::{Batch, Timestamp};
use trackway_store::{Config, Decoder, Embedded, Error, Frame, PageRequest, Recovery, Store, TraceQuery};
use trackway_wire::otlp::{Encoding, decode_logs, decode_traces};

use crate::{check, message};

/// What every frame of a file begins with; drawn by lot in a real one.
const MARKER: [u8; 8] = *b"\x9e\x37\x79\xb9\x7f\x4a\x7c\x15";

/// A file made of pieces.
#[derive(Debug, Arbitrary)]
pub struct Log {
    has_header: bool,
    pieces: Vec<Piece>,
    /// One byte that the disk changed, counted from the end.
    flipped: Option<(u16, u8)>,
    /// How many bytes of the end were never written.
    torn: Option<u8>,
}

#[derive(Debug, Arbitrary)]
enum Piece {
    Bytes(Vec<u8>),
    Marker,
    /// A frame whose checksum is right, whatever it holds.
    Payload(Vec<u8>),
    /// A frame like ours, with any body.
    Body(Format, Vec<u8>),
    /// A frame like ours, with a request that can be read.
    Request(Option<String>, message::Request),
    /// A frame like ours, with one span.
    Span(#[arbitrary(with = span)] message::Request),
}

#[derive(Debug, Clone, Copy, Arbitrary)]
enum Format {
    ProtobufTraces,
    JsonTraces,
    ProtobufLogs,
    JsonLogs,
    Later,
}

impl Format {
    fn name(self) -> &'static str {
        match self {
            Self::ProtobufTraces => "otlp.traces.protobuf",
            Self::JsonTraces => "otlp.traces.json",
            Self::ProtobufLogs => "otlp.logs.protobuf",
            Self::JsonLogs => "otlp.logs.json",
            Self::Later => "a format of a later version",
        }
    }
}

/// One span of one of a few traces, so that spans meet.
fn span(u: &mut Unstructured<'_>) -> Result<message::Request> {
    let mut span = message::Span::arbitrary(u)?;
    span.trace_id = vec![u.int_in_range(1..=3)?; 16];
    span.span_id = vec![u.int_in_range(1..=5)?; 8];
    span.parent_span_id = vec![u.int_in_range(0..=5)?; 8];
    let scope_spans = vec![message::ScopeSpans { spans: vec![span], ..message::ScopeSpans::default() }];
    let group = message::ResourceSpans { scope_spans, ..message::ResourceSpans::default() };
    Ok(message::Request { resource_spans: vec![group] })
}

impl Log {
    /// Writes the file as the store would find it.
    pub fn bytes(&self) -> Vec<u8> {
        let mut file = if self.has_header { header() } else { Vec::new() };
        for piece in &self.pieces {
            match piece {
                Piece::Bytes(bytes) => file.extend(bytes),
                Piece::Marker => file.extend(MARKER),
                Piece::Payload(payload) => frame(&mut file, payload),
                Piece::Body(format, body) => frame(&mut file, &payload(*format, None, body)),
                Piece::Request(project, request) => {
                    frame(&mut file, &payload(Format::ProtobufTraces, project.as_deref(), &request.encode_to_vec()));
                }
                Piece::Span(request) => {
                    frame(&mut file, &payload(Format::ProtobufTraces, None, &request.encode_to_vec()));
                }
            }
        }
        if let Some((from_end, bits)) = self.flipped
            && let Some(at) = file.len().checked_sub(1 + usize::from(from_end))
        {
            file[at] ^= bits;
        }
        file.truncate(file.len().saturating_sub(self.torn.unwrap_or(0).into()));
        file
    }
}

fn header() -> Vec<u8> {
    let mut header = b"TRACKWAY\x01\0\0\0".to_vec();
    header.extend(MARKER);
    header.extend(crc32c::crc32c(&header).to_le_bytes());
    header
}

fn frame(file: &mut Vec<u8>, payload: &[u8]) {
    let length = (payload.len() as u32).to_le_bytes();
    file.extend(MARKER);
    file.extend(length);
    file.extend(crc32c::crc32c_append(crc32c::crc32c(&length), payload).to_le_bytes());
    file.extend(payload);
}

fn payload(format: Format, project: Option<&str>, body: &[u8]) -> Vec<u8> {
    let mut payload = vec![1];
    for text in [Some(format.name()), project, None, Some("fuzz")] {
        payload.extend(text.map_or(u32::MAX, |text| text.len() as u32).to_le_bytes());
        payload.extend(text.unwrap_or_default().as_bytes());
    }
    payload.extend(1_000u64.to_le_bytes());
    payload.extend(body);
    payload
}

/// Checks that a store opens over this file, keeps what it found, and goes on.
pub fn check(file: &[u8]) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let wal = directory.path().join("wal");
    fs::create_dir(&wal).and_then(|()| fs::write(wal.join("0001.log"), file)).expect("a file to open");

    let Some((store, first)) = open(directory.path()) else { return };
    assert!(first.frames <= file.len() as u64 / 16, "{} frames in {} bytes", first.frames, file.len());
    assert!(first.torn_bytes <= file.len() as u64);
    assert!(first.damaged.iter().map(|damage| damage.bytes).sum::<u64>() <= file.len() as u64);
    assert_eq!(spans(&store), first.spans, "what was found can be read");
    let stored = append(&store);
    drop(store);

    let (store, second) = open(directory.path()).expect("what opened once opens again");
    assert_eq!(second.torn_bytes, 0, "what was torn was cut off");
    assert_eq!(second.spans, stored, "nothing that was stored is lost");
    assert_eq!(spans(&store), stored);
}

/// Opens the store; `None` when a newer version seems to have written the file, which alone may be refused.
fn open(directory: &Path) -> Option<(Embedded, Recovery)> {
    let config = Config { min_free_bytes: Some(0), ..Config::new(directory) };
    match Embedded::open(config, decoder()) {
        Ok(opened) => Some(opened),
        Err(Error::Newer { .. }) => None,
        Err(error) => panic!("the store must open: {error:?}"),
    }
}

fn decoder() -> Decoder {
    Box::new(|frame| {
        let decoded = match &*frame.content_type {
            "otlp.traces.protobuf" => {
                decode_traces(Encoding::Protobuf, &frame.body, frame.project.as_ref(), &mut |_| true)
            }
            "otlp.traces.json" => decode_traces(Encoding::Json, &frame.body, frame.project.as_ref(), &mut |_| true),
            "otlp.logs.protobuf" => decode_logs(Encoding::Protobuf, &frame.body, &mut |_| true),
            "otlp.logs.json" => decode_logs(Encoding::Json, &frame.body, &mut |_| true),
            other => return Err(format!("{other:?} is unknown")),
        };
        decoded.map(|decoded| decoded.batch).map_err(|error| error.to_string())
    })
}

/// Reads every span of every trace.
fn spans(store: &Embedded) -> u64 {
    let traces = store.traces(&TraceQuery::default(), &page(usize::MAX)).expect("a list");
    let mut count = 0;
    for summary in traces.items {
        let trace =
            store.trace(summary.trace_id, &page(usize::MAX)).expect("a trace").expect("a trace that was listed");
        assert_eq!(trace.spans.items.len() as u64, summary.span_count, "the list counts what the trace holds");
        count += summary.span_count;
        let spans = trace.spans.items.into_iter().map(|span| span.record).collect();
        check::batch(&Batch { spans, ..Batch::default() });
    }
    count
}

fn page(limit: usize) -> PageRequest {
    PageRequest { limit, cursor: None }
}

/// Stores one span more and returns how many there are then.
fn append(store: &Embedded) -> u64 {
    let body = br#"{"resourceSpans":[{"scopeSpans":[{"spans":[
        {"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b7","name":"afterwards"}]}]}]}"#;
    let frame = Frame {
        content_type: Format::JsonTraces.name().into(),
        project: None,
        zone: None,
        source: "fuzz".into(),
        arrival: Timestamp(2_000),
        body: body.as_slice().into(),
    };
    let batch = decode_traces(Encoding::Json, body, None, &mut |_| true).expect("a request").batch;
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(store.append(frame, batch)).expect("there is room");
    spans(store)
}
