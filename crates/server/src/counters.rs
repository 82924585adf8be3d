//! What the server counts about itself; every bound has a counter here or in the store.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A number that only grows.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn add(&self, more: u64) {
        self.0.fetch_add(more, Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

macro_rules! counters {
    ($($field:ident $name:literal $unit:literal $help:literal)*) => {
        /// Every counter of the server.
        #[derive(Debug, Default)]
        pub(crate) struct Counters {
            $(#[doc = $help] pub(crate) $field: Count,)*
        }

        impl Counters {
            /// Returns every counter as name, value, unit and meaning.
            pub(crate) fn list(&self) -> Vec<trackway_store::Counter> {
                vec![$(trackway_store::Counter { name: $name, value: self.$field.get(), unit: $unit, help: $help },)*]
            }
        }
    };
}

counters! {
    requests "ingest.requests" "requests" "Requests that came in through any ingest door."
    bytes "ingest.bytes" "bytes" "Bytes of request bodies, after they were uncompressed."
    spans_accepted "ingest.spans_accepted" "spans" "Spans that were acknowledged as stored, those that were there already included."
    spans_announced "ingest.spans_announced" "spans" "Announcements of running spans that came, each span again while it runs."
    log_events "ingest.log_events" "log records" "Log records taken as events of their span; those whose span has not come wait for it (store.events_waiting)."
    logs_ignored "ingest.logs_ignored" "log records" "Log records outside any span; Trackway keeps traces only."
    metrics_ignored "ingest.metrics_ignored" "metrics" "Metrics; Trackway keeps traces only."
    spans_rejected "ingest.spans_rejected" "spans" "Spans that could not be read; the sender was told which and why."
    items_rejected "ingest.items_rejected" "items" "Spans and traces of an agents SDK that could not be read; the sender was told which and why."
    facts_accepted "ingest.facts_accepted" "facts" "Facts of runs that were acknowledged as stored, those that were there already included."
    lines_rejected "ingest.lines_rejected" "lines" "Lines of runs that could not be read; the sender was told which and why."
    secrets_masked "ingest.secrets_masked" "secrets" "Keys, tokens and passwords that were masked before anything was written (mask-secrets)."
    logs_rejected "ingest.logs_rejected" "log records" "Log records that could not be read; the sender was told which and why."
    refused_malformed "ingest.refused_malformed" "requests" "Requests refused because their body is not what they claim."
    refused_too_large "ingest.refused_too_large" "requests" "Requests refused because their body is over the size limit, compressed or not."
    refused_unsupported "ingest.refused_unsupported" "requests" "Requests refused for a content type or compression that is not known."
    refused_busy "ingest.refused_busy" "requests" "Requests told to come again later: too much was under way, or the store was full (store.refused_... tells why)."
    refused_failed "ingest.refused_failed" "requests" "Requests told to come again later because of a failure here, as of the disk."
    refused_slow "ingest.refused_slow" "requests" "Requests given up because their body came too slowly."
    refused_host "guard.refused_host" "requests" "Requests refused because their Host is not this server."
    refused_origin "guard.refused_origin" "requests" "Requests refused because a page of another origin sent them."
    connections_refused "guard.connections_refused" "connections" "Connections closed at once because too many were open."
    watch_events "watch.events" "events" "Events of watched directories that the system told of."
    watch_overflows "watch.overflows" "times" "Times that more happened in a watched directory than could be told, and all of it was looked through."
    watch_reads "watch.reads" "readings" "Readings of applications in watched directories; none while nobody writes."
    watch_bytes "watch.bytes" "bytes" "Bytes of logs that were read in watched directories."
    watch_failed "watch.failed" "readings" "Readings of watched directories that failed and are tried again."
    watch_links "watch.links" "links" "Symbolic links in watched directories that were passed by, each again when its folder is looked through."
    watch_annotations_unread "watch.annotations_unread" "annotations" "Lines of annotations in watched directories that could not be read, each again when its file changes."
    live_lagged "live.lagged" "events" "Live events that a browser was too slow to take, or that came too fast to send."
}

impl Counters {
    /// Returns how many records and requests were lost to their sender or had to be sent again.
    pub(crate) fn dropped(&self) -> u64 {
        let lost = [
            &self.spans_rejected,
            &self.items_rejected,
            &self.lines_rejected,
            &self.logs_rejected,
            &self.refused_malformed,
            &self.refused_too_large,
            &self.refused_unsupported,
            &self.refused_busy,
            &self.refused_failed,
            &self.refused_slow,
        ];
        lost.into_iter().map(Count::get).sum()
    }
}
