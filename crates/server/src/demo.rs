//! Recorded traces that can be loaded for a look around.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use trackway_model::{Text, Timestamp};
use trackway_store::{Clock, Store};
use trackway_wire::otlp::{self, Encoding, Signal};
use utoipa::ToSchema;

use crate::{
    Config,
    counters::Counters,
    ingest::{Format, Ingest, OpenSpans, Refusal, Request, http::verdict},
    live::Live,
};

/// Requests of real OpenTelemetry clients, as they were recorded; `record.py` beside them made them.
/// Each ends that many seconds before now, so that neither hides the other in a list.
const RECORDINGS: [(&[u8], u64); 2] =
    [(include_bytes!("../demo/shop.pb"), 0), (include_bytes!("../demo/agents.pb"), 60)];

/// What the demo brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Demo {
    /// Traces that are new.
    pub traces: u64,
    /// Spans that are new.
    pub spans: u64,
}

/// Loads the demo into a store that no server has open.
///
/// # Errors
/// A sentence, when the store does not take it.
pub async fn load_demo(store: Arc<dyn Store>, clock: Clock) -> Result<Demo, String> {
    let counters = Arc::new(Counters::default());
    let live = Arc::new(Live::new(Arc::clone(&counters)));
    let now = clock();
    let ingest = Ingest::new(store, live, clock, counters, &Config::default());
    load(&ingest, now).await.map_err(|refusal| verdict(&refusal).2)
}

/// Sends every recording through the door that clients use, moved in time so that it ends `now`.
pub(crate) async fn load(ingest: &Ingest, now: Timestamp) -> Result<Demo, Refusal> {
    let mut loaded = Demo::default();
    for (recording, seconds) in RECORDINGS {
        // The time salts the ids, so that loading again adds new traces.
        let end = now.0.saturating_sub(seconds * 1_000_000_000);
        let body = otlp::replay(recording, end, u128::from(now.0));
        let body = body.map_err(|error| Refusal::Malformed(error.to_string()))?;
        let request = Request {
            format: Format::Otlp(Signal::Traces, Encoding::Protobuf),
            project: Some(Text::literal("demo")),
            open_spans: OpenSpans::Records,
            source: "demo",
            body: body.into(),
            room: ingest.begin(),
        };
        let taken = ingest.accept(request).await?;
        loaded.traces += taken.traces;
        loaded.spans += taken.spans;
    }
    Ok(loaded)
}
