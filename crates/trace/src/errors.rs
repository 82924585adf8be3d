//! Errors, recorded by as much as they can tell.

use std::{any::type_name, error::Error};

use trackway_model::{StatusCode, keys};

use crate::active::Active;
use crate::guard::Guard;
use crate::span::causes;

/// What can be recorded as an error: every [`Error`], and a `Box` of any, which is none itself.
///
/// `How` tells the two apart; the compiler finds it out.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no error",
    note = "of what holds an error, such as `anyhow::Error`, lend what it holds: `&*error`"
)]
pub trait Fault<How> {
    /// Returns the name of its type; `None` when nobody knows what it was.
    #[doc(hidden)]
    fn kind(&self) -> Option<&'static str> {
        known_type::<Self>()
    }

    /// Returns what it says.
    #[doc(hidden)]
    fn message(&self) -> String;

    /// Returns what it was caused by, a line each; `None` when it stands alone.
    #[doc(hidden)]
    fn causes(&self) -> Option<String>;
}

/// An error itself.
#[doc(hidden)]
#[derive(Debug)]
pub enum Plain {}

/// A box with an error in it.
#[doc(hidden)]
#[derive(Debug)]
pub enum Boxed {}

/// Returns the name of a type of errors, unless it stands for an error of any type: nobody looks for failures by a box.
pub(crate) fn known_type<E: ?Sized>() -> Option<&'static str> {
    let name = type_name::<E>();
    let held = name.strip_prefix("alloc::boxed::Box<").unwrap_or(name);
    (!held.starts_with("dyn ")).then_some(name)
}

impl<E: Error + ?Sized> Fault<Plain> for E {
    fn message(&self) -> String {
        self.to_string()
    }

    fn causes(&self) -> Option<String> {
        causes(self)
    }
}

macro_rules! boxed {
    ($($type:ty;)*) => {$(
        impl Fault<Boxed> for Box<$type> {
            fn message(&self) -> String {
                self.to_string()
            }

            fn causes(&self) -> Option<String> {
                causes(&**self)
            }
        }
    )*};
}

boxed! {
    dyn Error;
    dyn Error + Send;
    dyn Error + Send + Sync;
}

impl Guard {
    /// Records that the span failed with that error: its status, and an `exception` event with the error's type (where it is
    /// known: a `Box<dyn Error>` holds any), its message and what it was caused by, as OpenTelemetry's
    /// [conventions](https://opentelemetry.io/docs/specs/semconv/exceptions/exceptions-spans/) name them.
    ///
    /// ```
    /// let span = trackway::span!("parse");
    /// if let Err(error) = "x".parse::<u8>() {
    ///     span.record_error(&error);
    /// }
    /// ```
    #[cold]
    pub fn record_error<How>(&self, error: &(impl Fault<How> + ?Sized)) -> &Self {
        if !self.is_recording() {
            return self;
        }
        let message = error.message();
        let event = self.event(keys::EXCEPTION);
        event.field(keys::EXCEPTION_TYPE, error.kind()).field(keys::EXCEPTION_MESSAGE, &message);
        event.field("exception.stacktrace", error.causes());
        self.status(StatusCode::Error, &message)
    }
}

impl Active {
    /// Records that the active span failed with that error; as [`Span::record_error`](crate::Span::record_error).
    #[cold]
    pub fn record_error<How>(&self, error: &(impl Fault<How> + ?Sized)) -> &Self {
        if self.is_recording() {
            self.fail(error.kind(), &error.message(), error.causes().as_deref());
        }
        self
    }
}
