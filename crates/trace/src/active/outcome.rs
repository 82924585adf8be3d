//! How the active span went, in the words of canonical codes.

use super::{Active, Target};
use crate::canonical;
use crate::span::outcome;

impl Active {
    /// Records how the active span went by a canonical code; as [`Span::outcome`](crate::Span::outcome).
    ///
    /// ```
    /// use trackway::canonical::{Code, Status};
    ///
    /// let (tracer, spans) = trackway::testing::tracer();
    /// let _scope = tracer.activate();
    /// let call = trackway::span!("call");
    /// trackway::active().outcome(&Status::from(Code::Unavailable).message("later"));
    /// drop(call);
    /// assert_eq!(spans.tree(), "call 1s status.code=14 ERROR later\n");
    /// ```
    pub fn outcome(&self, status: &canonical::Status) -> &Self {
        match &self.span {
            Target::None => self,
            Target::Live(live) => {
                live.change(|record, limits| outcome::write(record, limits, status));
                self
            }
            Target::Ring(_) => {
                for (key, value) in outcome::attributes(status) {
                    self.attribute(key, value);
                }
                self.status(status.verdict(), status.message.as_deref().unwrap_or_default())
            }
        }
    }
}
