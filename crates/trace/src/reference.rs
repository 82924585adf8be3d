//! What a span can refer to: other spans and their contexts, and what may be there or not.

use std::sync::Arc;

use crate::context::Context;
use crate::entered::Entered;
use crate::span::Span;

/// What a span can be a part of, follow from or be linked to: a [`Context`], a [`Span`], or an `Option` of either, where
/// nothing is no reference.
///
/// ```
/// # let tracer = trackway::Tracer::builder().build();
/// # let headers: &[(&str, &str)] = &[];
/// let caller = trackway::Context::extract(headers).ok(); // the request may come without a trace
/// let span = tracer.span("request").child_of(caller).start();
/// ```
pub trait Reference {
    /// Returns what is referred to; `None` when that is nothing.
    fn referred(&self) -> Option<&Context>;
}

impl Reference for Context {
    fn referred(&self) -> Option<&Context> {
        Some(self)
    }
}

impl<D> Reference for Span<D> {
    fn referred(&self) -> Option<&Context> {
        Some(self.context())
    }
}

impl<D> Reference for Entered<D> {
    fn referred(&self) -> Option<&Context> {
        Some(self.context())
    }
}

impl<T: Reference> Reference for Option<T> {
    fn referred(&self) -> Option<&Context> {
        self.as_ref()?.referred()
    }
}

impl<T: Reference + ?Sized> Reference for &T {
    fn referred(&self) -> Option<&Context> {
        (**self).referred()
    }
}

impl<T: Reference + ?Sized> Reference for Arc<T> {
    fn referred(&self) -> Option<&Context> {
        (**self).referred()
    }
}

impl<T: Reference + ?Sized> Reference for Box<T> {
    fn referred(&self) -> Option<&Context> {
        (**self).referred()
    }
}
