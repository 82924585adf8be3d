//! Texts that repeat, each stored once and named by a number.

use std::{collections::HashMap, sync::Arc};

use trackway_model::Text;

/// Texts by number.
#[derive(Default)]
pub(super) struct Words {
    numbers: HashMap<Text, u32>,
    texts: Vec<Text>,
    bytes: usize,
}

impl Words {
    /// Returns the number of a text.
    pub(super) fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let (text, number) = (Text::from(text), self.texts.len() as u32);
        self.bytes += 2 * size_of::<Text>() + 8 + text.heap_bytes();
        self.numbers.insert(text.clone(), number);
        self.texts.push(text);
        number
    }

    pub(super) fn texts(&self) -> &[Text] {
        &self.texts
    }

    /// Returns about how many bytes of memory all of it takes.
    pub(super) fn memory_bytes(&self) -> usize {
        self.bytes
    }
}

/// How many shared things are known by where they lie.
const MOST_KNOWN: usize = 256;

/// Things that many spans share, as texts; one that came before is known without looking into it.
pub(super) struct Sources<T> {
    pub(super) words: Words,
    /// By address; what is held here keeps its address.
    known: HashMap<usize, (Arc<T>, u32)>,
}

impl<T> Default for Sources<T> {
    fn default() -> Self {
        Self { words: Words::default(), known: HashMap::new() }
    }
}

impl<T> Sources<T> {
    /// Returns the number of a thing, which `write` makes a text of.
    pub(super) fn number(
        &mut self,
        source: &Arc<T>,
        write: impl FnOnce(&T) -> Result<String, String>,
    ) -> Result<u32, String> {
        let address = Arc::as_ptr(source).addr();
        if let Some((_, number)) = self.known.get(&address) {
            return Ok(*number);
        }
        let number = self.words.number(&write(source)?);
        if self.known.len() == MOST_KNOWN {
            self.known.clear();
        }
        self.known.insert(address, (Arc::clone(source), number));
        Ok(number)
    }
}
