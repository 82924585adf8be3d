//! What the catalog knows of traces beside the spans in segments.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Row, params};
use sha2::{Digest, Sha256};
use trackway_model::{SpanId, Text, Timestamp, TraceId, TraceRecord};

use super::{
    LateEvent, body,
    schema::{put_time, take_time},
};
use crate::{Error, cursor::TracePlace, engine::Gathered, query::MOST_FOUND};

/// An event that came apart from its span, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Late {
    /// Its number, for whoever folds it into its span's row.
    pub(crate) id: i64,
    /// The event.
    pub(crate) event: LateEvent,
}

/// What a client told last of a whole trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    /// When it told so.
    pub(crate) arrival: Timestamp,
    /// What it told.
    pub(crate) record: Arc<TraceRecord>,
}

/// Asks the catalog over one state of it.
#[derive(Clone, Copy)]
pub(crate) struct Lookups<'a>(pub(super) &'a Connection);

impl Lookups<'_> {
    /// Adds what is known of a trace to what was gathered of it. What was gathered came later: the same told again keeps
    /// the arrival of the first time.
    pub(crate) fn gather(&self, id: TraceId, into: &mut Gathered) -> Result<(), Error> {
        for late in self.late(id)? {
            into.late.push((late.event.sequence, late.event.arrival, late.event.event));
        }
        if let Some(told) = self.told(id)?
            && into.told.as_ref().is_none_or(|(_, later)| *later == told.record)
        {
            into.told = Some((told.arrival, told.record));
        }
        into.news = into.news.max(self.news(id)?.unwrap_or_default());
        Ok(())
    }

    /// Returns what a client told last of a trace.
    pub(crate) fn told(&self, id: TraceId) -> Result<Option<Told>, Error> {
        let mut statement = self.0.prepare_cached("SELECT arrival, body FROM told WHERE trace = ?1")?;
        let found: Option<(i64, String)> =
            statement.query_row([id.bytes()], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        found.map(|(arrival, body)| told(id, arrival, &body)).transpose()
    }

    /// Returns the project under which a client listed a trace as a whole.
    pub(crate) fn told_project(&self, id: TraceId) -> Result<Option<Text>, Error> {
        let mut statement = self.0.prepare_cached("SELECT project FROM told WHERE trace = ?1")?;
        let project: Option<String> = statement.query_row([id.bytes()], |row| row.get(0)).optional()?;
        Ok(project.map(Text::from))
    }

    /// Returns traces that clients told of and that have no span in any segment, from the one told of last, as far as
    /// they lie before a place of the list; of one project or of all.
    pub(crate) fn told_alone(
        &self,
        before: Option<TracePlace>,
        project: Option<&str>,
        most: usize,
    ) -> Result<Vec<Told>, Error> {
        let (time, id) = before.map_or((i64::MAX, None), |(time, id)| (put_time(time), Some(id)));
        let sql = "SELECT arrival, body, trace FROM told WHERE is_alone AND (?3 IS NULL OR project = ?3) \
                   AND (arrival < ?1 OR (arrival = ?1 AND (?2 IS NULL OR trace < ?2))) \
                   ORDER BY arrival DESC, trace DESC LIMIT ?4";
        let mut statement = self.0.prepare_cached(sql)?;
        let rows = statement.query_map(params![time, id, project, most as i64], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, [u8; 16]>(2)?))
        })?;
        let mut found = Vec::new();
        for row in rows {
            let (arrival, body, id) = row?;
            if let Some(id) = TraceId::new(id) {
                found.push(told(id, arrival, &body)?);
            }
        }
        Ok(found)
    }

    /// Returns true when a client told of some trace.
    pub(crate) fn has_told(&self) -> Result<bool, Error> {
        let mut statement = self.0.prepare_cached("SELECT EXISTS (SELECT 1 FROM told)")?;
        Ok(statement.query_row([], |row| row.get(0))?)
    }

    /// Gives to `each` what clients told last of every trace.
    pub(crate) fn each_told(&self, each: &mut dyn FnMut(Told)) -> Result<(), Error> {
        let mut statement = self.0.prepare_cached("SELECT arrival, body, trace FROM told")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            if let Some(id) = TraceId::new(row.get(2)?) {
                each(told(id, row.get(0)?, &row.get::<_, String>(1)?)?);
            }
        }
        Ok(())
    }

    /// Returns how many traces clients told of that have no span in any segment, and when the last of them was told of,
    /// by project.
    pub(crate) fn count_told_alone(&self) -> Result<Vec<(Text, u64, Timestamp)>, Error> {
        let sql = "SELECT project, count(*), max(arrival) FROM told WHERE is_alone GROUP BY project ORDER BY project";
        let mut statement = self.0.prepare_cached(sql)?;
        let count = |row: &Row<'_>| {
            let name: String = row.get(0)?;
            Ok((Text::from(name), row.get::<_, i64>(1)? as u64, take_time(row.get(2)?)))
        };
        Ok(statement.query_map([], count)?.collect::<Result<_, _>>()?)
    }

    /// Returns the events of a trace that came apart from their spans, in the order in which they came.
    pub(crate) fn late(&self, id: TraceId) -> Result<Vec<Late>, Error> {
        let sql = "SELECT id, trace, span, sequence, arrival, body FROM late WHERE trace = ?1 ORDER BY sequence, id";
        let mut statement = self.0.prepare_cached(sql)?;
        let mut rows = statement.query([id.bytes()])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(late(row)?);
        }
        Ok(found)
    }

    /// Returns every event that came apart from its span, in the order in which they came.
    pub(crate) fn all_late(&self) -> Result<Vec<LateEvent>, Error> {
        let mut statement =
            self.0.prepare("SELECT id, trace, span, sequence, arrival, body FROM late ORDER BY sequence, id")?;
        let mut rows = statement.query([])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(late(row)?.event);
        }
        Ok(found)
    }

    /// Returns the numbers of the events that came apart from their spans before a time, the oldest first.
    pub(crate) fn late_before(&self, arrival: Timestamp, most: usize) -> Result<Vec<(i64, TraceId, SpanId)>, Error> {
        let sql = "SELECT id, trace, span FROM late WHERE arrival < ?1 ORDER BY id LIMIT ?2";
        let mut statement = self.0.prepare_cached(sql)?;
        let rows = statement.query_map(params![put_time(arrival), most as i64], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, [u8; 16]>(1)?, row.get::<_, [u8; 8]>(2)?))
        })?;
        let mut found = Vec::new();
        for row in rows {
            let (id, trace, span) = row?;
            found.extend(TraceId::new(trace).zip(SpanId::new(span)).map(|(trace, span)| (id, trace, span)));
        }
        Ok(found)
    }

    /// Returns the traces of which events are kept apart from their spans.
    pub(crate) fn traces_of_late(&self) -> Result<Vec<TraceId>, Error> {
        let mut statement = self.0.prepare_cached("SELECT DISTINCT trace FROM late")?;
        let traces = statement.query_map([], |row| row.get::<_, [u8; 16]>(0))?;
        traces.filter_map(|id| id.map(TraceId::new).transpose()).map(|id| id.map_err(Error::from)).collect()
    }

    /// Returns how many traces clients told of.
    pub(crate) fn count_told(&self) -> Result<u64, Error> {
        Ok(self.0.prepare_cached("SELECT count(*) FROM told")?.query_row([], |row| row.get::<_, i64>(0))? as u64)
    }

    /// Returns how many events are kept apart from their spans.
    pub(crate) fn count_late(&self) -> Result<u64, Error> {
        Ok(self.0.prepare_cached("SELECT count(*) FROM late")?.query_row([], |row| row.get::<_, i64>(0))? as u64)
    }

    /// Returns when something last came of a trace that waits for something; `None` when that is not known.
    pub(crate) fn news(&self, id: TraceId) -> Result<Option<Timestamp>, Error> {
        let mut statement = self.0.prepare_cached("SELECT arrival FROM news WHERE trace = ?1")?;
        Ok(statement.query_row([id.bytes()], |row| row.get(0)).optional()?.map(take_time))
    }

    /// Returns the spans that a client gave an id, in order of their trace and their own id; at most a hundred.
    pub(crate) fn originals(&self, id: &str) -> Result<Vec<(TraceId, SpanId)>, Error> {
        let sql = "SELECT trace, span FROM originals WHERE print = ?1 ORDER BY trace, span LIMIT ?2";
        let mut statement = self.0.prepare_cached(sql)?;
        let rows = statement.query_map(params![print_of(id), MOST_FOUND as i64], |row| {
            Ok((row.get::<_, [u8; 16]>(0)?, row.get::<_, [u8; 8]>(1)?))
        })?;
        let mut found = Vec::new();
        for row in rows {
            let (trace, span) = row?;
            found.extend(TraceId::new(trace).zip(SpanId::new(span)));
        }
        Ok(found)
    }

    /// Returns traces of a conversation, from the one that started last, as far as they lie before a place of the list.
    ///
    /// A trace may have started earlier than is known here, and may belong to another conversation by now.
    pub(crate) fn group(
        &self,
        group: &str,
        before: Option<TracePlace>,
        most: usize,
    ) -> Result<Vec<(Timestamp, TraceId)>, Error> {
        let (time, id) = before.map_or((i64::MAX, None), |(time, id)| (put_time(time), Some(id)));
        let sql = "SELECT start, trace FROM groups WHERE name = ?1 \
                   AND (start < ?2 OR (start = ?2 AND (?3 IS NULL OR trace < ?3))) \
                   ORDER BY start DESC, trace DESC LIMIT ?4";
        let mut statement = self.0.prepare_cached(sql)?;
        let rows = statement.query_map(params![group, time, id, most as i64], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, [u8; 16]>(1)?))
        })?;
        let mut found = Vec::new();
        for row in rows {
            let (start, id) = row?;
            found.extend(TraceId::new(id).map(|id| (take_time(start), id)));
        }
        Ok(found)
    }
}

fn late(row: &Row<'_>) -> Result<Late, Error> {
    let ids = TraceId::new(row.get(1)?).zip(SpanId::new(row.get(2)?));
    let (trace, span) = ids.ok_or_else(|| damaged("an id is zero".to_owned()))?;
    let event = body::read_event(trace, span, &row.get::<_, String>(5)?).map_err(damaged)?;
    let (sequence, arrival) = (row.get::<_, i64>(3)? as u64, take_time(row.get(4)?));
    Ok(Late { id: row.get(0)?, event: LateEvent { sequence, arrival, event } })
}

fn told(id: TraceId, arrival: i64, body: &str) -> Result<Told, Error> {
    let record = body::read_told(id, body).map_err(damaged)?;
    Ok(Told { arrival: take_time(arrival), record: Arc::new(record) })
}

fn damaged(reason: String) -> Error {
    let kind = rusqlite::types::Type::Text;
    Error::Catalog(rusqlite::Error::FromSqlConversionFailure(0, kind, reason.into()))
}

/// What the catalog keeps of an id that a client gave: enough to find it, however long it is.
pub(super) fn print_of(id: &str) -> [u8; 16] {
    let digest = Sha256::digest(id.as_bytes());
    let mut print = [0; 16];
    print.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
    print
}
