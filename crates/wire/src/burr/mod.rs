//! What [Burr](https://github.com/apache/burr) wrote: the files of its local tracker, and rows of its SQLite persister.
//!
//! A [`Follower`] reads the files of one application, a line at a time, while they grow or long after. What it makes of them
//! depends on their bytes alone, so that whoever reads a log again tells the same again. The page
//! [`docs/burr.md`](https://github.com/trackway/trackway/blob/main/docs/burr.md) says what Burr's own server shows
//! differently, and why.
//!
//! ```
//! use jiff::tz::TimeZone;
//! use trackway_model::{RunFact, RunKey};
//! use trackway_wire::burr::{Follower, Item, Zone};
//!
//! let run = RunKey { project: "demo".into(), partition: None, app: "chat".into() };
//! let mut follower = Follower::new(run, Zone::Inferred { fallback: TimeZone::UTC });
//! let line = br#"{"type":"begin_entry","start_time":"2026-11-20T15:26:38.5","action":"ask","inputs":{},"sequence_id":0}"#;
//! let [Item::Fact(record), Item::Span(span)] = &*follower.log_line(1, line) else { panic!("a step and its span") };
//! assert_eq!(record.fact.key(), "0.0:begin");
//! assert_eq!((&*span.name, span.end), ("ask", None));
//! ```

mod annotations;
mod attempts;
mod entries;
mod fields;
mod files;
mod follower;
mod persister;
mod spans;
mod step;
mod time;
mod traceback;
mod value;
mod zone;

pub use self::{
    annotations::{Annotations, annotations},
    files::partition,
    follower::Follower,
    persister::{Persister, Row},
    zone::Zone,
};
pub use crate::records::{Item, LONGEST_LINE};
use crate::remark::remark;
