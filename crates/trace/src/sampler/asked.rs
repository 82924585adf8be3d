//! Asking a tracer's sampler, or a span's own.

use super::{Sampler, Sampling, Verdict};
use crate::slot;
use crate::tracer::{Core, Tracer};

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
        self.unharmed(|| slot::silently(|| sampler.decide(span))).unwrap_or_else(Verdict::record)
    }
}
