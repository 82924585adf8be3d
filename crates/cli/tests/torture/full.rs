//! Disks that are full, and files that may not grow.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use rustix::process::Resource;
use tempfile::TempDir;

use crate::{
    check,
    home::{self, Home, SMALL_HEADS},
    journal::{Journal, Sent, post},
    killed::fill,
    load,
    pace::Pace,
    resources,
    support::{self, Trackway},
    tally::TALLY,
};

/// Statuses that tell a sender to come again, or that there is no room.
const REFUSALS: [u16; 3] = [429, 503, 507];

/// The file system refuses to let a file grow: what was acknowledged stays readable, then and after another start.
pub(crate) fn file_size_limit(_: &Pace) {
    let (home, journal) = (Home::new(), Journal::default());
    let server = home.start(SMALL_HEADS);
    fill(&server, &journal, 40);
    let largest = home::files(&home.data()).iter().map(|file| file.metadata().unwrap().len()).max().unwrap();
    resources::limit(&server, Resource::Fsize, Some(largest + 200_000));
    until_refused(&server, &journal);
    check::everything(&server, &journal.acknowledged(), &journal.acknowledged());
    resources::limit(&server, Resource::Fsize, None);
    starts_again(&home, server, &journal);
}

/// The bound on free disk refuses what comes, and nothing else.
pub(crate) fn free_bound(_: &Pace) {
    let (home, journal) = (Home::new(), Journal::default());
    let server = home.start(&[]);
    fill(&server, &journal, 40);
    assert!(server.terminate().0.success());
    let server = home.start(&["--min-free-bytes", "1000000000000000"]);
    until_refused(&server, &journal);
    check::everything(&server, &journal.acknowledged(), &journal.acknowledged());
    assert!(check::counter(&server, "store.refused_disk") > 0);
    let first = first_of_agents(&journal);
    delete(&server, load::trace(first, 0));
    assert_eq!(support::agent().get(format!("{}/api/v1/health", server.ui)).call().unwrap().status(), 200);
    server.kill();
    let server = home.start(&[]);
    assert_eq!(journal.send_number(&server.ui, first), Sent::Acknowledged);
    check::everything(&server, &journal.acknowledged(), &journal.acknowledged());
    TALLY.cycle();
}

/// Returns why a small disk cannot be had here.
pub(crate) fn hindrance() -> Option<&'static str> {
    let directory = tempfile::tempdir().unwrap();
    match Mount::at(directory) {
        Some(_) => None,
        None => Some("no right to mount"),
    }
}

/// The room that the bound on free disk keeps, of a disk of [`DISK`] bytes.
const KEPT: &str = "3000000";
const DISK: &str = "size=10m";

/// A small disk is filled to its bound, where deletions still work, and then to its last byte.
pub(crate) fn disk(pace: &Pace) {
    let mut rounds = 0;
    while pace.goes_on(rounds * 20, 1) {
        let mount = Mount::at(tempfile::tempdir().unwrap()).expect("it could be mounted before");
        let (home, journal) = (Home::below(mount.directory()), Journal::default());
        let server = home.start(&[SMALL_HEADS, &["--min-free-bytes", KEPT]].concat());
        until_refused(&server, &journal);
        let mut kept = journal.acknowledged();
        check::everything(&server, &kept, &kept);
        let first = first_of_agents(&journal);
        delete(&server, load::trace(first, 0));
        kept.remove(&first);
        server.kill();

        let full = [SMALL_HEADS, &["--min-free-bytes", "0"]].concat();
        let server = home.start(&full);
        until_refused(&server, &journal);
        kept.extend(journal.acknowledged().into_iter().filter(|number| *number != first));
        check::everything(&server, &kept, &kept);
        server.kill();
        // No room for anything: it starts all the same.
        check::everything(&home.start(&full), &kept, &kept);
        rounds += 1;
        TALLY.cycle();
    }
}

/// A request whose trace has nothing of others.
fn first_of_agents(journal: &Journal) -> u64 {
    journal.acknowledged().into_iter().find(|number| number % load::WAYS == 2).unwrap()
}

/// Sends until every way in is refused; nobody may be refused without being told why.
fn until_refused(server: &Trackway, journal: &Journal) {
    journal.send(&server.ui, &|sent| match sent {
        Sent::Acknowledged => false,
        Sent::Refused(status, text) => {
            assert!(REFUSALS.contains(status) && !text.is_empty(), "{status}: {text}");
            true
        }
        Sent::Unanswered => panic!("the server left"),
    });
}

fn delete(server: &Trackway, trace: String) {
    let mut deleted = support::agent().delete(format!("{}/api/v1/traces/{trace}", server.ui)).call().unwrap();
    let said = deleted.body_mut().read_to_string();
    assert!(deleted.status().is_success(), "{} {said:?}", deleted.status());
    assert_eq!(support::agent().get(format!("{}/api/v1/traces/{trace}", server.ui)).call().unwrap().status(), 404);
}

/// Nothing is lost over a start, and what comes then is taken.
fn starts_again(home: &Home, server: Trackway, journal: &Journal) {
    server.kill();
    let server = home.start(SMALL_HEADS);
    check::everything(&server, &journal.acknowledged(), &journal.acknowledged());
    let sent = post(&support::agent(), &server.ui, &load::request(3_000_000));
    assert_eq!(sent, Sent::Acknowledged);
    TALLY.cycle();
}

/// A small disk in memory; gone when dropped.
struct Mount {
    at: TempDir,
}

impl Mount {
    /// Mounts it, where that is allowed.
    fn at(at: TempDir) -> Option<Self> {
        let mut command = Command::new("mount");
        command.args(["-t", "tmpfs", "-o", DISK, "tmpfs"]).arg(at.path());
        is_done(&mut command).then_some(Self { at })
    }

    fn directory(&self) -> &Path {
        self.at.path()
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // Lazily, since a server that a failed test left may still have files there.
        is_done(Command::new("umount").arg("-l").arg(self.at.path()));
    }
}

fn is_done(command: &mut Command) -> bool {
    command.stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}
