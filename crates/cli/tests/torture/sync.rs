//! A disk that takes writes and then cannot keep them.

use std::process::{Command, Stdio};

use crate::{
    check,
    home::Home,
    journal::{Journal, Sent},
    pace::Pace,
    support,
    tally::TALLY,
};

/// Syncs that succeed before every one fails.
const SYNCS: [u32; 3] = [30, 61, 120];

/// Returns why no sync can be made to fail here.
pub(crate) fn hindrance() -> Option<&'static str> {
    let tried = Command::new("strace").args(["-D", "-f", "-o", "/dev/null", "true"]).stderr(Stdio::null()).status();
    (!tried.is_ok_and(|status| status.success())).then_some("no strace that may trace")
}

/// After a failed sync nothing is acknowledged any more, everything before can be read, and is there after a start.
pub(crate) fn failed(pace: &Pace) {
    for syncs in SYNCS.into_iter().take(if pace.is_long() { SYNCS.len() } else { 1 }) {
        let (home, journal) = (Home::new(), Journal::default());
        let server = home.run(failing(&home, syncs));
        journal.send(&server.ui, &|sent| match sent {
            Sent::Acknowledged => false,
            Sent::Refused(status, text) => {
                assert!(*status >= 500 && !text.is_empty(), "{status}: {text}");
                true
            }
            Sent::Unanswered => panic!("the server left"),
        });
        // Runs have a database of their own, so each way in finds out by itself.
        check::everything(&server, &journal.acknowledged(), &journal.acknowledged());
        let health = support::agent().get(format!("{}/api/v1/health", server.ui)).call().unwrap();
        assert_eq!(health.status(), 200);
        assert_eq!(check::get(&server, "/api/v1/health")["status"], "read_only");
        server.kill();
        let server = home.start(&[]);
        check::everything(&server, &journal.acknowledged(), &journal.acknowledged());
        assert_eq!(journal.send_number(&server.ui, 3_000_000), Sent::Acknowledged);
        TALLY.cycle();
    }
}

/// A server of which every sync fails from some one on.
fn failing(home: &Home, syncs: u32) -> Command {
    let server = home.command(&[]);
    let mut command = Command::new("strace");
    // The tracer is the grandchild, so the server is the child that is killed.
    command.args(["-D", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync,fsync"]);
    command.args(["-e", &format!("inject=fdatasync,fsync:error=EIO:when={syncs}+")]);
    command.arg(server.get_program()).args(server.get_args());
    command.env_clear().env("HOME", home.data()).env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command
}
