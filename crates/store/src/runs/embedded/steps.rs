//! Pages of steps, and single ones.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, params};
use trackway_model::{Choice, Json, Remark, RunPointer, StepAttribute, StepKey, Text};

use super::{
    pack::{unpack_choice, unpack_text, unpacked_bytes},
    placed::{self, Base},
    read::{children, count_annotations, empty},
    rows::{RunRow, STEP, StepRow, first_id, last_id, maybe_text, maybe_time, text},
    states::{read_changed, read_state},
};
use crate::{
    Error, Order, Page, PageRequest, Step, StepDetail, Stream,
    clock::Moment,
    runs::{
        place,
        rules::{changed, cut},
    },
};

/// A step with what a list shows of its values.
struct Row {
    step: StepRow,
    error: Option<Text>,
    inputs: Option<Json>,
    has_result: bool,
    choice: Option<Choice>,
}

pub(super) fn steps(
    connection: &Connection,
    run: &RunRow,
    order: Order,
    page: &PageRequest,
    moment: Moment,
) -> Result<Page<Step>, Error> {
    let after =
        place::read::<1>(page, place::STEPS)?.map(|[place]| i64::try_from(place).unwrap_or(i64::from(u32::MAX)));
    let after = after.map(|place| place.min(i64::from(u32::MAX)));
    let (first, last) = (first_id(run.id), last_id(run.id));
    let (low, high, direction) = match order {
        Order::Ascending => (after.map_or(first, |place| first + place + 1), last, "ASC"),
        Order::Descending => (first, after.map_or(last, |place| first + place - 1), "DESC"),
    };
    let limit = i64::try_from(page.limit.max(1)).unwrap_or(i64::MAX).saturating_add(1);
    let rows = rows(connection, (low, high), direction, limit)?;
    let found = show(connection, run, rows, moment)?;
    let place = |(id, step): (i64, Step)| ([(id - first) as u64], step);
    Ok(place::page(found.into_iter().map(place).collect(), page.limit, place::STEPS))
}

/// Returns the page of a run that is not there.
pub(super) fn no_steps(page: &PageRequest) -> Result<Page<Step>, Error> {
    place::read::<1>(page, place::STEPS).map(|_| empty())
}

fn rows(connection: &Connection, (low, high): (i64, i64), direction: &str, limit: i64) -> Result<Vec<Row>, Error> {
    let sql = format!(
        "SELECT {STEP}, result IS NOT NULL, CASE WHEN length(inputs) <= ?4 THEN inputs END, error, choice FROM steps \
         WHERE id BETWEEN ?1 AND ?2 ORDER BY id {direction} LIMIT ?3"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut found = Vec::new();
    let mut rows = statement.query(params![low, high, limit, 2 * Step::MOST_SHOWN_BYTES as i64])?;
    while let Some(row) = rows.next()? {
        let inputs: Option<Vec<u8>> = row.get(13)?;
        let shown = |packed: &Vec<u8>| unpacked_bytes(packed) <= Step::MOST_SHOWN_BYTES as u64;
        let inputs = inputs.filter(shown).map(|packed| unpack_text(&packed)).transpose()?;
        let error: Option<Vec<u8>> = row.get(14)?;
        let error = error.map(|packed| unpack_text(&packed)).transpose()?;
        found.push(Row {
            step: StepRow::read(row)?,
            has_result: row.get(12)?,
            inputs: inputs.map(|text| Json(text.into())),
            error: error.as_deref().map(cut),
            choice: row.get::<_, Option<Vec<u8>>>(15)?.map(|packed| unpack_choice(&packed)).transpose()?,
        });
    }
    Ok(found)
}

/// What stands beside the rows of a page of steps.
struct Beside {
    attributes: HashMap<i64, u64>,
    streams: HashMap<i64, Stream>,
    children: HashMap<i64, Vec<RunPointer>>,
    annotations: HashMap<StepKey, u64>,
    /// Whether there are states that no step made.
    has_placements: bool,
}

fn show(connection: &Connection, run: &RunRow, rows: Vec<Row>, moment: Moment) -> Result<Vec<(i64, Step)>, Error> {
    let ids = rows.iter().map(|row| row.step.id);
    let (Some(low), Some(high)) = (ids.clone().min(), ids.max()) else { return Ok(Vec::new()) };
    let numbers = rows.iter().map(|row| row.step.key.sequence);
    let numbers = (numbers.clone().min().unwrap_or_default(), numbers.max().unwrap_or_default());
    let mut pointers: HashMap<i64, Vec<RunPointer>> = HashMap::new();
    for child in children(connection, &run.key, Some(numbers))? {
        if let Some(sequence) = child.sequence {
            pointers.entry(sequence).or_default().push(child.run);
        }
    }
    let beside = Beside {
        attributes: count_attributes(connection, low, high)?,
        streams: streams(connection, low, high)?,
        children: pointers,
        annotations: count_annotations(connection, run, numbers)?,
        has_placements: placed::has_any(connection, run)?,
    };
    rows.into_iter().map(|row| Ok((row.step.id, shown(connection, run, row, &beside, moment)?))).collect()
}

fn shown(connection: &Connection, run: &RunRow, row: Row, beside: &Beside, moment: Moment) -> Result<Step, Error> {
    let Row { step, error, inputs, has_result, choice } = row;
    let is_last = step.id == run.step_id(run.steps - 1);
    let base = if beside.has_placements { placed::base(connection, run, step.id)? } else { None };
    let changed = match step.state.map(|number| first_id(run.id) + number) {
        None => Vec::new(),
        Some(state) => match &base {
            Some(base @ Base::Placed { .. }) => {
                changed(Some(&base.state(connection)?), &read_state(connection, state)?)
            }
            _ => read_changed(connection, state)?,
        },
    };
    let span = step.span.and_then(|(trace, span)| Some((trace.or(run.run_id)?, span)));
    Ok(Step {
        key: step.key,
        status: step.ending().of_step(is_last, run.news, moment),
        is_suspect: step.is_suspect(),
        has_state: step.state.is_some(),
        action: step.action,
        start: step.start,
        end: step.finish,
        inputs,
        error,
        has_result,
        changed,
        attribute_count: beside.attributes.get(&step.id).copied().unwrap_or_default(),
        stream: beside.streams.get(&step.id).copied(),
        children: beside.children.get(&step.key.sequence).cloned().unwrap_or_default(),
        annotation_count: beside.annotations.get(&step.key).copied().unwrap_or_default(),
        span,
        choice,
        is_edited: matches!(base, Some(Base::Placed { is_just_before: true, .. })),
    })
}

fn count_attributes(connection: &Connection, low: i64, high: i64) -> Result<HashMap<i64, u64>, Error> {
    let sql = "SELECT step, count(*) FROM attributes WHERE step BETWEEN ?1 AND ?2 GROUP BY step";
    let mut statement = connection.prepare_cached(sql)?;
    let counts = statement.query_map([low, high], |row| Ok((row.get(0)?, row.get::<_, i64>(1)? as u64)))?;
    Ok(counts.collect::<Result<_, _>>()?)
}

fn streams(connection: &Connection, low: i64, high: i64) -> Result<HashMap<i64, Stream>, Error> {
    let sql = "SELECT step, begin, first, finish, items FROM streams WHERE step BETWEEN ?1 AND ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let stream = |row: &rusqlite::Row<'_>| {
        let items: Option<i64> = row.get(4)?;
        let (begin, first_item, end) = (maybe_time(row, 1)?, maybe_time(row, 2)?, maybe_time(row, 3)?);
        Ok((row.get(0)?, Stream { begin, first_item, end, items: items.map(|items| items as u64) }))
    };
    Ok(statement.query_map([low, high], stream)?.collect::<Result<_, _>>()?)
}

pub(super) fn step(
    connection: &Connection,
    run: &RunRow,
    key: StepKey,
    moment: Moment,
) -> Result<Option<StepDetail>, Error> {
    let Some(found) = StepRow::find(connection, run.id, key)? else { return Ok(None) };
    let rows = rows(connection, (found.id, found.id), "ASC", 1)?;
    let Some((_, step)) = show(connection, run, rows, moment)?.pop() else { return Ok(None) };
    let sql = "SELECT inputs, result, error FROM steps WHERE id = ?1";
    let values: [Option<Vec<u8>>; 3] =
        connection.prepare_cached(sql)?.query_row([found.id], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?]))?;
    let [inputs, result, error] = values.map(|value| value.map(|packed| unpack_text(&packed)).transpose());
    let json = |text: Option<String>| text.map(|text| Json(text.into()));
    Ok(Some(StepDetail {
        step,
        inputs: json(inputs?),
        result: json(result?),
        error: error?.map(Into::into),
        attributes: attributes(connection, &found)?,
    }))
}

/// Returns what was chosen after a step.
pub(super) fn choice_of(connection: &Connection, id: i64) -> Result<Option<Choice>, Error> {
    let mut statement = connection.prepare_cached("SELECT choice FROM steps WHERE id = ?1")?;
    let packed: Option<Vec<u8>> = statement.query_row([id], |row| row.get(0)).optional()?.flatten();
    packed.map(|packed| unpack_choice(&packed)).transpose()
}

fn attributes(connection: &Connection, step: &StepRow) -> Result<Vec<StepAttribute>, Error> {
    let sql = "SELECT span, key, value, tags, time FROM attributes WHERE step = ?1 ORDER BY id";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([step.id])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let (value, tags): (Vec<u8>, Option<Vec<u8>>) = (row.get(2)?, row.get(3)?);
        let tags = tags.map(|tags| unpack_text(&tags)).transpose()?;
        found.push(StepAttribute {
            step: step.key,
            span: maybe_text(row, 0)?,
            key: text(row, 1)?,
            value: Json(unpack_text(&value)?.into()),
            tags: tags.map(|tags| Json(tags.into())),
            time: maybe_time(row, 4)?,
        });
    }
    Ok(found)
}

pub(super) fn remarks(
    connection: &Connection,
    run: Option<&RunRow>,
    page: &PageRequest,
) -> Result<Page<Remark>, Error> {
    let after = place::read::<1>(page, 'm')?.map_or(-1, |[place]| place.min(u64::from(u32::MAX)) as i64);
    let Some(run) = run else { return Ok(empty()) };
    let (first, last) = (first_id(run.id), last_id(run.id));
    let limit = i64::try_from(page.limit.max(1)).unwrap_or(i64::MAX).saturating_add(1);
    let sql = "SELECT id, place, what, text FROM remarks WHERE id BETWEEN ?1 AND ?2 ORDER BY id LIMIT ?3";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![first + after + 1, last, limit])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let packed: Vec<u8> = row.get(3)?;
        let remark = Remark { place: text(row, 1)?, what: text(row, 2)?, text: unpack_text(&packed)?.into() };
        found.push(([(row.get::<_, i64>(0)? - first) as u64], remark));
    }
    Ok(place::page(found, page.limit, 'm'))
}
