//! The table `burr_state` of Burr's SQLite persister.

use std::{path::Path, sync::Arc};

use anyhow::{Context, Result, bail};
use rusqlite::{Connection, OpenFlags, types::ValueRef};
use trackway_model::{RunKey, Text};
use trackway_wire::burr::{Item, Persister, Row};

use super::{count::Count, sink::Sink};

/// How many rows are sent at once, at most.
const MOST_ROWS: usize = 64;

/// Reads every row, and writes nothing, not even beside the file.
pub(super) fn import(path: &Path, project: &Text, sink: &Sink, count: &mut Count) -> Result<()> {
    let connection = open(path)?;
    let mut columns = connection
        .prepare("SELECT name FROM pragma_table_info('burr_state')")
        .context("cannot be read as an SQLite file")?;
    let columns: Vec<String> = columns.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let wanted = ["partition_key", "app_id", "sequence_id", "position", "status", "state", "created_at"];
    if let Some(missing) = wanted.iter().find(|name| !columns.iter().any(|column| column == *name)) {
        bail!(
            "the file has no table burr_state with a column {missing}, which Burr's SQLitePersister makes; \
             if the persister was given another table_name, rename the table in a copy of the file"
        );
    }
    let sql = "SELECT partition_key, app_id, sequence_id, position, status, state, created_at FROM burr_state \
               ORDER BY partition_key, app_id, sequence_id, created_at, position";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    let mut persister = Persister::new(project.clone());
    let mut waiting: Vec<Item> = Vec::new();
    let mut held = 0;
    while let Some(row) = rows.next().context("a row cannot be read")? {
        let text = |index| -> Result<Text> { Ok(text_of(row.get_ref(index)?)) };
        let row = Row {
            partition_key: text(0)?,
            app_id: text(1)?,
            sequence_id: row.get(2).context("a sequence_id is no number")?,
            position: text(3)?,
            status: text(4)?,
            state: text(5)?,
            created_at: text(6)?,
        };
        let items = persister.row(&row);
        if held == MOST_ROWS || run_of(&items) != run_of(&waiting) {
            send(&mut waiting, sink, count)?;
            held = 0;
        }
        waiting.extend(items);
        held += 1;
    }
    send(&mut waiting, sink, count)
}

fn send(items: &mut Vec<Item>, sink: &Sink, count: &mut Count) -> Result<()> {
    let items = std::mem::take(items);
    let Some(run) = run_of(&items).cloned() else { return Ok(()) };
    count.note(&run, &items);
    sink.send(&run, items, count)
}

fn run_of(items: &[Item]) -> Option<&Arc<RunKey>> {
    items.iter().find_map(|item| match item {
        Item::Fact(record) => Some(&record.run),
        Item::Span(_) => None,
    })
}

/// Opens the file for reading: with the rows that its log holds, and where that is not allowed, as it stands.
fn open(path: &Path) -> Result<Connection> {
    let is_readable = |connection: &Connection| {
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0))
    };
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let log = path.with_file_name(format!("{}-wal", path.file_name().unwrap_or_default().to_string_lossy()));
    let has_log = log.metadata().is_ok_and(|found| found.len() > 0);
    let plain = format!("file:{}?mode=ro", escaped(path));
    let as_it_stands = format!("{plain}&immutable=1");
    // Only a file that nobody has open may be read without its locks; one with a log may be open somewhere.
    let first = if has_log { &plain } else { &as_it_stands };
    let connection = Connection::open_with_flags(first, flags);
    let connection = match connection.and_then(|connection| is_readable(&connection).map(|_| connection)) {
        Ok(connection) => connection,
        Err(error) if has_log => bail!(
            "its log {} cannot be read beside it ({error}); make the directory writable, or copy both files elsewhere and import the copy",
            log.display()
        ),
        Err(error) => return Err(error).context("cannot be opened as an SQLite file"),
    };
    Ok(connection)
}

/// Writes a path as it stands in a URI.
fn escaped(path: &Path) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte);
    let bytes = path.as_os_str().as_encoded_bytes();
    bytes.iter().map(|byte| if plain(*byte) { char::from(*byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// Returns the text of a column, whatever was put in it.
fn text_of(value: ValueRef<'_>) -> Text {
    match value {
        ValueRef::Null => Text::default(),
        ValueRef::Integer(number) => number.to_string().into(),
        ValueRef::Real(number) => number.to_string().into(),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => (&*String::from_utf8_lossy(bytes)).into(),
    }
}
