//! The `baggage` header.

use trackway_model::Text;

use super::{Extract, Inject, trim};

const BAGGAGE: &str = "baggage";

/// Named values that travel with a trace through every process that it reaches.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Baggage(Vec<Member>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Member {
    key: Text,
    value: Text,
    /// What came behind the value, `;a=b;c`, passed on as it came.
    properties: Text,
}

impl Baggage {
    /// The most bytes that the members take in the header, over all its lines.
    pub const MOST_BYTES: usize = 8192;
    /// The most members.
    pub const MOST_MEMBERS: usize = 180;

    /// Reads the members of the header; those that cannot be read, or are too many, are left out.
    pub fn extract(carrier: &(impl Extract + ?Sized)) -> Self {
        let mut baggage = Self::default();
        let mut room = Self::MOST_BYTES;
        carrier.each(BAGGAGE, &mut |line| {
            for text in line.split(',') {
                // What does not fit ends the reading, so that a long header costs no more than a full one.
                let Some(left) = room.checked_sub(text.len()) else { return room = 0 };
                room = left;
                if let Some(member) = Member::parse(text) {
                    baggage.insert(member);
                }
            }
        });
        baggage
    }

    /// Writes the members into the header; nothing is written when there are none.
    ///
    /// A key that a header cannot hold is left out, and so is what would make the header too long.
    pub fn inject(&self, carrier: &mut (impl Inject + ?Sized)) {
        let mut header = String::new();
        for member in self.0.iter().filter(|member| is_token(&member.key)) {
            let text = member.write();
            let comma = usize::from(!header.is_empty());
            if header.len() + comma + text.len() <= Self::MOST_BYTES {
                header.extend([&","[..comma], &text]);
            }
        }
        if !header.is_empty() {
            carrier.put(BAGGAGE, header);
        }
    }

    /// Returns the value under `key`.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|member| &*member.key == key).map(|member| &*member.value)
    }

    /// Returns the members in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|member| (&*member.key, &*member.value))
    }

    /// Returns the baggage with a value set; a baggage that is full stays as it is.
    #[must_use]
    pub fn with(mut self, key: &str, value: &str) -> Self {
        self.insert(Member { key: key.into(), value: value.into(), properties: Text::default() });
        self
    }

    /// Returns the baggage without `key`.
    #[must_use]
    pub fn without(mut self, key: &str) -> Self {
        self.0.retain(|member| &*member.key != key);
        self
    }

    /// Returns true when there are no members.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds the members of another one, in the place of those with the same keys.
    pub fn extend(&mut self, other: &Self) {
        other.0.iter().cloned().for_each(|member| self.insert(member));
    }

    fn insert(&mut self, member: Member) {
        let has_room = self.0.len() < Self::MOST_MEMBERS;
        match self.0.iter_mut().find(|known| known.key == member.key) {
            Some(known) => *known = member,
            None if has_room => self.0.push(member),
            None => {}
        }
    }
}

/// How many bytes a baggage that is being read may still take.
pub(super) struct Room(usize);

impl Default for Room {
    fn default() -> Self {
        Self(Baggage::MOST_BYTES)
    }
}

impl Room {
    /// Adds an entry, where there is room for it; what does not fit ends the reading.
    pub(super) fn insert(&mut self, baggage: &mut Baggage, key: &str, value: &str) {
        let Some(left) = self.0.checked_sub(key.len() + value.len()) else { return self.0 = 0 };
        self.0 = left;
        baggage.insert(Member { key: key.into(), value: value.into(), properties: Text::default() });
    }
}

impl Member {
    fn parse(text: &str) -> Option<Self> {
        let (pair, properties) = text.split_at(text.find(';').unwrap_or(text.len()));
        let (key, value) = pair.split_once('=')?;
        let (key, value) = (trim(key), trim(value));
        let is_plain = value.bytes().all(is_baggage_octet);
        (is_token(key) && is_plain).then(|| Self {
            key: key.into(),
            value: decoded(value).into(),
            properties: trim(properties).into(),
        })
    }

    fn write(&self) -> String {
        let mut text = format!("{}=", self.key);
        for byte in self.value.bytes() {
            match byte {
                b'%' => text.push_str("%25"),
                byte if is_baggage_octet(byte) => text.push(char::from(byte)),
                byte => text.push_str(&format!("%{byte:02X}")),
            }
        }
        text.push_str(&self.properties);
        text
    }
}

/// The characters of an HTTP token.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

fn is_baggage_octet(byte: u8) -> bool {
    (b'!'..=b'~').contains(&byte) && !b"\",;\\".contains(&byte)
}

/// Decodes `%XX`; what is no UTF-8 then becomes the replacement character, and a `%` without two digits stays itself.
pub(super) fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, behind)) = rest.split_first() {
        let digits = behind.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.filter(|_| byte == b'%').and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(decoded) => {
                bytes.push(decoded);
                rest = behind.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(byte);
                rest = behind;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
