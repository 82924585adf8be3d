//! What was said in a span comes with its attributes, which hold all of it: a very long text need not come twice.

use trackway_model::{Content, Part, Text};

use crate::story::head;

/// The longest text that comes whole.
const MOST_BYTES: usize = 1 << 20;

/// Cuts each text of more than 1 MiB; returns how many bytes all texts had when it did.
pub(super) fn cut(content: &mut Content) -> Option<u64> {
    let (mut bytes, mut is_cut) = (0, false);
    each_text(content, |text| {
        bytes += text.len() as u64;
        if text.len() > MOST_BYTES {
            *text = head(text, MOST_BYTES).into();
            is_cut = true;
        }
    });
    is_cut.then_some(bytes)
}

fn each_text(content: &mut Content, mut each: impl FnMut(&mut Text)) {
    let Content { instructions, input, output, tools, arguments, result, parameters: _, missing: _ } = content;
    for part in input.iter_mut().chain(output).flat_map(|message| &mut message.parts) {
        match part {
            Part::Text(text) | Part::Reasoning(text) | Part::Refusal(text) | Part::Other(text) => each(text),
            Part::ToolCall { arguments: text, .. } | Part::ToolResult { result: text, .. } => each(text),
            Part::Media { .. } => {}
        }
    }
    let of_tools = tools.iter_mut().flat_map(|tool| [&mut tool.description, &mut tool.parameters]);
    for text in of_tools.chain([instructions, arguments, result]).flatten() {
        each(text);
    }
}
