//! The lines of facts.

use serde::{Deserialize, Serialize};
use trackway_model::{
    AppRecord, ChildEvent, ChildRecord, Remark, RunFact, RunPointer, StateRecord, StepAttribute, StepBegin, StepEnd,
    StepKey, StreamEvent, StreamMoment,
};

use super::{
    choice::{self, Tried},
    field::{Raw, SpanName, Time, Words, line, read},
    graph::Graph,
};

/// Writes a fact.
pub(super) fn encode(fact: &RunFact) -> String {
    match fact {
        RunFact::App(app) => line("app", &App::of(app)),
        RunFact::Begin(begin) => line("begin", &Begin::of(begin)),
        RunFact::End(end) => line("end", &End::of(end)),
        RunFact::Attribute(attribute) => line("attribute", &Attribute::of(attribute)),
        RunFact::Stream(event) => line("stream", &Stream::of(event)),
        RunFact::State(state) => line("state", &Placed::of(state)),
        RunFact::Child(child) => line("child", &Child::of(child)),
        RunFact::Remark(Remark { place, what, text }) => {
            let [place, what, text] = [place, what, text].map(|text| Words::Borrowed(&**text));
            line("remark", &Said { place, what, text })
        }
    }
}

/// Reads what a run is.
pub(super) fn app(line: &[u8]) -> Result<RunFact, String> {
    let App { graph, parent, spawned_by, created } = read(line)?;
    Ok(RunFact::App(AppRecord {
        graph: graph.map(Graph::graph),
        parent: parent.map(Pointer::pointer),
        spawned_by: spawned_by.map(Pointer::pointer),
        created: created.map(|time| time.0),
    }))
}

/// Reads the begin of a step, and where it runs.
pub(super) fn begin(line: &[u8]) -> Result<(StepBegin, Option<SpanName>), String> {
    let Begin { sequence, attempt, action, time, inputs, span } = read(line)?;
    let begin = StepBegin {
        step: StepKey { sequence, attempt },
        action: action.into_owned().into(),
        time: time.map(|time| time.0),
        inputs: inputs.map(Raw::json),
        span: span.map(|span| (span.trace_id.0, span.span_id.0)),
    };
    Ok((begin, span))
}

/// What a line tells of a step that ended.
pub(super) struct Ended {
    pub(super) end: StepEnd,
    /// When it began, which is told again where nobody else tells its span.
    pub(super) begun: Option<Time>,
    pub(super) span: Option<SpanName>,
    /// What became of the state that was told before, where it is not told whole.
    pub(super) delta: Option<Raw>,
}

/// Reads the end of a step.
pub(super) fn end(line: &[u8]) -> Result<Ended, String> {
    let End { sequence, attempt, action, time, result, error, state, delta, suspect, next, tried, begun, span } =
        read(line)?;
    if state.is_some() && delta.is_some() {
        return Err("it tells the state after the step twice, whole and as a delta".into());
    }
    let end = StepEnd {
        step: StepKey { sequence, attempt },
        action: action.into_owned().into(),
        time: time.map(|time| time.0),
        result: result.map(Raw::json),
        error: error.map(|error| error.into_owned().into()),
        state: state.map(Raw::json),
        is_suspect: suspect,
        choice: choice::choice(next, tried),
    };
    Ok(Ended { end, begun, span, delta })
}

/// Reads that the state was set by something other than a step.
pub(super) fn state(line: &[u8]) -> Result<RunFact, String> {
    let Placed { after, next, state, time } = read(line)?;
    Ok(RunFact::State(StateRecord {
        after: after.map(|Step { sequence, attempt }| StepKey { sequence, attempt }),
        next: next.map(|next| next.into_owned().into()),
        state: state.json(),
        time: time.map(|time| time.0),
    }))
}

/// Reads what is said of a step.
pub(super) fn attribute(line: &[u8]) -> Result<RunFact, String> {
    let Attribute { sequence, attempt, span, key, value, tags, time } = read(line)?;
    Ok(RunFact::Attribute(StepAttribute {
        step: StepKey { sequence, attempt },
        span: span.map(|span| span.into_owned().into()),
        key: key.into_owned().into(),
        value: value.json(),
        tags: tags.map(Raw::json),
        time: time.map(|time| time.0),
    }))
}

/// Reads a moment of a stream.
pub(super) fn stream(line: &[u8]) -> Result<RunFact, String> {
    let Stream { sequence, attempt, moment, items, time } = read(line)?;
    let moment = match moment {
        Moment::Begin => StreamMoment::Begin,
        Moment::FirstItem => StreamMoment::FirstItem,
        Moment::End => StreamMoment::End { items: items.unwrap_or_default() },
    };
    let step = StepKey { sequence, attempt };
    Ok(RunFact::Stream(StreamEvent { step, moment, time: time.map(|time| time.0) }))
}

/// Reads that a run has brought forth another.
pub(super) fn child(line: &[u8]) -> Result<RunFact, String> {
    let Child { sequence, child, event, time } = read(line)?;
    let event = match event {
        Event::Fork => ChildEvent::Fork,
        Event::Spawn => ChildEvent::Spawn,
    };
    Ok(RunFact::Child(ChildRecord { sequence, child: child.pointer(), event, time: time.map(|time| time.0) }))
}

/// Reads what could not be used.
pub(super) fn remark(line: &[u8]) -> Result<RunFact, String> {
    let Said { place, what, text } = read(line)?;
    let [place, what, text] = [place, what, text].map(|words| words.into_owned().into());
    Ok(RunFact::Remark(Remark { place, what, text }))
}

#[derive(Serialize, Deserialize)]
struct App<'a> {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    graph: Option<Graph<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    parent: Option<Pointer<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    spawned_by: Option<Pointer<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    created: Option<Time>,
}

#[derive(Serialize, Deserialize)]
struct Pointer<'a> {
    app: Words<'a>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    partition: Option<Words<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sequence: Option<i64>,
}

#[derive(Serialize, Deserialize)]
struct Begin<'a> {
    sequence: i64,
    #[serde(default)]
    attempt: u32,
    action: Words<'a>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    time: Option<Time>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    inputs: Option<Raw>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    span: Option<SpanName>,
}

#[derive(Serialize, Deserialize)]
struct End<'a> {
    sequence: i64,
    #[serde(default)]
    attempt: u32,
    action: Words<'a>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    time: Option<Time>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    result: Option<Raw>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<Words<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    state: Option<Raw>,
    #[serde(default, skip_serializing)]
    delta: Option<Raw>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    suspect: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next: Option<Words<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tried: Option<Vec<Tried<'a>>>,
    #[serde(default, skip_serializing)]
    begun: Option<Time>,
    #[serde(default, skip_serializing)]
    span: Option<SpanName>,
}

#[derive(Serialize, Deserialize)]
struct Step {
    sequence: i64,
    #[serde(default)]
    attempt: u32,
}

#[derive(Serialize, Deserialize)]
struct Placed<'a> {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<Step>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next: Option<Words<'a>>,
    state: Raw,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    time: Option<Time>,
}

#[derive(Serialize, Deserialize)]
struct Attribute<'a> {
    sequence: i64,
    #[serde(default)]
    attempt: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    span: Option<Words<'a>>,
    key: Words<'a>,
    value: Raw,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tags: Option<Raw>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    time: Option<Time>,
}

#[derive(Serialize, Deserialize)]
struct Stream {
    sequence: i64,
    #[serde(default)]
    attempt: u32,
    moment: Moment,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    items: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    time: Option<Time>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Moment {
    Begin,
    FirstItem,
    End,
}

#[derive(Serialize, Deserialize)]
struct Child<'a> {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sequence: Option<i64>,
    child: Pointer<'a>,
    event: Event,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    time: Option<Time>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Event {
    Fork,
    Spawn,
}

#[derive(Serialize, Deserialize)]
struct Said<'a> {
    place: Words<'a>,
    what: Words<'a>,
    text: Words<'a>,
}

impl<'a> App<'a> {
    fn of(app: &'a AppRecord) -> Self {
        Self {
            graph: app.graph.as_ref().map(Graph::of),
            parent: app.parent.as_ref().map(Pointer::of),
            spawned_by: app.spawned_by.as_ref().map(Pointer::of),
            created: app.created.map(Time),
        }
    }
}

impl<'a> Pointer<'a> {
    fn of(RunPointer { app, partition, sequence }: &'a RunPointer) -> Self {
        Self { app: (&**app).into(), partition: partition.as_deref().map(Into::into), sequence: *sequence }
    }

    fn pointer(self) -> RunPointer {
        let partition = self.partition.map(|partition| partition.into_owned().into());
        RunPointer { app: self.app.into_owned().into(), partition, sequence: self.sequence }
    }
}

impl<'a> Begin<'a> {
    fn of(begin: &'a StepBegin) -> Self {
        Self {
            sequence: begin.step.sequence,
            attempt: begin.step.attempt,
            action: (&*begin.action).into(),
            time: begin.time.map(Time),
            inputs: begin.inputs.as_ref().map(Raw::of),
            span: begin.span.map(SpanName::of),
        }
    }
}

impl<'a> End<'a> {
    fn of(end: &'a StepEnd) -> Self {
        Self {
            sequence: end.step.sequence,
            attempt: end.step.attempt,
            action: (&*end.action).into(),
            time: end.time.map(Time),
            result: end.result.as_ref().map(Raw::of),
            error: end.error.as_deref().map(Into::into),
            state: end.state.as_ref().map(Raw::of),
            delta: None,
            suspect: end.is_suspect,
            next: end.choice.as_ref().and_then(|choice| choice.next.as_deref()).map(Into::into),
            tried: end.choice.as_ref().map(|choice| choice.tried.iter().map(Tried::of).collect()),
            begun: None,
            span: None,
        }
    }
}

impl<'a> Placed<'a> {
    fn of(record: &'a StateRecord) -> Self {
        Self {
            after: record.after.map(|StepKey { sequence, attempt }| Step { sequence, attempt }),
            next: record.next.as_deref().map(Into::into),
            state: Raw::of(&record.state),
            time: record.time.map(Time),
        }
    }
}

impl<'a> Attribute<'a> {
    fn of(attribute: &'a StepAttribute) -> Self {
        Self {
            sequence: attribute.step.sequence,
            attempt: attribute.step.attempt,
            span: attribute.span.as_deref().map(Into::into),
            key: (&*attribute.key).into(),
            value: Raw::of(&attribute.value),
            tags: attribute.tags.as_ref().map(Raw::of),
            time: attribute.time.map(Time),
        }
    }
}

impl Stream {
    fn of(StreamEvent { step, moment, time }: &StreamEvent) -> Self {
        let (moment, items) = match moment {
            StreamMoment::Begin => (Moment::Begin, None),
            StreamMoment::FirstItem => (Moment::FirstItem, None),
            StreamMoment::End { items } => (Moment::End, Some(*items)),
        };
        Self { sequence: step.sequence, attempt: step.attempt, moment, items, time: time.map(Time) }
    }
}

impl<'a> Child<'a> {
    fn of(ChildRecord { sequence, child, event, time }: &'a ChildRecord) -> Self {
        let event = match event {
            ChildEvent::Fork => Event::Fork,
            ChildEvent::Spawn => Event::Spawn,
        };
        Self { sequence: *sequence, child: Pointer::of(child), event, time: time.map(Time) }
    }
}
