//! What agents do beside asking models: tools, handoffs and guardrails.

use trackway_model::{Attributes, SpanKind, Text};

use super::Capture;
use super::fields::{Fields, names, setters, texts, titled};
use crate::span::SpanData;

/// A call of a tool: `execute_tool lookup_order`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Function {
    /// The tool's name.
    pub name: Text,
    /// What it is called with, mostly JSON.
    pub input: Option<Text>,
    /// What it answered, JSON or plain text.
    pub output: Option<Text>,
    /// The MCP server that the tool belongs to.
    pub server: Option<Text>,
    /// The id by which the model's call and its result find each other.
    pub call_id: Option<Text>,
}

impl Function {
    /// Returns a call of that tool.
    pub fn new(name: impl Into<Text>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }
}

setters!(Function {
    /// Says what it is called with.
    input(arguments: impl Into<Text>) |call| call.input = Some(arguments.into());
    /// Says what it answered.
    output(result: impl Into<Text>) |call| call.output = Some(result.into());
    /// Says to which MCP server it belongs.
    server(name: impl Into<Text>) |call| call.server = Some(name.into());
    /// Says by which id the model's call and its result find each other.
    call_id(id: impl Into<Text>) |call| call.call_id = Some(id.into());
});

impl SpanData for Function {
    fn name(&self) -> Text {
        titled("execute_tool", Some(&self.name))
    }

    fn attributes(&self) -> Attributes {
        let mut fields = Fields::of(Some("execute_tool"), "function");
        fields.put("gen_ai.tool.name", Some(self.name.clone()));
        fields.put("gen_ai.tool.call.id", self.call_id.clone());
        fields.put(names::SERVER, self.server.clone());
        fields.done()
    }

    fn content(&self, _: Capture) -> Attributes {
        let mut fields = Fields::none();
        fields.put("gen_ai.tool.call.arguments", self.input.clone());
        fields.put("gen_ai.tool.call.result", self.output.clone());
        fields.done()
    }
}

/// One agent gives the work to another; where to may be known only at the end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Handoff {
    /// Who gives it away.
    pub from: Option<Text>,
    /// Who takes it.
    pub to: Option<Text>,
}

impl Handoff {
    /// Returns a handoff by that agent, to one that is not known yet.
    pub fn from(agent: impl Into<Text>) -> Self {
        Self { from: Some(agent.into()), to: None }
    }
}

setters!(Handoff {
    /// Says who takes the work.
    to(agent: impl Into<Text>) |handoff| handoff.to = Some(agent.into());
});

impl SpanData for Handoff {
    fn name(&self) -> Text {
        match &self.to {
            Some(to) => titled("handoff to", Some(to)),
            None => Text::literal("handoff"),
        }
    }

    fn attributes(&self) -> Attributes {
        let mut fields = Fields::of(Some("handoff"), "handoff");
        fields.put("gen_ai.handoff.from_agent", self.from.clone());
        fields.put("gen_ai.handoff.to_agent", self.to.clone());
        fields.done()
    }
}

/// A check of what goes in or comes out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Guardrail {
    /// The guardrail's name.
    pub name: Text,
    /// Whether it was triggered.
    pub triggered: bool,
}

impl Guardrail {
    /// Returns a guardrail of that name, not triggered so far.
    pub fn new(name: impl Into<Text>) -> Self {
        Self { name: name.into(), triggered: false }
    }
}

setters!(Guardrail {
    /// Says whether it was triggered.
    triggered(triggered: bool) |guardrail| guardrail.triggered = triggered;
});

impl SpanData for Guardrail {
    fn name(&self) -> Text {
        titled("guardrail", Some(&self.name))
    }

    fn attributes(&self) -> Attributes {
        let mut fields = Fields::of(Some("guardrail"), "guardrail");
        fields.put("gen_ai.guardrail.name", Some(self.name.clone()));
        fields.put("gen_ai.guardrail.triggered", Some(self.triggered));
        fields.done()
    }
}

/// A question to an MCP server, which tools it has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct McpTools {
    /// The server's name.
    pub server: Option<Text>,
    /// The names of its tools; `None` until it has answered.
    pub tools: Option<Vec<Text>>,
}

impl McpTools {
    /// Returns a question to that server.
    pub fn new(server: impl Into<Text>) -> Self {
        Self { server: Some(server.into()), tools: None }
    }
}

setters!(McpTools {
    /// Says which tools it has.
    tools(names: impl IntoIterator<Item = impl Into<Text>>) |question| question.tools = texts(names);
});

impl SpanData for McpTools {
    fn name(&self) -> Text {
        titled("tools/list", self.server.as_ref())
    }

    fn kind(&self) -> SpanKind {
        SpanKind::Client
    }

    fn attributes(&self) -> Attributes {
        let mut fields = Fields::of(None, "mcp_tools");
        fields.put("mcp.method.name", Some(Text::literal("tools/list")));
        fields.put(names::SERVER, self.server.clone());
        fields.tools(self.tools.as_ref());
        fields.done()
    }
}
