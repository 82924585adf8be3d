//! Where a program was, call by call.

use std::backtrace::Backtrace;
use std::fmt;

use crate::json_text::{List, Object};
use trackway_model::Value;

use super::short;

/// Where a program was: its calls, the innermost first, at most 128 of them.
///
/// Equal traces have equal [hashes](Self::hash_id), in every process. A trace of spans carries each of them whole but once.
///
/// ```
/// use trackway_wire::opencensus::{StackFrame, StackTrace};
///
/// let mut stack = StackTrace::new();
/// stack.push(StackFrame::new("shop::charge").at("src/shop.rs", 42).column(9));
/// assert_eq!(stack.to_string(), "shop::charge (src/shop.rs:42:9)\n");
///
/// let here = StackTrace::from(&std::backtrace::Backtrace::force_capture());
/// assert!(!here.frames().is_empty());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StackTrace {
    frames: Vec<StackFrame>,
    dropped: u32,
}

/// One call.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct StackFrame {
    /// The function, with the path to it.
    pub function: String,
    /// The function as the linker knows it, where that is another name.
    pub original_function: Option<String>,
    /// The source file.
    pub file: Option<String>,
    /// The line in it, from 1; 0 when nobody knows.
    pub line: u32,
    /// The column in that, from 1; 0 when nobody knows.
    pub column: u32,
    /// The executable or the library that the function is in.
    pub module: Option<String>,
    /// What tells builds of that apart.
    pub build_id: Option<String>,
    /// The version of the source.
    pub source_version: Option<String>,
}

impl StackFrame {
    /// Returns a call of that function.
    pub fn new(function: impl Into<String>) -> Self {
        Self { function: function.into(), ..Self::default() }
    }

    /// Says in which file and line it is.
    #[must_use]
    pub fn at(self, file: impl Into<String>, line: u32) -> Self {
        Self { file: Some(file.into()), line, ..self }
    }

    /// Says in which column of the line it is.
    #[must_use]
    pub fn column(self, column: u32) -> Self {
        Self { column, ..self }
    }

    /// Says what the linker calls the function.
    #[must_use]
    pub fn original_function(self, name: impl Into<String>) -> Self {
        Self { original_function: Some(name.into()), ..self }
    }

    /// Says which executable or library the function is in, and which build of it.
    #[must_use]
    pub fn module(self, module: impl Into<String>, build_id: impl Into<String>) -> Self {
        Self { module: Some(module.into()), build_id: Some(build_id.into()), ..self }
    }

    /// Says which version of the source it is.
    #[must_use]
    pub fn source_version(self, version: impl Into<String>) -> Self {
        Self { source_version: Some(version.into()), ..self }
    }

    fn read(line: &str) -> Self {
        let Some((function, place)) = line.strip_suffix(')').and_then(|line| line.rsplit_once(" (")) else {
            return Self::new(line);
        };
        Self { function: function.into(), ..place_of(place) }
    }

    /// Returns the call as OpenCensus's JSON has it: texts with what was cut off them.
    pub fn to_json(&self) -> String {
        let mut out = String::new();
        Object::write(&mut out, |object| self.write(object));
        out
    }

    fn write(&self, object: &mut Object<'_>) {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let original = self.original_function.as_ref().unwrap_or(&self.function);
        object.object("function_name", |object| short(object, &self.function));
        object.object("original_function_name", |object| short(object, original));
        object.object("file_name", |object| short(object, &text(&self.file)));
        object.number("line_number", self.line);
        object.number("column_number", self.column);
        object.object("load_module", |object| {
            object.object("module", |object| short(object, &text(&self.module)));
            object.object("build_id", |object| short(object, &text(&self.build_id)));
        });
        object.object("source_version", |object| short(object, &text(&self.source_version)));
    }
}

impl StackTrace {
    /// How many calls are kept.
    pub const MOST_FRAMES: usize = 128;

    /// Returns a trace of no calls.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the call from which the last one came; counts it when there is no room for it.
    pub fn push(&mut self, frame: StackFrame) {
        if self.frames.len() < Self::MOST_FRAMES {
            self.frames.push(frame);
        } else {
            self.dropped = self.dropped.saturating_add(1);
        }
    }

    /// Reads what [`Display`](fmt::Display) wrote.
    pub fn read(text: &str) -> Self {
        text.lines().filter(|line| !line.is_empty()).map(StackFrame::read).collect()
    }

    /// Returns the calls, the innermost first.
    pub fn frames(&self) -> &[StackFrame] {
        &self.frames
    }

    /// Returns how many calls there was no room for: those furthest away.
    pub fn dropped_frames(&self) -> u32 {
        self.dropped
    }

    /// Returns a number that is the same for the same calls, wherever and whenever it is asked for; never 0.
    ///
    /// It is [FNV-1a](http://www.isthe.com/chongo/tech/comp/fnv/) of the text with 64 bits: it tells stack traces of a program
    /// apart, and hides nothing.
    pub fn hash_id(&self) -> u64 {
        let hash = self
            .to_string()
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        hash.max(1)
    }

    /// Returns the trace as OpenCensus's JSON has it: its frames, unless there are none, and its hash.
    pub fn to_json(&self) -> String {
        let mut out = String::new();
        Object::write(&mut out, |object| self.write(object, self.hash_id()));
        out
    }

    pub(super) fn write(&self, object: &mut Object<'_>, hash: u64) {
        if !self.frames.is_empty() {
            object.object("stack_frames", |object| {
                object.list("frame", |list: &mut List<'_>| {
                    self.frames.iter().for_each(|frame| list.object(|object| frame.write(object)));
                });
                object.value("dropped_frames_count", &Value::from(self.dropped));
            });
        }
        object.number("stack_trace_hash_id", hash);
    }
}

/// A line each call.
impl fmt::Display for StackTrace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for frame in &self.frames {
            // A name with a line break in it would be two calls.
            let line = |text: &str| text.lines().next().unwrap_or_default().to_owned();
            f.write_str(&line(&frame.function))?;
            if let Some(file) = &frame.file {
                write!(f, " ({}:{}", line(file), frame.line)?;
                if frame.column > 0 {
                    write!(f, ":{}", frame.column)?;
                }
                f.write_str(")")?;
            }
            f.write_str("\n")?;
        }
        Ok(())
    }
}

/// The innermost call first, whatever does not fit counted.
impl FromIterator<StackFrame> for StackTrace {
    fn from_iter<I: IntoIterator<Item = StackFrame>>(frames: I) -> Self {
        let mut stack = Self::new();
        frames.into_iter().for_each(|frame| stack.push(frame));
        stack
    }
}

/// The calls that a backtrace tells of; none when it was not captured.
///
/// The standard library tells them as text alone. A line of it that cannot be read is left out.
impl From<&Backtrace> for StackTrace {
    fn from(backtrace: &Backtrace) -> Self {
        let mut frames: Vec<StackFrame> = Vec::new();
        for line in backtrace.to_string().lines().map(str::trim) {
            if let Some(place) = line.strip_prefix("at ") {
                if let Some(frame) = frames.last_mut() {
                    let function = std::mem::take(&mut frame.function);
                    *frame = StackFrame { function, ..place_of(place) };
                }
            } else if let Some((number, function)) = line.split_once(": ")
                && number.parse::<u32>().is_ok()
            {
                frames.push(StackFrame::new(function));
            }
        }
        frames.into_iter().collect()
    }
}

/// Reads `file`, `file:line` or `file:line:column`.
fn place_of(text: &str) -> StackFrame {
    let number = |text: &str| text.parse::<u32>().ok();
    let frame =
        |file: &str, line, column| StackFrame { file: Some(file.into()), line, column, ..StackFrame::default() };
    let Some((rest, Some(last))) = text.rsplit_once(':').map(|(rest, last)| (rest, number(last))) else {
        return frame(text, 0, 0);
    };
    match rest.rsplit_once(':').and_then(|(file, line)| Some((file, number(line)?))) {
        Some((file, line)) => frame(file, line, last),
        None => frame(rest, last, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let stack: StackTrace = [
            StackFrame::new("a::b<(x, y)>").at("src/a b.rs", 3).column(7),
            StackFrame::new("<c as d>::e").at("C:\\f.rs", 4),
            StackFrame::new("main"),
        ]
        .into_iter()
        .collect();
        assert_eq!(StackTrace::read(&stack.to_string()), stack);
        assert_eq!(StackTrace::read(&stack.to_string()).hash_id(), stack.hash_id());
    }

    #[test]
    fn a_backtrace_tells_where_it_was_taken() {
        let stack = StackTrace::from(&Backtrace::force_capture());
        let here = "a_backtrace_tells_where_it_was_taken";
        let frame = stack.frames().iter().find(|frame| frame.function.contains(here)).unwrap();
        assert!(frame.file.as_ref().unwrap().ends_with("stack.rs") && frame.line > 0, "{frame:?}");
    }
}
