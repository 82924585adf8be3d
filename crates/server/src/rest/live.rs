//! News as server-sent events.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::State,
    response::{
        Sse,
        sse::{Event, KeepAlive},
    },
};
use futures_util::{Stream, StreamExt, stream};
use serde::{Deserialize, Serialize};
use tokio_stream::wrappers::{BroadcastStream, WatchStream, errors::BroadcastStreamRecvError};
use trackway_model::{RunKey, TraceId};
use trackway_wire::foreign;
use utoipa::{IntoParams, ToSchema};

use super::{
    param::{Params, trace_id},
    problem::Problem,
    run::RunSummary,
    span::TreeSpan,
    step::Step,
    summary::TraceSummary,
};
use crate::{
    App,
    live::{Change, DeletedWhat, News, SpanChange},
};

/// What there is to be told.
const KINDS: [&str; 5] = ["trace", "span", "run", "step", "stats"];

/// What to be told.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct LiveParams {
    /// Only traces of this project.
    project: Option<String>,
    /// Only this trace and its spans.
    trace_id: Option<String>,
    /// Only this run, by its 32 hexadecimal digits, with its steps and spans.
    run: Option<String>,
    /// `trace`, `span`, `run`, `step` and `stats`, separated by commas; all when absent. Steps come only with `run`.
    kinds: Option<String>,
}

/// What a watcher wants to be told.
struct Wish {
    project: Option<String>,
    trace: Option<TraceId>,
    run: Option<TraceId>,
    traces: bool,
    spans: bool,
    runs: bool,
    steps: bool,
    pulse: bool,
}

/// The events of the stream, by name.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LiveEvent {
    /// A trace is `new`, `updated`, `finished` (all its spans have ended and its root has come), `deleted` or `gone` (its
    /// spans were only announced, and then lost for long).
    Trace(LiveTrace),
    /// A span was announced (`new`), has ended (`finished`), was lost, or, lost for long, is shown no more (`gone`).
    Span(LiveSpan),
    /// A run is `new`, `updated` or `deleted`.
    Run(LiveRun),
    /// A step of the run that is watched is new or has changed.
    Step(LiveStep),
    /// Every two seconds: how much is going on.
    Stats(LiveStats),
    /// So many events were left out, because they came too fast: ask again for what is shown.
    Lagged(LiveLagged),
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LiveTrace {
    /// `new`, `updated`, `finished`, `deleted` or `gone`.
    change: &'static str,
    /// Null when a whole project was deleted.
    #[schema(required)]
    trace_id: Option<String>,
    /// Null when it was deleted or is gone.
    #[schema(required)]
    trace: Option<TraceSummary>,
    /// The project that was deleted whole.
    #[schema(required)]
    project: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LiveSpan {
    /// `new`, `finished`, `lost` or `gone`.
    change: &'static str,
    trace_id: String,
    span: TreeSpan,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LiveRun {
    /// `new`, `updated` or `deleted`.
    change: &'static str,
    run_id: String,
    project: String,
    app_id: String,
    #[schema(required)]
    partition_key: Option<String>,
    /// Null when it was deleted.
    #[schema(required)]
    run: Option<RunSummary>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LiveStep {
    run_id: String,
    step: Step,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LiveStats {
    spans_per_second: f64,
    /// Spans in the store.
    spans: u64,
    /// Everything that was refused or rejected since the start.
    dropped: u64,
    bytes_on_disk: u64,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LiveLagged {
    missed: u64,
}

/// Streams news until the client leaves: events `trace`, `span`, `run`, `step`, `stats` and `lagged`.
#[utoipa::path(get, path = "/api/v1/live", tag = "server", params(LiveParams),
    responses((status = 200, content_type = "text/event-stream", body = LiveEvent), (status = 400, body = Problem)))]
pub(crate) async fn live(
    State(app): State<Arc<App>>,
    Params(params): Params<LiveParams>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let wish = Wish::read(params)?;
    let stopped = WatchStream::new(app.stop.clone()).filter(|stop| std::future::ready(*stop)).into_future();
    let watched = wish.run.filter(|_| wish.steps).map(|run| app.live.watch_run(run));
    let news = BroadcastStream::new(app.live.watch()).filter_map(move |news| {
        let _watched = &watched; // until the client leaves
        let event = match news {
            Ok(news) => wish.event(&news),
            Err(BroadcastStreamRecvError::Lagged(missed)) => {
                app.counters.live_lagged.add(missed);
                Some(LiveEvent::Lagged(LiveLagged { missed }))
            }
        };
        std::future::ready(event.map(|event| Ok(write(&event))))
    });
    // The first bytes tell the browser that it is connected; a server that stops ends the stream.
    let hello =
        stream::once(std::future::ready(Ok(Event::default().comment("connected").retry(Duration::from_secs(1)))));
    let events = hello.chain(news).take_until(stopped);
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))))
}

impl Wish {
    fn read(params: LiveParams) -> Result<Self, Problem> {
        let kinds = params.kinds.unwrap_or_default();
        let wants = |kind| kinds.is_empty() || kinds.split(',').any(|wanted| wanted.trim() == kind);
        if let Some(unknown) = kinds.split(',').map(str::trim).find(|k| !k.is_empty() && !KINDS.contains(k)) {
            return Err(Problem::bad_request(format!(
                "kinds={unknown} is not known; use trace, span, run, step and stats."
            )));
        }
        let run = params.run.filter(|id| !id.is_empty()).map(|id| run_id(&id)).transpose()?;
        Ok(Self {
            project: params.project.filter(|name| !name.is_empty()),
            trace: params.trace_id.filter(|id| !id.is_empty()).map(|id| trace_id(&id)).transpose()?,
            run,
            traces: wants("trace"),
            spans: wants("span"),
            runs: wants("run"),
            steps: wants("step") && run.is_some(),
            pulse: wants("stats"),
        })
    }

    fn event(&self, news: &News) -> Option<LiveEvent> {
        match news {
            News::Trace { change, summary } => {
                let wanted = self.traces && self.is_of(summary.trace_id) && self.lists(&summary.project);
                wanted.then(|| {
                    LiveEvent::Trace(LiveTrace {
                        change: match change {
                            Change::New => "new",
                            Change::Updated => "updated",
                            Change::Finished => "finished",
                        },
                        trace_id: Some(summary.trace_id.to_string()),
                        trace: Some(TraceSummary::from(&**summary)),
                        project: None,
                    })
                })
            }
            News::Deleted { what } => self.traces.then(|| {
                let (trace_id, project) = match what {
                    DeletedWhat::Trace(id) => (Some(id.to_string()), None),
                    DeletedWhat::Project(name) => (None, Some(name.clone())),
                };
                LiveEvent::Trace(LiveTrace { change: "deleted", trace_id, trace: None, project })
            }),
            News::Gone(id) => {
                let trace_id = Some(id.to_string());
                (self.traces && self.is_of(*id)).then_some(LiveEvent::Trace(LiveTrace {
                    change: "gone",
                    trace_id,
                    trace: None,
                    project: None,
                }))
            }
            News::Span { change, span } => {
                let record = &span.record;
                let wanted = self.spans && self.is_of(record.trace_id) && self.lists(&record.project);
                wanted.then(|| {
                    LiveEvent::Span(LiveSpan {
                        change: match change {
                            SpanChange::Announced => "new",
                            SpanChange::Finished => "finished",
                            SpanChange::Lost => "lost",
                            SpanChange::Gone => "gone",
                        },
                        trace_id: record.trace_id.to_string(),
                        span: TreeSpan::of(span),
                    })
                })
            }
            News::Run { change, summary } => self.of_run(&summary.key, self.runs).map(|run_id| {
                let change = if *change == Change::New { "new" } else { "updated" };
                LiveEvent::Run(LiveRun {
                    run: Some(RunSummary::from(&**summary)),
                    ..LiveRun::of(&summary.key, run_id, change)
                })
            }),
            News::DeletedRun(run) => {
                let run_id = self.of_run(run, self.runs);
                run_id.map(|run_id| LiveEvent::Run(LiveRun::of(run, run_id, "deleted")))
            }
            News::Step { run, step } => self
                .of_run(run, self.steps)
                .map(|run_id| LiveEvent::Step(LiveStep { run_id: run_id.to_string(), step: Step::of(step, None) })),
            News::Pulse(pulse) => self.pulse.then_some(LiveEvent::Stats(LiveStats {
                spans_per_second: pulse.spans_per_second,
                spans: pulse.spans,
                dropped: pulse.dropped,
                bytes_on_disk: pulse.bytes_on_disk,
            })),
            News::Missed(missed) => Some(LiveEvent::Lagged(LiveLagged { missed: *missed })),
        }
    }

    fn is_of(&self, trace: TraceId) -> bool {
        self.trace.or(self.run).is_none_or(|wanted| wanted == trace)
    }

    /// The id of a run, if news of it are wanted.
    fn of_run(&self, run: &RunKey, are_wanted: bool) -> Option<TraceId> {
        let id = (are_wanted && self.lists(&run.project)).then(|| foreign::run_id(run))?;
        self.run.or(self.trace).is_none_or(|wanted| wanted == id).then_some(id)
    }

    fn lists(&self, project: &str) -> bool {
        self.project.as_deref().is_none_or(|wanted| wanted == project)
    }
}

impl LiveRun {
    fn of(run: &RunKey, run_id: TraceId, change: &'static str) -> Self {
        Self {
            change,
            run_id: run_id.to_string(),
            project: run.project.to_string(),
            app_id: run.app.to_string(),
            partition_key: run.partition.as_ref().map(ToString::to_string),
            run: None,
        }
    }
}

/// Reads the id of a run.
fn run_id(text: &str) -> Result<TraceId, Problem> {
    text.parse().map_err(|error| {
        Problem::bad_request(format!(
            "run={text} is not the id of a run, the 32 hexadecimal digits in its run_id: {error}."
        ))
    })
}

fn write(event: &LiveEvent) -> Event {
    let (name, data) = match event {
        LiveEvent::Trace(data) => ("trace", serde_json::to_string(data)),
        LiveEvent::Span(data) => ("span", serde_json::to_string(data)),
        LiveEvent::Run(data) => ("run", serde_json::to_string(data)),
        LiveEvent::Step(data) => ("step", serde_json::to_string(data)),
        LiveEvent::Stats(data) => ("stats", serde_json::to_string(data)),
        LiveEvent::Lagged(data) => ("lagged", serde_json::to_string(data)),
    };
    Event::default().event(name).data(data.unwrap_or_default()) // plain structs always serialize
}
