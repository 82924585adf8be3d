//! A state machine in a line.

use serde::{Deserialize, Serialize};
use trackway_model::Text;

use super::field::Words;

#[derive(Serialize, Deserialize)]
pub(super) struct Graph<'a> {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    entrypoint: Option<Words<'a>>,
    #[serde(default)]
    actions: Vec<Action<'a>>,
    #[serde(default)]
    transitions: Vec<Transition<'a>>,
}

#[derive(Serialize, Deserialize)]
struct Action<'a> {
    name: Words<'a>,
    #[serde(default)]
    reads: Vec<Words<'a>>,
    #[serde(default)]
    writes: Vec<Words<'a>>,
    #[serde(default)]
    inputs: Vec<Words<'a>>,
    #[serde(default)]
    optional_inputs: Vec<Words<'a>>,
    #[serde(default)]
    tags: Vec<Words<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<Words<'a>>,
}

#[derive(Serialize, Deserialize)]
struct Transition<'a> {
    from: Words<'a>,
    to: Words<'a>,
    condition: Words<'a>,
}

impl<'a> Graph<'a> {
    pub(super) fn of(graph: &'a trackway_model::Graph) -> Self {
        let list = |texts: &'a [Text]| texts.iter().map(|text| Words::Borrowed(&**text)).collect();
        let action = |action: &'a trackway_model::Action| Action {
            name: (&*action.name).into(),
            reads: list(&action.reads),
            writes: list(&action.writes),
            inputs: list(&action.inputs),
            optional_inputs: list(&action.optional_inputs),
            tags: list(&action.tags),
            code: action.code.as_deref().map(Into::into),
        };
        let transition = |it: &'a trackway_model::Transition| Transition {
            from: (&*it.from).into(),
            to: (&*it.to).into(),
            condition: (&*it.condition).into(),
        };
        Self {
            entrypoint: graph.entrypoint.as_deref().map(Into::into),
            actions: graph.actions.iter().map(action).collect(),
            transitions: graph.transitions.iter().map(transition).collect(),
        }
    }

    pub(super) fn graph(self) -> trackway_model::Graph {
        let text = |words: Words<'_>| Text::from(words.into_owned());
        let list = |words: Vec<Words<'_>>| words.into_iter().map(text).collect();
        let action = |action: Action<'_>| trackway_model::Action {
            name: text(action.name),
            reads: list(action.reads),
            writes: list(action.writes),
            inputs: list(action.inputs),
            optional_inputs: list(action.optional_inputs),
            tags: list(action.tags),
            code: action.code.map(text),
        };
        let transition = |it: Transition<'_>| trackway_model::Transition {
            from: text(it.from),
            to: text(it.to),
            condition: text(it.condition),
        };
        trackway_model::Graph {
            entrypoint: self.entrypoint.map(text),
            actions: self.actions.into_iter().map(action).collect(),
            transitions: self.transitions.into_iter().map(transition).collect(),
        }
    }
}
