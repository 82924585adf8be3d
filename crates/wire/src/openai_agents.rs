//! What the tracing of the OpenAI Agents SDK sends: `POST /v1/traces/ingest`.

use trackway_model::{Text, Timestamp};

use crate::decoded::{Afford, Decoded, Error};

/// The attribute that holds a span's `span_data` as it came.
pub const SPAN_DATA: &str = "openai.agents.span_data";

/// Reads a request that came at `arrival`; its spans and traces go to the project `asked` for, or else to the default.
///
/// # Errors
/// [`Error::Malformed`] when the body holds no list `data`; [`Error::Memory`] when `afford` declined. An item that cannot
/// be read is counted in [`Decoded::rejected`], and the others are returned.
pub fn decode(_body: &[u8], _asked: Option<&Text>, _arrival: Timestamp, _afford: Afford<'_>) -> Result<Decoded, Error> {
    Ok(Decoded::default())
}
