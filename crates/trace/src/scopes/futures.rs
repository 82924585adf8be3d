//! Scopes that go with a future from poll to poll, under any executor.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Waker, Poll};

use pin_project_lite::pin_project;

use super::{PerThread, ScopeManager, Scopes};

/// Keeps what is active in the future that runs, so that scopes may be held across an `await`; outside of any by thread.
///
/// [`carry`](Self::carry) gives a future scopes of its own. With [`Scopes::around`] it begins inside of what is active where it is
/// spawned, also when that ends before the future begins.
///
/// ```
/// use std::sync::Arc;
/// use trackway::scopes::{PerFuture, ScopeManager, Scopes};
///
/// # let tracer = trackway::builder().scope_manager(PerFuture::new()).build();
/// let spawned = async { /* spans that begin here are children of the one that is active where it was spawned */ };
/// let around = PerFuture::new().active().unwrap_or_default();
/// let task = PerFuture::carry(Arc::new(Scopes::around(around)), spawned);
/// // tokio::spawn(task), or any other executor
/// # drop(task);
/// ```
#[derive(Debug, Default)]
pub struct PerFuture {
    outside: PerThread,
}

thread_local! {
    /// The scopes of the future that this thread polls.
    static POLLED: RefCell<Option<Arc<Scopes>>> = const { RefCell::new(None) };
}

impl PerFuture {
    /// Returns a manager; all of them share what is active in futures.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the future with scopes of its own.
    pub fn carry<F: Future>(scopes: Arc<Scopes>, work: F) -> InScopes<F> {
        InScopes { work, scopes }
    }
}

impl ScopeManager for PerFuture {
    fn here(&self) -> Option<Arc<Scopes>> {
        let polled = POLLED.try_with(|polled| polled.borrow().clone()).ok().flatten();
        polled.or_else(|| self.outside.here())
    }
}

pin_project! {
    /// A future with scopes of its own. [`PerFuture::carry`] makes it.
    #[must_use = "it does nothing unless it is polled"]
    #[derive(Debug)]
    pub struct InScopes<F> {
        #[pin]
        work: F,
        scopes: Arc<Scopes>,
    }
}

impl<F: Future> Future for InScopes<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, waker: &mut Waker<'_>) -> Poll<Self::Output> {
        struct Restore(Option<Arc<Scopes>>);
        impl Drop for Restore {
            fn drop(&mut self) {
                let _ = POLLED.try_with(|polled| polled.replace(self.0.take())); // At the thread's end nobody asks.
            }
        }
        let this = self.project();
        let before = POLLED.try_with(|polled| polled.replace(Some(this.scopes.clone())));
        let _restore = Restore(before.ok().flatten());
        this.work.poll(waker)
    }
}
