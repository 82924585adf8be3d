//! Foreign formats to and from Trackway's records.
//!
//! Every format is a module of pure functions over bytes, behind a feature. Nothing here reads a socket, a file or a clock,
//! so that a recorded request decodes the same today and in ten years.
//!
//! | module | feature | what it does |
//! |---|---|---|
//! | `propagation` | `propagation`, on by default | reads and writes the W3C headers |
//! | `otlp` | `otlp` | reads OTLP, as protobuf and as JSON, and writes its answers |
//! | `genai` | `genai` | reads what spans of agents say of themselves, in whatever conventions |
//! | `openai_agents` | `openai-agents` | reads what the OpenAI Agents SDK sends |
//! | `openai_ingest` | `openai-agents-encode` | writes what the OpenAI Agents SDK sends |
//! | `burr` | `burr` | reads what Burr's tracker and persister wrote |
//! | `records` | `records` | reads and writes runs and their spans in a format of our own, a line each |
//! | `foreign` | with a format that needs it | ids of clients that have ids of their own |
//! | `zipkin` | `zipkin` | writes spans as Zipkin takes them, and needs nothing for it |
//! | `opencensus` | `opencensus` | writes spans as OpenCensus's exporters wrote them |
//! | `json_text` | with a format that needs it | writes JSON without a library |
//! | `encode` | `otlp-encode` | writes OTLP traces as protobuf, and needs nothing for it |

#[cfg(feature = "burr")]
pub mod burr;
#[cfg(any(feature = "otlp", feature = "openai-agents", feature = "records"))]
#[cfg_attr(not(any(feature = "otlp", feature = "openai-agents")), allow(dead_code, unreachable_pub))]
mod decoded;
#[cfg(feature = "otlp-encode")]
pub mod encode;
#[cfg(any(feature = "openai-agents", feature = "openai-agents-encode", feature = "burr"))]
pub mod foreign;
#[cfg(feature = "genai")]
pub mod genai;
#[cfg(any(feature = "genai", feature = "openai-agents", feature = "openai-agents-encode", feature = "burr"))]
mod json;
#[cfg(feature = "json-text")]
pub mod json_text;
#[cfg(feature = "openai-agents")]
pub mod openai_agents;
#[cfg(feature = "openai-agents-encode")]
pub mod openai_ingest;
#[cfg(feature = "opencensus")]
pub mod opencensus;
#[cfg(feature = "otlp")]
pub mod otlp;
#[cfg(feature = "propagation")]
pub mod propagation;
#[cfg(feature = "records")]
pub mod records;
#[cfg(feature = "records")]
mod remark;
#[cfg(any(feature = "genai", feature = "openai-agents", feature = "burr"))]
mod repair;
#[cfg(any(feature = "genai", feature = "openai-agents"))]
mod title;
#[cfg(feature = "zipkin")]
pub mod zipkin;
