//! Asking a tracer's sampler, or a span's own.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;

use super::{Sampler, Sampling, Verdict};
use crate::tracer::{Core, Tracer};
use crate::{slot, span, stats};

impl Tracer {
    /// Decides about a trace that begins with that span, by the sampler of its own if it has one.
    pub(crate) fn decide(&self, own: Option<&Sampler>, span: &Sampling<'_>) -> Verdict {
        let Some(core) = self.core() else { return Verdict::leave_out() };
        match own {
            Some(own) => core.ask(own, span),
            None => core.sampler.decide_quickly(span).unwrap_or_else(|| core.ask(&core.sampler.sampler(), span)),
        }
    }
}

impl Core {
    /// Asks a sampler, which may be the program's own.
    fn ask(&self, sampler: &Sampler, span: &Sampling<'_>) -> Verdict {
        let asked = catch_unwind(AssertUnwindSafe(|| slot::silently(|| span::silently(|| sampler.decide(span)))));
        asked.unwrap_or_else(|panic| {
            stats::of(self.number).hooks_panicked.fetch_add(1, Ordering::Relaxed);
            // Its drop could panic again.
            std::mem::forget(panic);
            Verdict::record()
        })
    }
}
