//! Speech to text and text to speech.

use trackway_model::{Attributes, SpanKind, Text, Timestamp, Value};

use super::Capture;
use super::fields::{Fields, names, setters, titled};
use super::messages::Messages;
use crate::span::SpanData;

/// A piece of sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audio {
    /// Its bytes in base64; empty where they are not recorded.
    pub base64: Text,
    /// Its format: `pcm`, `wav`.
    pub format: Text,
}

impl Audio {
    /// Returns a sound in PCM.
    pub fn pcm(base64: impl Into<Text>) -> Self {
        Self { base64: base64.into(), format: Text::literal("pcm") }
    }

    /// Returns the sound as far as it is recorded: its format always.
    fn captured(&self, capture: Capture) -> Self {
        let base64 = if capture >= Capture::Everything { self.base64.clone() } else { Text::default() };
        Self { base64, format: self.format.clone() }
    }
}

/// Speech to text.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Transcription {
    /// The model that is asked for.
    pub model: Option<Text>,
    /// What is heard.
    pub input: Option<Audio>,
    /// What was understood.
    pub output: Option<Text>,
    /// The settings of the call.
    pub settings: Attributes,
}

impl Transcription {
    /// Returns a call of that model.
    pub fn new(model: impl Into<Text>) -> Self {
        Self { model: Some(model.into()), ..Self::default() }
    }

    /// Adds a setting of the call.
    #[must_use]
    pub fn setting(mut self, name: impl Into<Text>, value: impl Into<Value>) -> Self {
        self.settings.push(name, value);
        self
    }
}

setters!(Transcription {
    /// Says what is heard.
    input(sound: Audio) |call| call.input = Some(sound);
    /// Says what was understood.
    output(text: impl Into<Text>) |call| call.output = Some(text.into());
});

impl SpanData for Transcription {
    fn name(&self) -> Text {
        titled("transcription", self.model.as_ref())
    }

    fn kind(&self) -> SpanKind {
        SpanKind::Client
    }

    fn attributes(&self) -> Attributes {
        let mut fields = Fields::of(Some("transcription"), "transcription");
        fields.put(names::MODEL, self.model.clone());
        fields.settings(&self.settings);
        fields.done()
    }

    fn content(&self, capture: Capture) -> Attributes {
        let mut fields = Fields::none();
        let heard = self.input.as_ref().map(|sound| Messages::sound("user", &sound.captured(capture)));
        fields.put(names::INPUT, heard);
        fields.put(names::OUTPUT, self.output.clone().map(|text| Messages::from(text).answered()));
        fields.done()
    }
}

/// Text to speech.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Speech {
    /// The model that is asked for.
    pub model: Option<Text>,
    /// What is to be said.
    pub input: Option<Text>,
    /// What it sounds like.
    pub output: Option<Audio>,
    /// The settings of the call: `voice`, `speed`.
    pub settings: Attributes,
    /// When the first of the sound came.
    pub first_content_at: Option<Timestamp>,
}

impl Speech {
    /// Returns a call of that model.
    pub fn new(model: impl Into<Text>) -> Self {
        Self { model: Some(model.into()), ..Self::default() }
    }

    /// Adds a setting of the call.
    #[must_use]
    pub fn setting(mut self, name: impl Into<Text>, value: impl Into<Value>) -> Self {
        self.settings.push(name, value);
        self
    }
}

setters!(Speech {
    /// Says what is to be said.
    input(text: impl Into<Text>) |call| call.input = Some(text.into());
    /// Says what it sounds like.
    output(sound: Audio) |call| call.output = Some(sound);
    /// Says when the first of the sound came.
    first_content_at(time: Timestamp) |call| call.first_content_at = Some(time);
});

impl SpanData for Speech {
    fn name(&self) -> Text {
        titled("speech", self.model.as_ref())
    }

    fn kind(&self) -> SpanKind {
        SpanKind::Client
    }

    fn attributes(&self) -> Attributes {
        let mut fields = Fields::of(Some("speech"), "speech");
        fields.put(names::MODEL, self.model.clone());
        fields.settings(&self.settings);
        fields.put("trackway.response.first_content_at", self.first_content_at.map(|time| time.0));
        fields.done()
    }

    fn content(&self, capture: Capture) -> Attributes {
        let mut fields = Fields::none();
        fields.put(names::INPUT, self.input.clone().map(|text| Messages::from(text).asked()));
        let sound = self.output.as_ref().map(|sound| Messages::sound("assistant", &sound.captured(capture)));
        fields.put(names::OUTPUT, sound);
        fields.done()
    }
}

/// Several pieces of speech that are one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SpeechGroup {
    /// What is to be said.
    pub input: Option<Text>,
}

impl SpeechGroup {
    /// Returns a group of which nothing is known.
    pub fn new() -> Self {
        Self::default()
    }
}

setters!(SpeechGroup {
    /// Says what is to be said.
    input(text: impl Into<Text>) |group| group.input = Some(text.into());
});

impl SpanData for SpeechGroup {
    fn name(&self) -> Text {
        Text::literal("speech group")
    }

    fn attributes(&self) -> Attributes {
        Fields::of(None, "speech_group").done()
    }

    fn content(&self, _: Capture) -> Attributes {
        let mut fields = Fields::none();
        fields.put(names::INPUT, self.input.clone().map(|text| Messages::from(text).asked()));
        fields.done()
    }
}
