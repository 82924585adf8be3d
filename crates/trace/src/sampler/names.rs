//! A sampler for each name.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use trackway_model::Text;

use super::Sampler;
use super::custom::{Sample, Sampling, Verdict};
use crate::collector;
use crate::record::cut;

/// How many names have a sampler of their own.
const MOST: usize = 1000;
/// How many bytes of a name tell it apart from others.
const MOST_BYTES: usize = 1024;

pub(super) struct PerName<C> {
    choose: C,
    samplers: RwLock<HashMap<Text, Sampler>>,
}

impl<C: Fn(&str) -> Sampler + Send + Sync + 'static> PerName<C> {
    pub(super) fn new(choose: C) -> Self {
        Self { choose, samplers: RwLock::default() }
    }

    fn sampler(&self, name: &str) -> Sampler {
        let name = cut(name, MOST_BYTES);
        let (known, name) = collector::unforked(|| {
            let known = self.samplers.read().unwrap_or_else(PoisonError::into_inner);
            let name = if known.contains_key(name) || known.len() < MOST { name } else { "" };
            (known.get(name).cloned(), name)
        });
        if let Some(sampler) = known {
            return sampler;
        }
        // Without the lock: it is the program's, and may panic. Of two threads at once the first one's is taken.
        let sampler = (self.choose)(name);
        let taken = collector::unforked(|| {
            let mut known = self.samplers.write().unwrap_or_else(PoisonError::into_inner);
            known.entry(name.into()).or_insert_with(|| sampler.clone()).clone()
        });
        // The other one's goes with the lock free: what it does then is the program's own.
        drop(sampler);
        taken
    }
}

impl<C: Fn(&str) -> Sampler + Send + Sync + 'static> Sample for PerName<C> {
    fn sample(&self, span: &Sampling<'_>) -> Verdict {
        self.sampler(span.name).decide(span)
    }
}
