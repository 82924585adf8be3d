//! What the tests of `#[trace]` share.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use futures_core::Stream;
use trackway::testing::Spans;

/// Waits for a future by asking again and again.
pub(crate) fn wait<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return output;
        }
    }
}

/// Takes everything out of a stream.
pub(crate) fn drain<S: Stream>(stream: S) -> Vec<S::Item> {
    let mut stream = pin!(stream);
    let mut items = Vec::new();
    loop {
        match stream.as_mut().poll_next(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Some(item)) => items.push(item),
            Poll::Ready(None) => return items,
            Poll::Pending => {}
        }
    }
}

/// Is pending once.
pub(crate) async fn pause() {
    let mut asked = false;
    std::future::poll_fn(|_| if std::mem::replace(&mut asked, true) { Poll::Ready(()) } else { Poll::Pending }).await;
}

/// A stream of two numbers.
#[derive(Debug, Default)]
pub(crate) struct Two(u8);

impl Stream for Two {
    type Item = u8;

    fn poll_next(mut self: std::pin::Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<u8>> {
        if self.0 == 2 {
            return Poll::Ready(None);
        }
        self.0 += 1;
        Poll::Ready(Some(self.0))
    }
}

/// Runs the work, and returns the spans that it made.
pub(crate) fn spans(work: impl FnOnce()) -> Spans {
    let (tracer, spans) = trackway::testing::tracer();
    let scope = tracer.activate();
    work();
    drop(scope);
    spans
}

/// Runs the work, and draws the spans that it made.
pub(crate) fn tree(work: impl FnOnce()) -> String {
    spans(work).tree()
}
