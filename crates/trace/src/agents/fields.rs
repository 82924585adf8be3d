//! How typed data becomes attributes, and how it is filled in.

use trackway_model::{Attributes, Text, Usage, Value, keys};

/// The names of OpenTelemetry's conventions that are written here.
pub(super) mod names {
    pub(crate) const OPERATION: &str = "gen_ai.operation.name";
    pub(crate) const PROVIDER: &str = "gen_ai.provider.name";
    pub(crate) const AGENT: &str = "gen_ai.agent.name";
    pub(crate) const TOOLS: &str = "gen_ai.tool.definitions";
    pub(crate) const INPUT: &str = "gen_ai.input.messages";
    pub(crate) const OUTPUT: &str = "gen_ai.output.messages";
    pub(crate) const MODEL: &str = "gen_ai.request.model";
    pub(crate) const SERVER: &str = "mcp.server.name";
}

/// Attributes that are being gathered; what is not known is left out.
pub(super) struct Fields(Attributes);

impl Fields {
    /// Begins with what kind of work it is: in OpenTelemetry's word, where it has one, and in ours.
    pub(super) fn of(operation: Option<&'static str>, kind: &'static str) -> Self {
        let mut fields = Self(Attributes::default());
        fields.put(names::OPERATION, operation.map(Text::literal));
        fields.put(keys::TRACKWAY_SPAN_KIND, Some(Text::literal(kind)));
        fields
    }

    pub(super) fn none() -> Self {
        Self(Attributes::default())
    }

    pub(super) fn put(&mut self, key: &'static str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.0.push(Text::literal(key), value);
        }
    }

    /// Adds the settings of a model call, each under its own name.
    pub(super) fn settings(&mut self, settings: &Attributes) {
        for (name, value) in settings.iter() {
            self.0.push(format!("gen_ai.request.{name}"), value.clone());
        }
    }

    /// Adds tools of which only the names are known.
    pub(super) fn tools(&mut self, names: Option<&Vec<Text>>) {
        let definition = |name: &Text| {
            let fields = [("type", Value::from("function")), ("name", Value::Text(name.clone()))];
            Value::Map(fields.into_iter().collect())
        };
        let list = names.map(|names| Value::Array(names.iter().map(definition).collect()));
        self.put(names::TOOLS, list);
    }

    pub(super) fn usage(&mut self, usage: Option<&Usage>) {
        let Some(usage) = usage else { return };
        let numbers = [
            ("gen_ai.usage.input_tokens", usage.input),
            ("gen_ai.usage.output_tokens", usage.output),
            ("gen_ai.usage.total_tokens", usage.total),
            ("gen_ai.usage.cache_read.input_tokens", usage.cache_read),
            ("gen_ai.usage.cache_creation.input_tokens", usage.cache_write),
            ("gen_ai.usage.reasoning.output_tokens", usage.reasoning),
            ("gen_ai.usage.audio.input_tokens", usage.audio_input),
            ("gen_ai.usage.audio.output_tokens", usage.audio_output),
            ("gen_ai.usage.requests", usage.requests),
        ];
        for (key, number) in numbers {
            self.put(key, number);
        }
    }

    /// Adds what else is told of the work.
    pub(super) fn metadata(&mut self, metadata: &Attributes) {
        for (name, value) in metadata.iter() {
            self.0.push(format!("trackway.span.metadata.{name}"), value.clone());
        }
    }

    pub(super) fn done(self) -> Attributes {
        self.0
    }
}

/// Returns a list of names as texts.
pub(super) fn texts<T: Into<Text>>(names: impl IntoIterator<Item = T>) -> Option<Vec<Text>> {
    Some(names.into_iter().map(Into::into).collect())
}

/// Returns `what` and after it `whom`, where that is known.
pub(super) fn titled(what: &'static str, whom: Option<&Text>) -> Text {
    match whom.filter(|whom| !whom.is_empty()) {
        Some(whom) => format!("{what} {whom}").into(),
        None => Text::literal(what),
    }
}

/// Writes each setter twice: for the value before its span begins, and for `data_mut()` of the span.
macro_rules! setters {
    ($type:ident { $($(#[$doc:meta])* $name:ident($argument:ident: $of:ty) |$data:ident| $set:expr;)* }) => {
        impl $type {
            $($(#[$doc])*
            #[must_use]
            pub fn $name(mut self, $argument: $of) -> Self {
                let $data = &mut self;
                $set;
                self
            })*
        }

        impl $crate::DataMut<'_, $type> {
            $($(#[$doc])*
            pub fn $name(mut self, $argument: $of) -> Self {
                let $data = &mut *self;
                $set;
                self
            })*
        }
    };
}
pub(super) use setters;
