//! What comes after a step, and why, in a line.

use serde::{Deserialize, Serialize};
use trackway_model::Choice;

use super::field::Words;

/// A transition that was tried: whether its condition holds, or why nobody can say.
#[derive(Serialize, Deserialize)]
pub(super) struct Tried<'a> {
    to: Words<'a>,
    condition: Words<'a>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    held: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<Words<'a>>,
}

/// Returns what a line tells of what comes next; `None` where it tells nothing.
pub(super) fn choice(next: Option<Words<'_>>, tried: Option<Vec<Tried<'_>>>) -> Option<Choice> {
    if next.is_none() && tried.is_none() {
        return None;
    }
    let tried = tried.unwrap_or_default().into_iter().map(Tried::tried).collect();
    Some(Choice { next: next.map(|next| next.into_owned().into()), tried })
}

impl<'a> Tried<'a> {
    pub(super) fn of(tried: &'a trackway_model::Tried) -> Self {
        let (held, error) = match &tried.held {
            Ok(held) => (Some(*held), None),
            Err(error) => (None, Some((&**error).into())),
        };
        Self { to: (&*tried.to).into(), condition: (&*tried.condition).into(), held, error }
    }

    fn tried(self) -> trackway_model::Tried {
        let held = match (self.held, self.error) {
            (Some(held), None) => Ok(held),
            (_, error) => Err(error.unwrap_or_default().into_owned().into()),
        };
        trackway_model::Tried { to: self.to.into_owned().into(), condition: self.condition.into_owned().into(), held }
    }
}
