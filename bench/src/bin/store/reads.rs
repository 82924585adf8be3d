//! Looks for what was stored, and measures how long that takes.

use std::time::Duration;

use anyhow::{Result, ensure};

use crate::{
    load::Known,
    question::{Hour, PAGE, Question, RARE_USERS, WHOLE},
    random::Random,
    servers::{Running, Who},
};

/// How often each question is asked, with its files in the memory of the system and without.
const TRACES: [usize; 2] = [300, 40];
const HOURS: [usize; 2] = [40, 12];
const NEWEST: [usize; 2] = [50, 5];
/// Questions that look at everything, which a server may take seconds for.
const SCANS: [usize; 2] = [3, 1];

/// How long answers took.
#[derive(Default)]
pub(crate) struct Latencies {
    pub(crate) warm: Vec<Duration>,
    pub(crate) cold: Vec<Duration>,
    /// What was found in all.
    pub(crate) items: usize,
}

/// The answers of one server.
pub(crate) struct Reads {
    pub(crate) trace: Latencies,
    pub(crate) hour: Latencies,
    pub(crate) user: Latencies,
    pub(crate) text: Latencies,
    pub(crate) newest: Latencies,
}

impl Reads {
    /// Asks every question, and compares what is found with what was sent.
    pub(crate) fn measure(running: &Running, known: &Known) -> Result<Self> {
        let mut random = Random(3);
        let mut traces = || known.traces.get(random.below(known.traces.len())).copied();
        let some: Vec<_> = (0..TRACES.iter().sum()).filter_map(|_| traces()).collect();
        let trace = ask(running, TRACES, some.iter().map(|sent| (Question::Trace(sent.id), Some(sent.spans))))?;
        // Only Trackway's answers over time are traces by their start, as what is known of the load.
        let is_ours = running.who == Who::Trackway;
        let hours = known.hours.iter().map(|(hour, found)| (*hour, is_ours.then(|| found.len().min(PAGE))));
        let hours: Vec<(Hour, _)> =
            hours.filter(|(hour, _)| known.hours.get(hour).is_some_and(|it| !it.is_empty())).collect();
        let hour = ask(running, HOURS, hours.iter().cycle().map(|(hour, items)| (Question::Hour(*hour), *items)))?;
        let users = RARE_USERS.iter().map(|rank| {
            let traces = known.users.get(rank).copied().unwrap_or_default().min(WHOLE);
            (Question::User(*rank), (running.who != Who::Mira).then_some(traces))
        });
        let user = ask(running, SCANS, users)?;
        // Through the whole day.
        let marks = (0..).map(|number| 1 + number * known.marks / SCANS.iter().sum::<usize>() as u64);
        let text = ask(running, SCANS, marks.map(|mark| (Question::Text(mark), Some(1))))?;
        let newest = ask(running, NEWEST, std::iter::repeat((Question::Newest, Some(PAGE))))?;
        Ok(Self { trace, hour, user, text, newest })
    }
}

/// Asks so many questions warm, after one that does not count, and so many cold.
fn ask(
    running: &Running,
    [warm, cold]: [usize; 2],
    questions: impl Iterator<Item = (Question, Option<usize>)>,
) -> Result<Latencies> {
    let mut latencies = Latencies::default();
    for (number, (question, items)) in questions.take(warm + cold).enumerate() {
        let is_cold = number >= warm;
        if number == 0 {
            running.ask(&question)?;
        }
        if is_cold {
            running.forget()?;
        }
        let answer = running.ask(&question)?;
        let right = items.is_none_or(|items| items == answer.items);
        ensure!(right, "{}: {question:?} found {} of {items:?}", running.who.title(), answer.items);
        latencies.items += answer.items;
        if is_cold { latencies.cold.push(answer.took) } else { latencies.warm.push(answer.took) }
    }
    Ok(latencies)
}
