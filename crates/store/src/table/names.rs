//! Texts that many spans share, each kept once under a short number.

use std::collections::HashMap;

use trackway_model::Text;

use crate::query::fold_case;

/// The number of a text while somebody holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct NameId(u32);

/// Span names, or service names: few texts for many spans, so a search looks at each only once.
#[derive(Default)]
pub(super) struct Names {
    ids: HashMap<Text, NameId>,
    /// By number; a number without a holder is free.
    entries: Vec<Option<Entry>>,
    free: Vec<NameId>,
}

struct Entry {
    text: Text,
    /// The text with its case folded, where that differs.
    folded: Option<Text>,
    holders: u64,
}

impl Names {
    /// Returns the text's number and counts one more holder.
    pub(super) fn hold(&mut self, text: &str) -> NameId {
        if let Some(&id) = self.ids.get(text) {
            if let Some(entry) = self.entry_mut(id) {
                entry.holders += 1;
            }
            return id;
        }
        let text = Text::from(text);
        let folded = Some(fold_case(&text)).filter(|folded| **folded != *text).map(Text::from);
        let entry = Entry { text: text.clone(), folded, holders: 1 };
        let id = self.free.pop().unwrap_or(NameId(self.entries.len() as u32));
        match self.entries.get_mut(id.0 as usize) {
            Some(slot) => *slot = Some(entry),
            None => self.entries.push(Some(entry)),
        }
        self.ids.insert(text, id);
        id
    }

    /// Counts one holder less and forgets the text with the last of them.
    pub(super) fn release(&mut self, id: NameId) {
        let Some(entry) = self.entry_mut(id) else { return };
        entry.holders -= 1;
        if entry.holders > 0 {
            return;
        }
        if let Some(entry) = self.entries.get_mut(id.0 as usize).and_then(Option::take) {
            self.ids.remove(&entry.text);
            self.free.push(id);
        }
    }

    pub(super) fn id(&self, text: &str) -> Option<NameId> {
        self.ids.get(text).copied()
    }

    pub(super) fn text(&self, id: NameId) -> Text {
        self.entries.get(id.0 as usize).and_then(Option::as_ref).map(|entry| entry.text.clone()).unwrap_or_default()
    }

    /// Finds every text that contains `part`, whatever the case; `None` when there is none.
    pub(super) fn containing(&self, part: &str) -> Option<Matches> {
        let part = fold_case(part);
        self.found(|entry| entry.folded.as_ref().unwrap_or(&entry.text).contains(&part))
    }

    /// Finds every text that passes a test; `None` when there is none.
    pub(super) fn passing(&self, test: impl Fn(&str) -> bool) -> Option<Matches> {
        self.found(|entry| test(&entry.text))
    }

    fn found(&self, is_found: impl Fn(&Entry) -> bool) -> Option<Matches> {
        let found: Vec<_> = self.entries.iter().map(|entry| entry.as_ref().is_some_and(&is_found)).collect();
        found.contains(&true).then_some(Matches(found))
    }

    /// Returns how many texts there are.
    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    fn entry_mut(&mut self, id: NameId) -> Option<&mut Entry> {
        self.entries.get_mut(id.0 as usize)?.as_mut()
    }
}

/// Which texts a search found, by number.
pub(super) struct Matches(Vec<bool>);

impl Matches {
    pub(super) fn contains(&self, id: NameId) -> bool {
        self.0.get(id.0 as usize).copied().unwrap_or(false)
    }
}
