//! Names and texts.

use crate::random::{Random, Zipf};

const SERVICES: [&str; 20] = [
    "storefront",
    "gateway",
    "login",
    "accounts",
    "basket",
    "ordering",
    "billing",
    "stock",
    "products",
    "finder",
    "advice",
    "delivery",
    "letters",
    "alerts",
    "discounts",
    "risk",
    "planner",
    "worker",
    "library",
    "models",
];
const VERBS: [&str; 10] = ["GET", "POST", "list", "create", "update", "find", "draw", "check", "publish", "SELECT"];
pub(super) const NOUNS: [&str; 20] = [
    "page", "path", "token", "account", "basket", "order", "payment", "shelf", "product", "query", "rank", "parcel",
    "letter", "alert", "price", "risk", "plan", "tool", "chapter", "answer",
];
pub(super) const MODELS: [&str; 5] = ["gpt-4o", "gpt-4o-mini", "claude-sonnet-4", "llama-3.1-70b", "qwen2.5-32b"];
const SYLLABLES: [&str; 24] = [
    "ba", "co", "di", "fen", "gal", "hu", "is", "jor", "ke", "lam", "mo", "nir", "op", "pra", "que", "ros", "sti",
    "tun", "ur", "vel", "wi", "xan", "yo", "zem",
];

/// The name of an operation of a service; of ten by which operations differ, `verb` is one.
pub(crate) fn operation(verb: usize, service: usize) -> String {
    let number = verb * 20 + service;
    let noun = NOUNS.get((number * 7 + verb) % 20).copied().unwrap_or_default();
    let tail = if number.is_multiple_of(3) { "/{id}" } else { "" };
    format!("{} {noun}{tail}", VERBS.get(verb).copied().unwrap_or_default())
}

/// The name of a service.
pub(crate) fn service(number: usize) -> &'static str {
    SERVICES.get(number).copied().unwrap_or_default()
}

/// Words of a language that nobody speaks, few of them frequent.
pub(super) struct Words {
    words: Vec<String>,
    ranks: Zipf,
}

impl Words {
    pub(super) fn new(random: &mut Random) -> Self {
        let mut word = || {
            let syllables = 1 + random.below(4);
            (0..syllables).map(|_| random.pick(&SYLLABLES)).collect()
        };
        Self { words: (0..4_000).map(|_| word()).collect(), ranks: Zipf::new(4_000, 1.0) }
    }

    /// Writes a text of about so many bytes.
    pub(super) fn prose(&self, random: &mut Random, bytes: usize, out: &mut String) {
        while out.len() < bytes {
            out.push_str(self.words.get(self.ranks.draw(random)).map_or("", String::as_str));
            out.push(if random.below(14) == 0 { '\n' } else { ' ' });
        }
    }
}
