//! Spans that their program announces as running: held by the view of the active head.

use std::sync::Arc;

use trackway_model::{SpanRecord, Timestamp, TraceId};

use super::{Desk, parts::Question};
use crate::{
    Error, Held,
    engine::{Gathered, heads::Side, view::Announcing},
};

impl Desk {
    pub(crate) fn announce(&self, arrival: Timestamp, spans: Vec<SpanRecord>) -> Result<Held, Error> {
        // What is announced to a head that is about to be frozen would not move on with the rest.
        let _stays_active = self.heads.keep_active();
        let question = self.ask()?;
        let active = Arc::clone(&question.parts.active);
        let bounds = &self.announced;
        let announcing = Announcing { spans, arrival, moment: question.moment, bounds };
        let holding = active.change_view(|view| {
            view.set_far(Arc::clone(&self.far));
            let applied = active.head().since(view.seen());
            view.announce(applied, announcing, &mut |id| question.older_of_one(&active, id), &self.prints)
        })?;
        Ok(holding.into_held(&self.prints))
    }

    pub(crate) fn tend(&self) -> Result<Held, Error> {
        let question = self.ask()?;
        let active = Arc::clone(&question.parts.active);
        let holding = active.change_view(|view| {
            view.set_far(Arc::clone(&self.far));
            let applied = |seen| active.head().since(seen);
            let mut older = |id| question.older_of_one(&active, id);
            view.tend(applied, question.moment, &self.announced, &mut older, &self.prints)
        })?;
        Ok(holding.into_held(&self.prints))
    }
}

impl Question<'_> {
    fn older_of_one(&self, side: &Side, id: TraceId) -> Result<Option<Gathered>, Error> {
        Ok(self.older(side, vec![id])?.remove(&id).flatten())
    }
}
