//! Images, sounds and files in messages: what they are, where they are, and how large; never their bytes.

use trackway_model::{Part, Text, Value};

use super::json;

/// What a client may call the type of a medium.
const FORMATS: [&str; 5] = ["mime_type", "mimeType", "media_type", "mediaType", "format"];

/// Reads a block whose type says that it is a medium; `None` for other blocks.
pub(super) fn read(value: &Value) -> Option<Part> {
    let kind = json::word(value, "type")?;
    let part = match kind {
        "image_url" | "input_image" | "image" | "computer_screenshot" => {
            medium("image", value, &["image_url", "image"])
        }
        "input_audio" | "audio" | "output_audio" | "audio_url" => medium("audio", value, &["input_audio", "audio"]),
        "video" | "video_url" | "input_video" => medium("video", value, &["video_url", "video"]),
        "input_file" | "file" | "document" | "media" => {
            let modality = json::word(value, "modality").unwrap_or("file");
            medium(modality, value, &["file", "document", "file_url"])
        }
        "blob" | "uri" => medium(json::word(value, "modality").unwrap_or("file"), value, &[]),
        _ => return None,
    };
    Some(part)
}

/// Reads the media of Gemini and of Amazon Bedrock, whose blocks have no type.
pub(super) fn untyped(value: &Value) -> Option<Part> {
    if let Some(inner) = json::first(value, &["inlineData", "inline_data", "fileData", "file_data"]) {
        return Some(medium("file", inner, &[]));
    }
    ["image", "audio", "video", "document"].into_iter().find_map(|kind| {
        let inner = json::field(value, kind).filter(|inner| json::field(inner, "source").is_some())?;
        Some(medium(if kind == "document" { "file" } else { kind }, inner, &[]))
    })
}

/// Reads a sound that is a field of its own: `{"data": base64, "format": "pcm"}`; `None` when nothing was recorded.
pub(super) fn sound(value: &Value) -> Option<Part> {
    let mut found = Found::default();
    found.take(&json::open(value));
    (found.bytes > 0 || found.uri.is_some()).then(|| found.part("audio"))
}

/// Reads a picture that a provider made: base64 or a link.
pub(super) fn picture(value: &Value) -> Part {
    let mut found = Found::default();
    found.take(value);
    found.part("image")
}

/// Reads a medium whose content lies in the block, or in the first of some fields of it.
fn medium(kind: &str, block: &Value, inside: &[&str]) -> Part {
    let mut found = Found { format: json::text(block, &FORMATS), ..Found::default() };
    found.look(block);
    let mut inner = json::first(block, inside);
    // OpenInference has an image in an image, and nobody has more.
    for _ in 0..2 {
        let Some(value) = inner else { break };
        found.take(value);
        inner = json::first(value, inside);
    }
    if let Some(source) = json::field(block, "source") {
        found.take(source);
    }
    let kind = if kind == "file" { kind_of(found.format.as_deref()) } else { kind };
    found.part(kind)
}

/// What was found of a medium so far.
#[derive(Default)]
struct Found {
    format: Option<Text>,
    uri: Option<Text>,
    bytes: u64,
}

impl Found {
    fn part(self, kind: &str) -> Part {
        Part::Media { kind: kind.into(), format: self.format, uri: self.uri, bytes: self.bytes }
    }

    /// Reads a value that is the medium: a link, a data link, base64, or an object with one of these.
    fn take(&mut self, value: &Value) {
        match value {
            Value::Text(text) => self.link_or_data(text),
            Value::Bytes(bytes) => self.bytes = bytes.len() as u64,
            Value::Map(_) => {
                if self.format.is_none() {
                    self.format = json::text(value, &FORMATS);
                }
                self.look(value);
            }
            _ => {}
        }
    }

    /// Looks into the fields of an object in which a medium can lie.
    fn look(&mut self, value: &Value) {
        const DATA: [&str; 5] = ["data", "file_data", "bytes", "content", "base64"];
        const LINKS: [&str; 8] = ["url", "uri", "fileUri", "file_uri", "file_url", "file_id", "fileId", "filename"];
        let data = DATA.iter().filter_map(|key| json::field(value, key)).find(|data| !is_object(data));
        let link = LINKS.iter().find_map(|key| json::word(value, key)).filter(|link| !link.is_empty());
        match (data, link) {
            (Some(Value::Bytes(bytes)), _) => self.bytes = bytes.len() as u64,
            (Some(Value::Text(text)), link) if !text.is_empty() => {
                self.link_or_data(text);
                if self.uri.is_none() {
                    self.uri = link.map(Text::from);
                }
            }
            (_, Some(link)) => self.link_or_data_link(link),
            _ => {}
        }
    }

    fn link_or_data(&mut self, text: &str) {
        let is_link = text.get(..5) == Some("data:") || text.contains("://");
        if is_link { self.link_or_data_link(text) } else { self.bytes = base64_bytes(text) }
    }

    /// Reads a link; of one that holds the medium itself only its type and how large it is.
    fn link_or_data_link(&mut self, link: &str) {
        let Some((head, data)) = link.strip_prefix("data:").and_then(|rest| rest.split_once(',')) else {
            self.uri = Some(link.into());
            return;
        };
        let format = head.split(';').next().filter(|format| !format.is_empty());
        self.format = format.map(Text::from).or(self.format.take());
        self.bytes = if head.ends_with(";base64") { base64_bytes(data) } else { data.len() as u64 };
    }
}

fn is_object(value: &Value) -> bool {
    matches!(value, Value::Map(_) | Value::Array(_))
}

/// Returns how many bytes a base64 text stands for.
fn base64_bytes(text: &str) -> u64 {
    let digits = text.trim_end().trim_end_matches('=').len() as u64;
    digits * 3 / 4
}

/// Returns what a MIME type is a type of.
fn kind_of(format: Option<&str>) -> &'static str {
    let kind = format.and_then(|format| format.split('/').next());
    match kind {
        Some("image") => "image",
        Some("audio") => "audio",
        Some("video") => "video",
        _ => "file",
    }
}
