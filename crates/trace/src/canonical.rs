//! How work went in the words that gRPC and OpenCensus share: one of 17 codes, a message, and details.
//!
//! OpenTelemetry knows only that a span failed or not, and a message. Whoever has more to say, because a call's answer said so,
//! records it with [`Span::outcome`](crate::Span::outcome): the verdict follows from the code, and code and details are kept as
//! attributes.
//!
//! ```
//! use trackway::canonical::{Code, Status};
//!
//! let (tracer, spans) = trackway::testing::tracer();
//! let span = tracer.span("load order").start();
//! span.outcome(&Status::from(Code::from_http(404)).message("no order 42"));
//! span.finish();
//! assert_eq!(spans.tree(), "load order 1s status.code=5 ERROR no order 42\n");
//! ```

use std::fmt;

use trackway_model::{Attributes, StatusCode, Value};
use trackway_wire::json_text::Object;

use crate::errors::Fault;

/// What became of a call: the [codes of gRPC](https://grpc.github.io/grpc/core/md_doc_statuscodes.html), by their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
#[repr(u8)]
pub enum Code {
    /// It went well.
    #[default]
    Ok = 0,
    /// Whoever asked gave it up.
    Cancelled = 1,
    /// It failed, and nobody knows how.
    Unknown = 2,
    /// What was asked makes no sense, whatever the state of things.
    InvalidArgument = 3,
    /// The time was over before it was done.
    DeadlineExceeded = 4,
    /// What it was about is not there.
    NotFound = 5,
    /// What was to be made is there already.
    AlreadyExists = 6,
    /// Whoever asked may not do that.
    PermissionDenied = 7,
    /// A quota or a resource is used up.
    ResourceExhausted = 8,
    /// Things are not in the state that it needs.
    FailedPrecondition = 9,
    /// It was given up because of something that happened at the same time.
    Aborted = 10,
    /// It went past the end of something.
    OutOfRange = 11,
    /// Nobody can do that here.
    Unimplemented = 12,
    /// Something that always holds did not.
    Internal = 13,
    /// The service is not there just now.
    Unavailable = 14,
    /// Data is lost or damaged beyond help.
    DataLoss = 15,
    /// Nobody knows who asked.
    Unauthenticated = 16,
}

impl Code {
    /// All codes in the order of their numbers.
    pub const ALL: [Self; 17] = [
        Self::Ok,
        Self::Cancelled,
        Self::Unknown,
        Self::InvalidArgument,
        Self::DeadlineExceeded,
        Self::NotFound,
        Self::AlreadyExists,
        Self::PermissionDenied,
        Self::ResourceExhausted,
        Self::FailedPrecondition,
        Self::Aborted,
        Self::OutOfRange,
        Self::Unimplemented,
        Self::Internal,
        Self::Unavailable,
        Self::DataLoss,
        Self::Unauthenticated,
    ];

    /// Returns the code of that number; `None` when there is none.
    pub fn from_number(number: i32) -> Option<Self> {
        Self::ALL.get(usize::try_from(number).ok()?).copied()
    }

    /// Returns the code's number.
    pub const fn number(self) -> i32 {
        self as i32
    }

    /// Returns the code of an answer with that HTTP status, by OpenCensus's
    /// [table](https://github.com/census-instrumentation/opencensus-specs/blob/master/trace/HTTP.md#mapping-from-http-status-codes-to-trace-status-codes):
    /// 200 to 399 went well, eight statuses have a code of their own, the others are unknown.
    pub const fn from_http(status: u16) -> Self {
        match status {
            200..=399 => Self::Ok,
            400 => Self::InvalidArgument,
            401 => Self::Unauthenticated,
            403 => Self::PermissionDenied,
            404 => Self::NotFound,
            429 => Self::ResourceExhausted,
            501 => Self::Unimplemented,
            503 => Self::Unavailable,
            504 => Self::DeadlineExceeded,
            _ => Self::Unknown,
        }
    }

    /// Returns the code's name as gRPC writes it: `NOT_FOUND`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Cancelled => "CANCELLED",
            Self::Unknown => "UNKNOWN",
            Self::InvalidArgument => "INVALID_ARGUMENT",
            Self::DeadlineExceeded => "DEADLINE_EXCEEDED",
            Self::NotFound => "NOT_FOUND",
            Self::AlreadyExists => "ALREADY_EXISTS",
            Self::PermissionDenied => "PERMISSION_DENIED",
            Self::ResourceExhausted => "RESOURCE_EXHAUSTED",
            Self::FailedPrecondition => "FAILED_PRECONDITION",
            Self::Aborted => "ABORTED",
            Self::OutOfRange => "OUT_OF_RANGE",
            Self::Unimplemented => "UNIMPLEMENTED",
            Self::Internal => "INTERNAL",
            Self::Unavailable => "UNAVAILABLE",
            Self::DataLoss => "DATA_LOSS",
            Self::Unauthenticated => "UNAUTHENTICATED",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How a span went: a code, and what is to be said of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Status {
    /// What became of it.
    pub code: Code,
    /// What a developer should read of it.
    pub message: Option<String>,
    /// Messages with the details, each with its type under `@type`.
    pub details: Vec<Value>,
}

impl Status {
    /// Returns that it went well.
    pub fn ok() -> Self {
        Self::from(Code::Ok)
    }

    /// Returns that whoever asked gave it up.
    pub fn cancelled() -> Self {
        Self::from(Code::Cancelled)
    }

    /// Returns that a URL makes no sense.
    pub fn invalid_url() -> Self {
        Self::from(Code::InvalidArgument).message("invalid URL")
    }

    /// Returns that a request was not answered in time.
    pub fn timeout() -> Self {
        Self::from(Code::DeadlineExceeded).message("request timed out")
    }

    /// Returns that it failed with that error, of which no more is known than what it says.
    ///
    /// ```
    /// use trackway::canonical::{Code, Status};
    ///
    /// let error = "x".parse::<u8>().unwrap_err();
    /// let status = Status::from_error(&error);
    /// assert_eq!((status.code, status.message.as_deref()), (Code::Unknown, Some("invalid digit found in string")));
    /// ```
    pub fn from_error<How>(error: &(impl Fault<How> + ?Sized)) -> Self {
        Self::from(Code::Unknown).message(error.message())
    }

    /// Says more of it.
    #[must_use]
    pub fn message(self, message: impl Into<String>) -> Self {
        Self { message: Some(message.into()), ..self }
    }

    /// Adds a message with details.
    #[must_use]
    pub fn detail(mut self, fields: Attributes) -> Self {
        self.details.push(Value::Map(fields));
        self
    }

    /// Returns true when it went well.
    pub fn is_ok(&self) -> bool {
        self.code == Code::Ok
    }

    /// Returns the verdict that OpenTelemetry has a word for.
    pub fn verdict(&self) -> StatusCode {
        if self.is_ok() { StatusCode::Ok } else { StatusCode::Error }
    }

    /// Returns the status in OpenCensus's JSON: its number, and message and details where there are any.
    ///
    /// ```
    /// use trackway::canonical::{Code, Status};
    ///
    /// assert_eq!(Status::ok().to_json(), r#"{"code":0}"#);
    /// assert_eq!(Status::from(Code::NotFound).message("no").to_json(), r#"{"code":5,"message":"no"}"#);
    /// ```
    pub fn to_json(&self) -> String {
        let mut out = String::new();
        Object::write(&mut out, |object| {
            object.number("code", self.code.number());
            if let Some(message) = &self.message {
                object.text("message", message);
            }
            if !self.details.is_empty() {
                object.list("details", |list| self.details.iter().for_each(|detail| list.value(detail)));
            }
        });
        out
    }
}

impl From<Code> for Status {
    fn from(code: Code) -> Self {
        Self { code, ..Self::default() }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.message {
            Some(message) => write!(f, "{}: {message}", self.code),
            None => write!(f, "{}", self.code),
        }
    }
}
