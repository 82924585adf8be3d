//! What every exporter that speaks HTTP does alike: its settings, its connections, and how it takes an answer.
//!
//! No redirects are followed, and the environment's proxy is asked for other machines only.

mod answer;
mod notice;
mod settings;

use std::{
    cell::RefCell,
    io::Read,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use ureq::{
    Agent,
    http::{HeaderMap, response::Parts},
};

pub(crate) use self::{
    answer::{clean, refusal, words},
    notice::Notice,
    settings::{Setting, Settings, Target},
};
use super::Failure;

/// The connections of one exporter, on whichever thread it works.
pub(crate) struct Client {
    id: u64,
}

/// What a server said: 64 KiB of it at most.
pub(crate) struct Answer {
    pub(crate) head: Parts,
    pub(crate) body: Vec<u8>,
}

impl Client {
    /// Returns a client without connections; whoever changes where to send or how long to wait takes a new one.
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self { id: NEXT.fetch_add(1, Ordering::Relaxed) }
    }

    /// Sends a body and returns the answer, whatever its status.
    pub(crate) fn post(
        &self,
        target: &Target,
        timeout: Duration,
        headers: HeaderMap,
        body: &[u8],
    ) -> Result<Answer, Failure> {
        let mut post = self.agent(target, timeout).post(target.uri.clone());
        if let Some(slot) = post.headers_mut() {
            *slot = headers;
        }
        let answer = post.send(body).map_err(|error| answer::failure(target, timeout, error))?;
        let (head, mut stream) = answer.into_parts();
        let mut body = Vec::new();
        // What came before an error is still worth reading; the status alone decides.
        let _ = stream.as_reader().take(answer::LONGEST).read_to_end(&mut body); // See above.
        Ok(Answer { head, body })
    }

    /// Returns the client of this exporter on this thread, so that no lock is left held in a forked child.
    fn agent(&self, target: &Target, timeout: Duration) -> Agent {
        thread_local! {
            static AGENT: RefCell<Option<(u64, Agent)>> = const { RefCell::new(None) };
        }
        let agent = AGENT.try_with(|slot| {
            let mut slot = slot.borrow_mut();
            match &*slot {
                Some((id, agent)) if *id == self.id => agent.clone(),
                _ => slot.insert((self.id, new_agent(target, timeout))).1.clone(),
            }
        });
        agent.unwrap_or_else(|_| new_agent(target, timeout)) // The thread is ending.
    }
}

fn new_agent(target: &Target, timeout: Duration) -> Agent {
    let mut config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .user_agent(concat!("trackway/", env!("CARGO_PKG_VERSION")))
        .accept_encoding("")
        .timeout_global(Some(timeout))
        .max_response_header_size(16 << 10)
        .input_buffer_size(16 << 10)
        .output_buffer_size(64 << 10);
    if target.is_loopback {
        config = config.proxy(None);
    }
    config.build().into()
}
