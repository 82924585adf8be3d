//! Starts after whatever happened.

use std::fs;

use rusqlite::Connection;

use super::*;

#[test]
fn what_was_written_and_not_published_is_swept() {
    let place = Place::new();
    place.flush(0, &[span(1, 1)]);
    place.write(1, &[span(2, 2)]);
    let day = place.directory.path().join("segments/1970-01-01");
    fs::write(day.join("000003.parquet.part"), "half").unwrap();
    fs::write(day.join("mine.txt"), "not the store's").unwrap();
    let place = place.reopened();
    assert_eq!(place.files(), "000001.parquet 000001.tix mine.txt");
    assert_eq!((place.damaged.len(), place.trace(1).as_str(), place.trace(2).as_str()), (0, "s1", ""));
    place.flush(1, &[span(2, 2)]);
    assert_eq!(place.trace(2), "s2");
}

#[test]
fn a_missing_or_cut_file_is_told_of_and_the_others_serve() {
    let place = Place::new();
    (0..3).for_each(|at| place.flush(at, &[span(u128::from(at) + 1, at + 1)]));
    let day = place.directory.path().join("segments/1970-01-01");
    fs::remove_file(day.join("000001.parquet")).unwrap();
    let cut = fs::read(day.join("000002.tix")).unwrap();
    fs::write(day.join("000002.tix"), &cut[1..]).unwrap();
    let place = place.reopened();
    let told: Vec<_> = place.damaged.iter().map(|it| it.file.strip_prefix(&day).unwrap().to_str().unwrap()).collect();
    assert_eq!(told, ["000001.parquet", "000002.tix"]);
    assert_eq!([1, 2, 3].map(|trace| place.trace(trace)), ["", "", "s3"]);
    assert_eq!(place.counts(), "default: 1 traces 1 spans @3 [web 1/0 s3]");
    fs::write(day.join("000002.tix"), &cut).unwrap();
    assert_eq!(place.reopened().trace(2), "s2", "what is back is served again");
}

#[test]
fn a_lost_catalog_is_made_again_of_the_segments() {
    let place = Place::new();
    place.flush(5, &[span(1, 1), span(1, 2), span(2, 3)]);
    place.flush(8, &[span(1, 4), span(3, 5)]);
    place.flush(10, &[span(4, 6)]);
    let (counted, path) = (place.counts(), place.directory.path().to_owned());
    let directory = Arc::clone(&place.directory);
    drop(place);
    fs::write(path.join("catalog.db"), [7; 4096]).unwrap();
    let damaged = path.join("segments/1970-01-01/000003.parquet");
    let mut bytes = fs::read(&damaged).unwrap();
    bytes.truncate(bytes.len() - 3);
    fs::write(&damaged, bytes).unwrap();

    let place = Place::at(directory, OpenBounds::default());
    assert_eq!(place.damaged.len(), 2, "{:?}", place.damaged);
    assert_eq!([1, 3, 4].map(|trace| place.trace(trace)), ["s1 s2 s4", "s5", ""]);
    assert_eq!(
        place.counts(),
        counted
            .replace("4 traces 6 spans @6 [web 6/0 s1,s2,s3,s4,s5,s6]", "3 traces 5 spans @5 [web 5/0 s1,s2,s3,s4,s5]")
    );
    assert_eq!((place.shelf.snapshot().next_sequence(), place.shelf.reserve()), (10, SegmentId(4)));
    assert!(path.join("corrupt/000003.parquet").exists() && path.join("corrupt/catalog-1.db").exists());
    let place = place.reopened();
    assert_eq!((place.damaged.len(), place.trace(1).as_str()), (0, "s1 s2 s4"));
}

#[test]
fn a_catalog_that_is_damaged_in_the_middle_is_made_again() {
    let place = Place::new();
    place.flush(0, &[span(1, 1)]);
    let directory = Arc::clone(&place.directory);
    drop(place);
    let catalog = directory.path().join("catalog.db");
    let mut bytes = fs::read(&catalog).unwrap();
    bytes[8192..].fill(0xff);
    fs::write(&catalog, bytes).unwrap();
    let place = Place::at(directory, OpenBounds::default());
    assert_eq!((place.damaged.len(), place.trace(1).as_str()), (1, "s1"));
}

#[test]
fn a_start_that_ended_while_it_made_the_catalog_again_is_repeated() {
    let place = Place::new();
    place.flush(0, &[span(1, 1)]);
    let directory = Arc::clone(&place.directory);
    drop(place);
    fs::remove_file(directory.path().join("catalog.db")).unwrap();
    drop(Catalog::open(directory.path(), directory.path()).unwrap());
    assert_eq!(Place::at(directory, OpenBounds::default()).trace(1), "s1");
}

#[test]
fn counts_that_were_damaged_are_made_again() {
    let place = Place::new();
    place.flush(0, &[span(1, 1), span(2, 2)]);
    place.flush(2, &[span(3, 3)]);
    let (counted, directory) = (place.counts(), Arc::clone(&place.directory));
    drop(place);
    let catalog = Connection::open(directory.path().join("catalog.db")).unwrap();
    catalog.execute("UPDATE segments SET tallies = x'0102' WHERE id = 1", []).unwrap();
    drop(catalog);
    let place = Place::at(directory, OpenBounds::default());
    assert_eq!((place.damaged.len(), place.counts(), place.trace(1).as_str()), (1, counted, "s1"));
    assert_eq!(place.reopened().damaged, []);
}

#[test]
fn a_directory_of_the_version_before_opens_and_keeps_what_it_knew() {
    let directory = Arc::new(TempDir::new().unwrap());
    let before = Connection::open(directory.path().join("catalog.db")).unwrap();
    let made = "PRAGMA journal_mode = WAL; PRAGMA user_version = 2;
        CREATE TABLE deletions (
            trace BLOB PRIMARY KEY, wal_file INTEGER NOT NULL, wal_offset INTEGER NOT NULL
        ) WITHOUT ROWID, STRICT;
        CREATE TABLE log (marker INTEGER NOT NULL) STRICT;
        CREATE TABLE durable (
            only INTEGER PRIMARY KEY CHECK (only = 1), wal_file INTEGER NOT NULL, wal_offset INTEGER NOT NULL
        ) STRICT;
        INSERT INTO log VALUES (42); INSERT INTO durable VALUES (1, 3, 99);
        INSERT INTO deletions VALUES (x'00000000000000000000000000000001', 2, 50);";
    before.execute_batch(made).unwrap();
    drop(before);
    let place = Place::at(directory, OpenBounds::default());
    assert_eq!(place.damaged, []);
    assert_eq!(place.catalog.marker().unwrap(), 42);
    assert_eq!(place.catalog.durable().unwrap(), Some(Position { file: 3, offset: 99 }));
    assert_eq!(place.catalog.deletions().unwrap().len(), 1);
    assert_eq!(place.shelf.flushed(), None, "all of the log is read");
    place.flush(0, &[span(1, 1)]);
    let flushed = Flushed { position: Position { file: 1, offset: 1 }, next_sequence: 1 };
    assert_eq!(place.reopened().shelf.flushed(), Some(flushed));
}

#[test]
fn a_newer_catalog_is_refused_and_stays_as_it_is() {
    let directory = TempDir::new().unwrap();
    let newer = Connection::open(directory.path().join("catalog.db")).unwrap();
    newer.pragma_update(None, "user_version", 1_000).unwrap();
    drop(newer);
    let refused = Catalog::open(directory.path(), &directory.path().join("corrupt")).err().unwrap();
    assert!(matches!(refused, Error::Newer { found: 1_000, .. }), "{refused}");
}

#[test]
fn segments_that_an_older_catalog_does_not_name_are_taken_up_again() {
    let place = Place::new();
    let path = place.directory.path().to_owned();
    fs::create_dir(path.join("wal")).unwrap();
    fs::write(path.join("wal/0001.log"), "").unwrap();
    place.flush(0, &[span(1, 1)]);
    place.catalog.note_durable(Position { file: 1, offset: 9 }).unwrap();
    let (before, older) = (place.counts(), path.join("older.db"));
    Connection::open(path.join("catalog.db")).unwrap().execute("VACUUM INTO ?1", [older.to_str()]).unwrap();
    place.flush(1, &[span(1, 2), span(2, 3)]);
    let (counted, directory) = (place.counts(), Arc::clone(&place.directory));
    drop(place);
    let restore = || fs::copy(&older, path.join("catalog.db")).unwrap();

    restore();
    let place = Place::at(Arc::clone(&directory), OpenBounds::default());
    assert_eq!((place.damaged.len(), place.counts()), (0, before), "all of it is in the log still");
    place.flush(1, &[span(1, 2), span(2, 3)]);
    drop(place);

    restore();
    fs::rename(path.join("wal/0001.log"), path.join("wal/0003.log")).unwrap();
    let place = Place::at(directory, OpenBounds::default());
    assert_eq!(place.damaged.len(), 1, "{:?}", place.damaged);
    assert_eq!((place.counts(), place.trace(1), place.trace(2)), (counted, "s1 s2".into(), "s3".into()));
    assert_eq!((place.shelf.snapshot().next_sequence(), place.shelf.reserve()), (3, SegmentId(3)));
    assert_eq!(place.reopened().damaged, []);
}
