//! Things that many spans share, each made into a text once.

use std::{collections::HashMap, sync::Arc};

use trackway_model::Text;

/// How many things are known by where they lie, a power of two.
const KNOWN: usize = 4096;
/// With how many of the same name a thing is compared.
const COMPARED: usize = 8;

/// Things by number, with what is written of them.
pub(super) struct Sources<T> {
    things: Vec<Source<T>>,
    /// Numbers by address; what is held here keeps its address.
    known: Vec<Option<(Arc<T>, u32)>>,
    by_name: HashMap<Text, Vec<u32>>,
}

/// A thing, its name and its text.
pub(super) struct Source<T> {
    thing: Arc<T>,
    pub(super) name: Text,
    pub(super) text: String,
}

impl<T> Default for Sources<T> {
    fn default() -> Self {
        Self { things: Vec::new(), known: (0..KNOWN).map(|_| None).collect(), by_name: HashMap::new() }
    }
}

impl<T: PartialEq> Sources<T> {
    /// Returns the number of a thing, which `write` makes a text of when it is new.
    pub(super) fn number(
        &mut self,
        thing: &Arc<T>,
        name: impl FnOnce(&T) -> &str,
        write: impl FnOnce(&T) -> Result<String, String>,
    ) -> Result<u32, String> {
        let at = (Arc::as_ptr(thing).addr() >> 4).wrapping_mul(0x9e37_79b9) >> 8 & (KNOWN - 1);
        if let Some(Some((known, number))) = self.known.get(at)
            && Arc::ptr_eq(known, thing)
        {
            return Ok(*number);
        }
        let name = name(thing);
        let number = match self.alike(thing, name) {
            Some(number) => number,
            None => self.add(thing, name, write(thing)?),
        };
        if let Some(slot) = self.known.get_mut(at) {
            *slot = Some((Arc::clone(thing), number));
        }
        Ok(number)
    }

    fn alike(&self, thing: &Arc<T>, name: &str) -> Option<u32> {
        let same_name = self.by_name.get(name)?.iter().rev().take(COMPARED).copied();
        let mut same_name = same_name.filter_map(|number| Some((number, self.get(number)?)));
        same_name.find(|(_, known)| known.thing == *thing).map(|(number, _)| number)
    }

    fn add(&mut self, thing: &Arc<T>, name: &str, text: String) -> u32 {
        let number = self.things.len() as u32;
        self.things.push(Source { thing: Arc::clone(thing), name: name.into(), text });
        self.by_name.entry(name.into()).or_default().push(number);
        number
    }

    /// Returns a thing by its number.
    pub(super) fn get(&self, number: u32) -> Option<&Source<T>> {
        self.things.get(number as usize)
    }
}
