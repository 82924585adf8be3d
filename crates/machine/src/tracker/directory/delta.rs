//! What makes one state out of another, as a log tells it.

use trackway_model::Text;

use crate::{Change, State, Value, json};

/// Shorter values are set anew, whatever they have in common with the old ones.
const WORTH_COMPARING: usize = 256;

/// Writes what makes `after` out of `before`, as an object.
pub(super) fn write(before: &State, after: &State, changes: Option<&[Change]>, out: &mut Vec<u8>) {
    let mut delta = Delta { before, after, removed: Vec::new(), changed: Vec::new() };
    match changes {
        Some(changes) => changes.iter().for_each(|change| delta.add(change)),
        None => delta.compare(),
    }
    delta.write(out);
}

struct Delta<'a> {
    before: &'a State,
    after: &'a State,
    /// The fields that go from where they are.
    removed: Vec<&'a Text>,
    /// The fields that have another value then, in order.
    changed: Vec<(&'a Text, What<'a>)>,
}

enum What<'a> {
    /// It is what the state afterwards says.
    Set,
    /// These items are appended.
    Append(Vec<&'a Value>),
    /// It differs in the middle of its JSON text.
    Splice { before: usize, after: usize, middle: String },
}

impl<'a> Delta<'a> {
    /// Adds what was done, after what was done before it.
    fn add(&mut self, change: &'a Change) {
        match change {
            Change::Set(name, _) => self.set(name),
            Change::Append(name, item) => match self.changed.iter_mut().find(|(known, _)| *known == name) {
                Some((_, What::Append(items))) => items.push(item),
                Some(_) => self.set(name),
                None => {
                    let goes_on = !self.removed.contains(&name)
                        && matches!(
                            (self.before.fields.get(name), self.after.fields.get(name)),
                            (Some(Value::List(_)), Some(Value::List(_)))
                        );
                    if goes_on { self.changed.push((name, What::Append(vec![item]))) } else { self.set(name) }
                }
            },
            Change::Remove(name) => {
                self.changed.retain(|(known, _)| *known != name);
                if self.before.fields.get(name).is_some() && !self.removed.contains(&name) {
                    self.removed.push(name);
                }
            }
        }
    }

    fn set(&mut self, name: &'a Text) {
        match self.changed.iter_mut().find(|(known, _)| *known == name) {
            Some((_, what)) => *what = What::Set,
            None => self.changed.push((name, What::Set)),
        }
    }

    /// Finds out what differs, where nobody says what was done.
    fn compare(&mut self) {
        let (before, after) = (self.before, self.after);
        let mut staying = before.fields.names().filter(|name| after.fields.contains(name));
        // A field that does not stand where it stood goes, and comes behind the others: so do all that follow it.
        let mut is_in_order = true;
        for (name, value) in after.fields.iter() {
            let old = before.fields.get(name);
            is_in_order = is_in_order && old.is_some() && staying.next() == Some(name);
            if !is_in_order && old.is_some() {
                self.removed.push(name);
            }
            if !is_in_order || old != Some(value) {
                self.changed.push((name, What::Set));
            }
        }
        self.removed.extend(before.fields.names().filter(|name| !after.fields.contains(name)));
    }

    fn write(mut self, out: &mut Vec<u8>) {
        let (before, after) = (self.before, self.after);
        for (name, what) in &mut self.changed {
            let old = before.fields.get(name).filter(|_| !self.removed.contains(name));
            if let (What::Set, Some(old), Some(new)) = (&*what, old, after.fields.get(name)) {
                *what = between(old, new);
            }
        }
        let mut parts = Parts { out, is_open: false };
        if !self.removed.is_empty() {
            parts.begin("remove");
            parts.out.push(b'[');
            for (at, name) in self.removed.iter().enumerate() {
                if at > 0 {
                    parts.out.push(b',');
                }
                json::write_text(name, parts.out);
            }
            parts.out.push(b']');
        }
        parts.fields("set", &self.changed, |name, what, out| {
            let (What::Set, Some(value)) = (what, after.fields.get(name)) else { return false };
            named(name, out);
            json::write(value, out);
            true
        });
        parts.fields("append", &self.changed, |name, what, out| {
            let What::Append(items) = what else { return false };
            named(name, out);
            out.push(b'[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                json::write(item, out);
            }
            out.push(b']');
            true
        });
        parts.fields("splice", &self.changed, |name, what, out| {
            let What::Splice { before, after, middle } = what else { return false };
            named(name, out);
            out.extend_from_slice(format!("[{before},{after},").as_bytes());
            json::write_text(middle, out);
            out.push(b']');
            true
        });
        parts.end();
    }
}

fn named(name: &Text, out: &mut Vec<u8>) {
    json::write_text(name, out);
    out.push(b':');
}

/// The parts of a delta as they are written; those without a field are left out.
struct Parts<'a> {
    out: &'a mut Vec<u8>,
    is_open: bool,
}

impl Parts<'_> {
    fn begin(&mut self, part: &str) {
        self.out.push(if self.is_open { b',' } else { b'{' });
        self.is_open = true;
        self.out.push(b'"');
        self.out.extend_from_slice(part.as_bytes());
        self.out.extend_from_slice(b"\":");
    }

    /// Writes the fields that belong to a part: of the others, `write` writes nothing and returns false.
    fn fields<'a>(
        &mut self,
        part: &str,
        all: &[(&Text, What<'a>)],
        write: impl Fn(&Text, &What<'a>, &mut Vec<u8>) -> bool,
    ) {
        let (start, was_open) = (self.out.len(), self.is_open);
        self.begin(part);
        self.out.push(b'{');
        let mut has_any = false;
        for (name, what) in all {
            let before = self.out.len();
            if has_any {
                self.out.push(b',');
            }
            if write(name, what, self.out) { has_any = true } else { self.out.truncate(before) }
        }
        self.out.push(b'}');
        if !has_any {
            self.out.truncate(start);
            self.is_open = was_open;
        }
    }

    fn end(self) {
        self.out.extend_from_slice(if self.is_open { b"}" } else { b"{}" });
    }
}

/// Returns how to tell that a field has another value: by what it has in common with the old one, where that is much.
fn between<'a>(old: &'a Value, new: &'a Value) -> What<'a> {
    match (old, new) {
        (Value::List(old), Value::List(new)) if !old.is_empty() && new.len() > old.len() => {
            if new.iter().zip(old.iter()).all(|(new, old)| new == old) {
                return What::Append(new.iter_from(old.len()).collect());
            }
        }
        (Value::Text(old), Value::Text(new)) if old.len().min(new.len()) >= WORTH_COMPARING => {}
        (Value::List(_), Value::List(_)) | (Value::Map(_), Value::Map(_)) => {}
        _ => return What::Set,
    }
    let text = |value| {
        let mut text = Vec::new();
        json::write(value, &mut text);
        String::from_utf8(text).unwrap_or_default() // JSON is text.
    };
    splice(&text(old), &text(new)).unwrap_or(What::Set)
}

fn splice<'a>(old: &str, new: &str) -> Option<What<'a>> {
    if old.len().min(new.len()) < WORTH_COMPARING {
        return None;
    }
    let before = common(old.bytes(), new.bytes());
    let before = (0..=before).rev().find(|at| old.is_char_boundary(*at))?;
    let (old_rest, new_rest) = (old.get(before..)?, new.get(before..)?);
    let after = common(old_rest.bytes().rev(), new_rest.bytes().rev());
    let after = (0..=after).rev().find(|at| new_rest.is_char_boundary(new_rest.len() - at))?;
    let middle = new_rest.get(..new_rest.len() - after)?;
    // Inside a text, quotes are written with a backslash: a middle may be twice as long as it is.
    (middle.len() <= new.len() / 3).then(|| What::Splice { before, after, middle: middle.into() })
}

fn common(one: impl Iterator<Item = u8>, other: impl Iterator<Item = u8>) -> usize {
    one.zip(other).take_while(|(one, other)| one == other).count()
}
