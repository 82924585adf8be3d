//! A state as an action at work sees it: what it does not declare it can neither read nor change.

use std::sync::{Arc, OnceLock};

use trackway_model::Text;

use crate::{Change, Map, Spec, State, StateError};

/// What came of the state that an action was given.
#[derive(Debug, Clone)]
pub struct Left {
    /// The state after the action.
    pub state: State,
    /// What makes it of the one before, in order; `None` when only a comparison can tell.
    pub changes: Option<Vec<Change>>,
}

/// What an action may touch, and what it has changed on the way to one state.
#[derive(Clone)]
pub(crate) struct Visit {
    desk: Arc<Desk>,
    trail: Option<Arc<Link>>,
    /// A bit for each of the first 64 writes that the spec declares: written so far.
    written: u64,
}

/// What all states share that come of the one which an action was given.
struct Desk {
    spec: Arc<Spec>,
    base: Map,
    misread: OnceLock<StateError>,
}

/// A change, behind those before it.
struct Link {
    change: Change,
    before: Option<Arc<Link>>,
    /// So many links the chain has up to this one.
    length: usize,
}

impl Drop for Link {
    /// Lets go of the links one by one: a long chain would need as much stack otherwise.
    fn drop(&mut self) {
        let mut next = self.before.take();
        while let Some(mut link) = next.and_then(Arc::into_inner) {
            next = link.before.take();
        }
    }
}

impl Visit {
    fn is_beside(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.desk, &other.desk)
    }

    fn has_written(&self, key: &str) -> bool {
        match self.desk.spec.writes.iter().position(|write| **write == *key) {
            None => false,
            Some(at) if at < 64 => self.written & (1 << at) != 0,
            Some(_) => self.changes_backwards().any(|change| **change.key() == *key),
        }
    }

    fn may_read(&self, key: &str) -> bool {
        self.desk.spec.reads.iter().any(|read| **read == *key) || self.has_written(key)
    }

    /// Returns the visit after a change.
    pub(crate) fn wrote(&self, key: &str, change: impl FnOnce() -> Change) -> Result<Self, StateError> {
        let spec = &self.desk.spec;
        let Some(at) = spec.writes.iter().position(|write| **write == *key) else {
            return Err(StateError::UndeclaredWrite { action: spec.name.clone(), key: key.into() });
        };
        let written = if at < 64 { self.written | 1 << at } else { self.written };
        let length = self.trail.as_ref().map_or(0, |link| link.length) + 1;
        let link = Link { change: change(), before: self.trail.clone(), length };
        Ok(Self { desk: self.desk.clone(), trail: Some(Arc::new(link)), written })
    }

    fn links(&self) -> impl Iterator<Item = &Link> {
        std::iter::successors(self.trail.as_deref(), |link| link.before.as_deref())
    }

    fn changes_backwards(&self) -> impl Iterator<Item = &Change> {
        self.links().map(|link| &link.change)
    }

    /// Returns what another way changed since it parted from this one, in order.
    fn changes_beside(&self, other: &Self) -> Vec<Change> {
        let mut own = self.links().peekable();
        let mut changes = Vec::new();
        for link in other.links() {
            while own.next_if(|own| own.length > link.length).is_some() {}
            if own.peek().is_some_and(|own| std::ptr::eq(*own, link)) {
                break;
            }
            changes.push(link.change.clone());
        }
        changes.reverse();
        changes
    }

    /// Returns what was changed, in order, without what a later change made void.
    fn changes(&self) -> Vec<Change> {
        let length = match &self.trail {
            None => return Vec::new(),
            Some(link) if link.length == 1 => return vec![link.change.clone()],
            Some(link) => link.length,
        };
        let mut backwards: Vec<Option<Change>> = Vec::with_capacity(length);
        let mut settled: Vec<Settled<'_>> = Vec::new();
        for change in self.changes_backwards() {
            let next = backwards.len();
            match (settled.iter_mut().find(|settled| settled.key == change.key()), change) {
                // A field stands where it was first set, with what was set last.
                (Some(Settled { set_at: Some(at), .. }), Change::Set(..)) => {
                    let latest = backwards.get_mut(*at).and_then(Option::take);
                    backwards.push(latest);
                    *at = next;
                }
                // Behind this it would stand elsewhere.
                (Some(settled @ Settled { set_at: Some(_), .. }), Change::Remove(_)) => {
                    backwards.push(Some(change.clone()));
                    settled.set_at = None;
                }
                (Some(_), _) => {}
                (None, change) => {
                    backwards.push(Some(change.clone()));
                    match change {
                        Change::Append(..) => {}
                        Change::Set(key, _) => settled.push(Settled { key, set_at: Some(next) }),
                        Change::Remove(key) => settled.push(Settled { key, set_at: None }),
                    }
                }
            }
        }
        backwards.into_iter().rev().flatten().collect()
    }
}

/// A field of which nothing before counts any more, but for where it stands.
struct Settled<'a> {
    key: &'a Text,
    /// Where the change is that sets it; `None` when it is removed before.
    set_at: Option<usize>,
}

impl Change {
    /// Returns the name of the field.
    pub fn key(&self) -> &Text {
        match self {
            Self::Set(key, _) | Self::Append(key, _) | Self::Remove(key) => key,
        }
    }
}

impl State {
    /// Returns this state as an action sees it: only the fields that it declares can be read and changed.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use trackway_machine::{Spec, State, state};
    ///
    /// let spec = Arc::new(Spec { name: "count".into(), writes: vec!["n".into()], ..Spec::default() });
    /// let before = state! { n: 1, secret: "hush" };
    ///
    /// let seen = before.enter(&spec);
    /// assert!(seen.get::<String>("secret").is_err());
    /// let left = State::leave(&seen, seen.increment("n", 1), &spec)?;
    /// assert_eq!(left.state, state! { n: 2, secret: "hush" });
    /// # Ok::<(), trackway_machine::StateError>(())
    /// ```
    pub fn enter(&self, spec: &Arc<Spec>) -> Self {
        let desk = Desk { spec: spec.clone(), base: self.fields.clone(), misread: OnceLock::new() };
        let visit = Visit { desk: Arc::new(desk), trail: None, written: 0 };
        Self { fields: self.fields.clone(), codecs: self.codecs.clone(), fault: None, visit: Some(visit) }
    }

    /// Returns what came of a state that an action was given.
    ///
    /// `before` is what [`State::enter`] returned, kept aside: it knows of forbidden reads even when `returned` does not come of
    /// it. The state that was entered does as well. Of a state that was made apart, the declared writes that it holds are taken.
    ///
    /// # Errors
    ///
    /// The first mistake on the way to `returned`, a read or write that the action does not declare, or a declared write that is
    /// absent and was not removed.
    pub fn leave(before: &Self, returned: Self, spec: &Spec) -> Result<Left, StateError> {
        let returned = match &before.codecs {
            Some(codecs) => returned.encode_with(codecs),
            None => returned,
        };
        if let Some(fault) = returned.fault.as_deref().or(before.found_misread()).or(returned.found_misread()) {
            return Err(fault.clone());
        }
        let came_of = |visit: &&Visit| visit.desk.base.is_same(&before.fields);
        let (fields, changes) = match returned.visit.as_ref().filter(came_of) {
            Some(visit) => (returned.fields.clone(), visit.changes()),
            None => taken(&before.fields, &returned.fields, spec)?,
        };
        for change in &changes {
            declared(change.key(), spec)?;
        }
        let is_gone = |key: &Text| changes.iter().rfind(|change| change.key() == key);
        let is_settled = |key: &Text| fields.contains(key) || matches!(is_gone(key), Some(Change::Remove(_)));
        if let Some(key) = spec.writes.iter().find(|key| !is_settled(key)) {
            return Err(StateError::Unwritten { action: spec.name.clone(), key: key.clone() });
        }
        let state = Self { fields, codecs: before.codecs.clone(), fault: None, visit: None };
        Ok(Left { state, changes: Some(changes) })
    }

    /// Returns what a field holds, if it may be read.
    pub(crate) fn seen(&self, key: &str) -> Result<Option<&crate::Value>, StateError> {
        match &self.visit {
            Some(visit) if !visit.may_read(key) => {
                Err(StateError::UndeclaredRead { action: visit.desk.spec.name.clone(), key: key.into() })
            }
            _ => Ok(self.fields.get(key)),
        }
    }

    pub(crate) fn may_read(&self, key: &str) -> bool {
        self.visit.as_ref().is_none_or(|visit| visit.may_read(key))
    }

    /// Remembers a forbidden read, for the step to fail.
    pub(crate) fn misread(&self, error: StateError) {
        if let Some(visit) = &self.visit {
            let _ = visit.desk.misread.set(error); // the first one is what is told
        }
    }

    fn found_misread(&self) -> Option<&StateError> {
        self.visit.as_ref()?.desk.misread.get()
    }

    /// Returns what was changed on the way to another state that came of the same one.
    pub(crate) fn changes_beside(&self, other: &Self) -> Option<Vec<Change>> {
        let (visit, other) = (self.visit.as_ref()?, other.visit.as_ref()?);
        visit.is_beside(other).then(|| visit.changes_beside(other))
    }
}

/// Takes the declared writes out of fields that were made apart.
fn taken(before: &Map, returned: &Map, spec: &Spec) -> Result<(Map, Vec<Change>), StateError> {
    let mut fields = before.clone();
    let mut changes = Vec::new();
    for (key, value) in returned {
        if before.get(key).is_some_and(|held| held.is_same(value) || held == value) {
            continue;
        }
        declared(key, spec)?;
        fields = fields.with(key, value.clone());
        changes.push(Change::Set(key.clone(), value.clone()));
    }
    Ok((fields, changes))
}

fn declared(key: &Text, spec: &Spec) -> Result<(), StateError> {
    if spec.writes.contains(key) {
        return Ok(());
    }
    Err(StateError::UndeclaredWrite { action: spec.name.clone(), key: key.clone() })
}
