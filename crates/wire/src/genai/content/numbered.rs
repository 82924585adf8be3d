//! Lists and objects that were flattened into attributes: `llm.input_messages.0.message.role`.

use std::collections::BTreeMap;

use trackway_model::{Attributes, Text, Value};

/// How deep a flattened object is read; deeper names stay one name.
const DEEPEST: usize = 12;

/// Returns the list below a prefix, in the order of its numbers; `None` when nothing is there.
///
/// The numbers may come in any order and with gaps. Only what was sent takes memory, however large they are.
pub(super) fn list(attributes: &Attributes, prefix: &str) -> Option<Value> {
    let mut root = Node::default();
    for (key, value) in &attributes.0 {
        let Some(path) = key.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('.')) else { continue };
        let is_numbered = path.split('.').next().is_some_and(|first| number(first).is_some());
        if is_numbered {
            root.insert(path, value);
        }
    }
    (!root.children.is_empty()).then(|| root.value())
}

/// A part of a path; numbers come before names.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Number(u64),
    Name(Text),
}

#[derive(Default)]
struct Node<'a> {
    leaf: Option<&'a Value>,
    children: BTreeMap<Step, Node<'a>>,
}

impl<'a> Node<'a> {
    fn insert(&mut self, path: &str, value: &'a Value) {
        let mut node = self;
        for step in path.splitn(DEEPEST, '.') {
            let step = number(step).map_or_else(|| Step::Name(step.into()), Step::Number);
            node = node.children.entry(step).or_default();
        }
        // The first of a repeated key counts, as everywhere.
        node.leaf.get_or_insert(value);
    }

    /// Makes a list of what has numbers only, else an object.
    fn value(self) -> Value {
        if self.children.is_empty() {
            return self.leaf.cloned().unwrap_or_default();
        }
        if self.children.keys().all(|step| matches!(step, Step::Number(_))) {
            return Value::Array(self.children.into_values().map(Node::value).collect());
        }
        Value::Map(Attributes(self.children.into_iter().map(|(step, node)| (step.text(), node.value())).collect()))
    }
}

impl Step {
    fn text(self) -> Text {
        match self {
            Self::Number(number) => number.to_string().into(),
            Self::Name(name) => name,
        }
    }
}

fn number(step: &str) -> Option<u64> {
    let is_digits = !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit());
    is_digits.then(|| step.parse().ok()).flatten()
}
