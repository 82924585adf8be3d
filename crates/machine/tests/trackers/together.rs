//! A directory and a server that both keep a run.

use trackway_machine::tracker::Directory;

use super::*;

#[test]
fn a_directory_and_a_server_keep_the_same_steps() {
    let root = tempfile::tempdir().unwrap();
    let (address, heard) = server(vec![TAKEN]);
    let directory = Directory::at(root.path());
    let turns = script("count").writes(["n"]).gives(state! { n: 1 }).fails("no luck").gives(state! { n: 2 });
    let graph = Graph::new([turns]).edge("count", "count").entry("count").build().unwrap();
    let start = graph.start(state! { n: 0 }).project("demo").app_id("1");
    let mut app = start.tracker(directory.clone()).tracker(Server::at(&address)).build().unwrap();
    let outcomes = [0, 1, 2].map(|_| app.step().blocking().is_ok());
    assert_eq!(outcomes, [true, false, true]);
    assert!(app.stats().trackers.iter().all(|report| report.failure.is_none() && report.missed_steps == 0));
    // Both had acknowledged the step before the call returned.
    let log = std::fs::read_to_string(root.path().join("demo/1/log.ndjson")).unwrap();
    let written: Vec<String> = log.lines().skip(1).map(key).collect();
    assert_eq!(keys(&heard), written);
    assert_eq!(written, ["app", "state", "0.0:begin", "0.0:end", "1.0:begin", "1.0:end", "2.0:begin", "2.0:end"]);
}
