//! Where a guard's span is, as far as its thread knows.

use std::fmt;

use super::{CAREFUL, FIRST_DIRECT, Guard};
use crate::context::{Context, current};
use crate::direct;
use crate::slot::{ONE_DEEPER, SLOT};

impl Guard {
    /// Returns the span's place, for children elsewhere and for other processes.
    ///
    /// `None` when nothing is recorded, and while something inside the span is active: a guard knows no more of its span
    /// than that it is the innermost one. [`current`] says what is active, whichever span that is.
    ///
    /// ```
    /// let call = trackway::span!("call", kind: Client);
    /// let context = call.context(); // for the headers of a request
    /// # let _ = context;
    /// ```
    pub fn context(&self) -> Option<Context> {
        if self.me >= ONE_DEEPER {
            return SLOT.with(|slot| slot.is_innermost(self.me & !CAREFUL)).then(current);
        }
        let mut context = None;
        if self.me >= FIRST_DIRECT {
            direct::with(self.me - FIRST_DIRECT, |span| context = Some(span.context().clone()));
        }
        context
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("is_recording", &self.is_recording()).finish_non_exhaustive()
    }
}
