//! What holds other work together: agents, tasks and turns.

use trackway_model::{Attributes, Text, Usage, Value};

use super::fields::{Fields, names, setters, texts, titled};
use crate::span::SpanData;

/// An agent at work: `invoke_agent triage`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Agent {
    /// The agent's name.
    pub name: Text,
    /// The agents that it may hand the work to; `None` where nobody said.
    pub handoffs: Option<Vec<Text>>,
    /// The tools that it has; `None` where nobody said.
    pub tools: Option<Vec<Text>>,
    /// The type that it is to answer with.
    pub output_type: Option<Text>,
    /// What else is told of it.
    pub metadata: Attributes,
}

impl Agent {
    /// Returns an agent of that name.
    pub fn new(name: impl Into<Text>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// Tells something more of it.
    #[must_use]
    pub fn metadata(mut self, key: impl Into<Text>, value: impl Into<Value>) -> Self {
        self.metadata.push(key, value);
        self
    }
}

setters!(Agent {
    /// Says which agents it may hand the work to.
    handoffs(names: impl IntoIterator<Item = impl Into<Text>>) |agent| agent.handoffs = texts(names);
    /// Says which tools it has.
    tools(names: impl IntoIterator<Item = impl Into<Text>>) |agent| agent.tools = texts(names);
    /// Says with what type it is to answer.
    output_type(name: impl Into<Text>) |agent| agent.output_type = Some(name.into());
});

impl SpanData for Agent {
    fn name(&self) -> Text {
        titled("invoke_agent", Some(&self.name))
    }

    fn attributes(&self) -> Attributes {
        let mut fields = Fields::of(Some("invoke_agent"), "agent");
        fields.put(names::AGENT, Some(self.name.clone()));
        fields.put("trackway.agent.handoffs", self.handoffs.clone());
        fields.tools(self.tools.as_ref());
        fields.put("trackway.agent.output_type", self.output_type.clone());
        fields.metadata(&self.metadata);
        fields.done()
    }
}

/// One run of a program of agents, from what it is asked to what it answers. Its usage repeats that of the model calls in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Task {
    /// What is run.
    pub name: Text,
    /// What all model calls in it used.
    pub usage: Option<Usage>,
    /// What else is told of it.
    pub metadata: Attributes,
}

impl Task {
    /// Returns a task of that name.
    pub fn new(name: impl Into<Text>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// Tells something more of it.
    #[must_use]
    pub fn metadata(mut self, key: impl Into<Text>, value: impl Into<Value>) -> Self {
        self.metadata.push(key, value);
        self
    }
}

setters!(Task {
    /// Says what all model calls in it used.
    usage(usage: Usage) |task| task.usage = Some(usage);
});

impl SpanData for Task {
    fn name(&self) -> Text {
        titled("invoke_workflow", Some(&self.name))
    }

    fn attributes(&self) -> Attributes {
        let mut fields = Fields::of(Some("invoke_workflow"), "task");
        fields.put("gen_ai.workflow.name", Some(self.name.clone()));
        fields.usage(self.usage.as_ref());
        fields.metadata(&self.metadata);
        fields.done()
    }
}

/// One round of an agent: a model call and what it led to. Its usage repeats that of the model call.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Turn {
    /// The number of the turn, from 1.
    pub turn: u32,
    /// Whose turn it is.
    pub agent: Text,
    /// What the model calls in it used.
    pub usage: Option<Usage>,
    /// What else is told of it.
    pub metadata: Attributes,
}

impl Turn {
    /// Returns the turn of that number, of that agent.
    pub fn new(turn: u32, agent: impl Into<Text>) -> Self {
        Self { turn, agent: agent.into(), ..Self::default() }
    }

    /// Tells something more of it.
    #[must_use]
    pub fn metadata(mut self, key: impl Into<Text>, value: impl Into<Value>) -> Self {
        self.metadata.push(key, value);
        self
    }
}

setters!(Turn {
    /// Says what the model calls in it used.
    usage(usage: Usage) |turn| turn.usage = Some(usage);
});

impl SpanData for Turn {
    fn name(&self) -> Text {
        Text::literal("turn")
    }

    fn attributes(&self) -> Attributes {
        let mut fields = Fields::of(None, "turn");
        fields.put("gen_ai.agent.turn", Some(self.turn));
        fields.put(names::AGENT, Some(self.agent.clone()));
        fields.usage(self.usage.as_ref());
        fields.metadata(&self.metadata);
        fields.done()
    }
}
