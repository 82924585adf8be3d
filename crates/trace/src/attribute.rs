//! What the code that `#[trace]` writes calls, besides the spans themselves.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

/// Runs a body that may return from any place, so that its outcome can be looked into.
///
/// The bound makes the closure one that is called once, which may give away what it holds; a closure that is called
/// where it stands could not return a part of the `&mut` that it captured.
#[inline(always)]
pub fn call<R>(body: impl FnOnce() -> R) -> R {
    body()
}

/// Tells the compiler what an `async` block returns; never called.
#[cold]
pub fn never<R>() -> R {
    unreachable!("it only says what type there would be")
}

pin_project! {
    /// A future whose outcome is looked into, in the poll that brings it.
    pub struct Inspected<F, I> {
        #[pin]
        future: F,
        inspect: Option<I>,
    }
}

/// Returns the future with its outcome looked into.
#[inline(always)]
pub fn inspect<F: Future, I: FnOnce(&F::Output)>(future: F, inspect: I) -> Inspected<F, I> {
    Inspected { future, inspect: Some(inspect) }
}

impl<F: Future, I: FnOnce(&F::Output)> Future for Inspected<F, I> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let outcome = ready!(this.future.poll(context));
        if let Some(inspect) = this.inspect.take() {
            inspect(&outcome);
        }
        Poll::Ready(outcome)
    }
}

/// Records an error by as much as its type can tell.
///
/// The macro calls `(&&&&&Failed(error)).record(&active)`. Of the methods of that name the compiler takes the one that
/// needs the fewest references removed and whose bounds hold, so the traits come in the order in which they are written.
pub mod failed {
    use std::any::type_name;
    use std::error::Error;
    use std::fmt::{Debug, Display, Write};
    use std::ops::Deref;

    use crate::__private::Active;

    /// An error to be recorded.
    #[derive(Debug)]
    pub struct Failed<'a, E>(pub &'a E);

    /// An error: its message, and those of its sources.
    pub trait ByError {
        /// Records it.
        fn record(&self, active: &Active);
    }

    impl<E: Error> ByError for &&&&Failed<'_, E> {
        #[cold]
        fn record(&self, active: &Active) {
            active.fail(type_name::<E>(), &messages(self.0));
        }
    }

    /// What holds an error and is none itself: `Box<dyn Error>`, and the error types of some libraries.
    pub trait ByHolder {
        /// Records it.
        fn record(&self, active: &Active);
    }

    impl<E: Deref<Target: Error>> ByHolder for &&&Failed<'_, E> {
        #[cold]
        fn record(&self, active: &Active) {
            active.fail(type_name::<E>(), &messages(&**self.0));
        }
    }

    /// What can be shown: a text, for example.
    pub trait ByDisplay {
        /// Records it.
        fn record(&self, active: &Active);
    }

    impl<E: Display> ByDisplay for &&Failed<'_, E> {
        #[cold]
        fn record(&self, active: &Active) {
            active.fail(type_name::<E>(), &self.0.to_string());
        }
    }

    /// What only its author can read.
    pub trait ByDebug {
        /// Records it.
        fn record(&self, active: &Active);
    }

    impl<E: Debug> ByDebug for &Failed<'_, E> {
        #[cold]
        fn record(&self, active: &Active) {
            active.fail(type_name::<E>(), &format!("{:?}", self.0));
        }
    }

    /// What tells nothing but its type.
    pub trait ByName {
        /// Records it.
        fn record(&self, active: &Active);
    }

    impl<E> ByName for Failed<'_, E> {
        #[cold]
        fn record(&self, active: &Active) {
            active.fail(type_name::<E>(), "");
        }
    }

    /// Joins an error's message and those of its sources; one that a message before it holds already is left out.
    fn messages<E: Error + ?Sized>(error: &E) -> String {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(error) = source {
            let message = error.to_string();
            if !text.contains(&message) {
                // Writing to a String cannot fail.
                let _ = write!(text, ": {message}");
            }
            source = error.source();
        }
        text
    }
}
