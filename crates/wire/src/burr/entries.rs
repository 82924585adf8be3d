//! The lines of a log.
//!
//! | type | what becomes of it |
//! |---|---|
//! | `begin_entry`, `end_entry` | the begin and the end of a step, and its span |
//! | `begin_span`, `end_span` | a span in a step |
//! | `attribute` | an attribute of a step, and of its span or a span in it |
//! | `begin_stream`, `first_item_stream`, `end_stream` | a moment of a stream |
//! | any other | a remark |

use serde::de::IgnoredAny;
use trackway_model::{
    Json, RunFact, StepAttribute, StepBegin, StepEnd, StepKey, StreamEvent, StreamMoment, Text, Timestamp,
};

use super::{
    fields::{self, Fields},
    follower::Follower,
    step::{BeginSpan, Phase, Place, Step},
    time::Moment,
    value::value,
};

impl Follower {
    /// Reads a line of the log.
    ///
    /// # Errors
    /// Why it is of no use, as a sentence.
    pub(super) fn entry(&mut self, place: &dyn Fn() -> Text, fields: &mut Fields<'_>) -> Result<(), String> {
        let kind = fields.text("type").ok_or("it has no type")?;
        match &*kind {
            "begin_entry" => self.begin_entry(fields)?,
            "end_entry" => self.end_entry(fields)?,
            "begin_span" => self.begin_span(fields)?,
            "end_span" => self.end_span(fields)?,
            "attribute" => self.attribute(fields)?,
            "begin_stream" => self.stream(fields, "stream_init_time", |_| StreamMoment::Begin)?,
            "first_item_stream" => self.stream(fields, "first_item_time", |_| StreamMoment::FirstItem)?,
            "end_stream" => self.stream(fields, "end_time", end_of_stream)?,
            other => return Err(format!("lines of the type {other:?} are unknown here")),
        }
        self.unknown(place, &kind, fields);
        Ok(())
    }

    fn begin_entry(&mut self, fields: &mut Fields<'_>) -> Result<(), String> {
        let sequence = fields.integer("sequence_id").ok_or("it has no sequence_id")?;
        let action = fields.text("action").unwrap_or_default();
        let moment = moment(fields, "start_time");
        let inputs = fields.json("inputs");
        let adopted = self.latest(sequence, |step| is_begun_by(step, &action, moment)).map(|step| step.key);
        let key = adopted.unwrap_or_else(|| self.another(sequence));
        self.see(key, moment);
        let time = self.time(moment);
        let trace = self.origin.trace;
        let Some(step) = self.step(key) else { return Ok(()) };
        step.begin(&action, moment);
        let begin = StepBegin { step: key, action, time, inputs, span: Some((trace, step.span_id())) };
        step.begin = Some((begin.clone(), moment));
        self.tell(RunFact::Begin(begin));
        Ok(())
    }

    fn end_entry(&mut self, fields: &mut Fields<'_>) -> Result<(), String> {
        let sequence = fields.integer("sequence_id").ok_or("it has no sequence_id")?;
        let action = fields.text("action").unwrap_or_default();
        let moment = moment(fields, "end_time");
        let (result, error, state) = (fields.json("result"), fields.text("exception"), fields.json("state"));
        let is_it = |step: &Step| match step.phase {
            Phase::Open => step.action.as_ref() == Some(&action),
            Phase::Implied => true,
            Phase::EndedUnbegun(_) | Phase::Done => false,
        };
        let open = self.latest(sequence, is_it).map(|step| step.key);
        let key = open.unwrap_or_else(|| self.another(sequence));
        self.see(key, moment);
        let time = self.time(moment);
        self.clock.tell(moment);
        if let Some(step) = self.step(key) {
            step.end(&action, moment, error.as_deref());
            if let Some((_, begun)) = step.begin.take() {
                self.clock.tell(begun);
            }
        }
        let is_suspect = result.is_none() && error.is_none() && is_of_before(state.as_ref(), &action);
        self.tell(RunFact::End(StepEnd { step: key, action, time, result, error, state, is_suspect, choice: None }));
        Ok(())
    }

    fn begin_span(&mut self, fields: &mut Fields<'_>) -> Result<(), String> {
        let (sequence, id) = span(fields)?;
        let id = id.ok_or("it has no span_id")?;
        let start = moment(fields, "start_time");
        let name = fields.text("span_name").unwrap_or_else(|| id.clone());
        let parent = fields.text("parent_span_id");
        let dependencies = fields.some("span_dependencies").filter(|list| *list != "[]").map(value);
        let key = self.attempt(sequence).ok_or("its step is over long since")?;
        self.see(key, start);
        self.begin_span_in(key, BeginSpan { id, name, parent, dependencies, start });
        Ok(())
    }

    fn end_span(&mut self, fields: &mut Fields<'_>) -> Result<(), String> {
        let (sequence, id) = span(fields)?;
        let id = id.ok_or("it has no span_id")?;
        let end = moment(fields, "end_time");
        let open = self.latest(sequence, |step| step.open(&id).is_some()).map(|step| step.key);
        if let Some(key) = open {
            self.see(key, end);
            let step = self.step(key);
            if let Some((step, place)) = step.and_then(|step| step.open(&id).map(|place| (step, place))) {
                step.finish(place, end);
            }
            return Ok(());
        }
        let key = self.attempt(sequence).ok_or("its step is over long since")?;
        self.see(key, end);
        let Some(step) = self.step(key) else { return Ok(()) };
        if step.last(&id).is_some() {
            return Err(format!("the span {id} has ended before"));
        }
        // The step itself, most likely, which ends with a line of its own.
        let answer = if step.is_own(&id) { Ok(()) } else { Err(format!("no span {id} has begun")) };
        step.end_early(id, end);
        answer
    }

    fn attribute(&mut self, fields: &mut Fields<'_>) -> Result<(), String> {
        let (sequence, id) = span(fields)?;
        let key = fields.text("key").ok_or("it has no key")?;
        let moment = moment(fields, "time_logged");
        let json = fields.take("value").unwrap_or("null");
        let tags = fields.some("tags").filter(|tags| *tags != "{}").map(|tags| Json(tags.into()));
        let step = self.attempt_of(sequence, id.as_ref());
        self.see(step, moment);
        let time = self.time(moment);
        if let Some(step) = self.step(step) {
            let place = match &id {
                Some(id) => step.open(id).or_else(|| step.last(id)),
                None => Some(Place::Own),
            };
            match (place, &id) {
                (Some(place), _) => step.add(place, &key, value(json)),
                (None, Some(id)) => step.attribute_early(id, &key, value(json)),
                (None, None) => {}
            }
        }
        let value = Json(json.into());
        self.tell(RunFact::Attribute(StepAttribute { step, span: id, key, value, tags, time }));
        Ok(())
    }

    fn stream(
        &mut self,
        fields: &mut Fields<'_>,
        at: &str,
        what: impl Fn(&mut Fields<'_>) -> StreamMoment,
    ) -> Result<(), String> {
        let (sequence, _) = span(fields)?;
        let moment = moment(fields, at);
        let step = self.attempt_of(sequence, None);
        self.see(step, moment);
        let time = self.time(moment);
        let moment = what(fields);
        self.tell(RunFact::Stream(StreamEvent { step, moment, time }));
        Ok(())
    }

    fn time(&self, moment: Option<Moment>) -> Option<Timestamp> {
        moment.and_then(|moment| self.clock.at(moment))
    }

    /// Finds the attempt that is under way, else the latest, else makes one; `None` when that was let go of.
    fn attempt(&mut self, sequence: i64) -> Option<StepKey> {
        let is_under_way = |step: &Step| matches!(step.phase, Phase::Open | Phase::Implied);
        if let Some(step) = self.latest(sequence, is_under_way) {
            return Some(step.key);
        }
        if let Some(step) = self.latest(sequence, |_| true) {
            return Some(step.key);
        }
        self.attempts.latest(sequence).is_none().then(|| self.another(sequence))
    }

    /// Finds the attempt that something is said of, be it long over.
    fn attempt_of(&mut self, sequence: i64, id: Option<&Text>) -> StepKey {
        if let Some(id) = id {
            if let Some(step) = self.latest(sequence, |step| step.open(id).is_some()) {
                return step.key;
            }
            if let Some(step) = self.latest(sequence, |step| step.last(id).is_some()) {
                return step.key;
            }
        }
        let attempt = self.attempts.latest(sequence).unwrap_or_default();
        self.attempt(sequence).unwrap_or(StepKey { sequence, attempt })
    }
}

/// Returns whether a step whose begin did not come is the one that now begins.
fn is_begun_by(step: &Step, action: &Text, start: Option<Moment>) -> bool {
    match step.phase {
        Phase::Implied => true,
        Phase::EndedUnbegun(end) => {
            let is_before = match (start, end) {
                (Some(Moment::Local(start)), Some(Moment::Local(end))) => start <= end,
                (Some(Moment::Point(start)), Some(Moment::Point(end))) => start <= end,
                _ => false,
            };
            is_before && step.action.as_ref() == Some(action)
        }
        Phase::Open | Phase::Done => false,
    }
}

/// Takes how many items there were.
fn end_of_stream(fields: &mut Fields<'_>) -> StreamMoment {
    let items = fields.integer("items_streamed").and_then(|items| u64::try_from(items).ok());
    StreamMoment::End { items: items.unwrap_or_default() }
}

/// Takes the step and the span that a line is about; the span's id tells the step too.
fn span(fields: &mut Fields<'_>) -> Result<(i64, Option<Text>), String> {
    let id = fields.text("span_id");
    let of_id = || id.as_deref()?.split_once(':')?.0.parse().ok();
    let sequence = fields.integer("action_sequence_id").or_else(of_id).ok_or("it has no action_sequence_id")?;
    Ok((sequence, id))
}

/// Takes a time.
fn moment(fields: &mut Fields<'_>, name: &str) -> Option<Moment> {
    fields.some(name).and_then(|time| Moment::read(&fields::text(time)))
}

/// Returns whether a state is that of before the step: the step that it says came last is another one.
pub(super) fn is_of_before(state: Option<&Json>, action: &str) -> bool {
    let prior = state.and_then(|state| Fields::read(&state.0).ok()?.text("__PRIOR_STEP"));
    prior.as_deref() != Some(action)
}

/// Returns whether a text is JSON.
pub(super) fn is_json(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}
