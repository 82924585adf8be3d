//! Tells how the watching of directories goes.

use std::time::Duration;

use trackway_server::watch::{WatchState, Watched, Watching};

use crate::print;

/// How often something is told, at most.
const PAUSE: Duration = Duration::from_secs(2);

/// Tells a line for each directory whenever there is something new to tell, until the server ends.
pub(crate) async fn tell(mut watching: Watching) {
    let mut told: Vec<String> = Vec::new();
    loop {
        let lines: Vec<String> =
            watching.borrow_and_update().iter().filter(|it| it.is_worth_telling()).filter_map(line).collect();
        for line in lines.iter().filter(|line| !told.contains(line)) {
            print::talk(line);
        }
        told = lines;
        tokio::time::sleep(PAUSE).await;
        if watching.changed().await.is_err() {
            return;
        }
    }
}

/// Returns the line of a directory; none while nothing is known of it.
fn line(watched: &Watched) -> Option<String> {
    let Watched { path, state, applications, read, troubles, trouble_count, .. } = watched;
    let path = path.display();
    let what = match state {
        WatchState::Waiting => return Some(format!("{path} is not there yet; it is watched as soon as it is")),
        WatchState::Failed { message } => return Some(message.clone()),
        WatchState::Reading if *applications == 0 => return None,
        WatchState::Reading => format!("{path}: read {read} of {applications} applications"),
        WatchState::Watching => format!("watching {path}"),
    };
    let Some(first) = troubles.first() else { return Some(what) };
    let first = format_args!("{} {}", first.path.display(), first.what);
    Some(format!("{what}; {trouble_count} cannot be read and are tried again: {first}"))
}
