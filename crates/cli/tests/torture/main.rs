//! What was acknowledged is there afterwards, whatever happens to the server, its files, its disk and its clients.
//!
//! Every case works through the public door: the binary, HTTP, and files. Who sends notes what was acknowledged outside of
//! the server, and reads all of it back. A short form runs with every other test; `make torture` runs the same cases for
//! `TRACKWAY_TORTURE_MINUTES`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod check;
mod crowd;
mod damaged;
mod full;
mod home;
mod journal;
mod killed;
mod large;
mod load;
mod mutation;
mod odd;
mod pace;
mod repeated;
mod resources;
#[path = "../support/mod.rs"]
mod support;
mod sync;
mod tally;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};
use pace::Pace;
use tally::TALLY;

/// A case, and the part of the time that it takes in the long form.
type Case = (&'static str, f64, fn(&Pace));

const CASES: [Case; 15] = [
    ("nothing_acknowledged_is_lost_when_the_server_is_killed_under_load", 0.5, killed::while_memory_fills),
    (
        "nothing_acknowledged_is_lost_when_it_is_killed_while_segments_are_written",
        0.8,
        killed::while_segments_are_written,
    ),
    ("damaged_files_cost_what_was_in_them_and_never_the_start", 0.4, damaged::start),
    ("a_request_that_comes_again_and_again_is_stored_once", 0.0, repeated::at_once_and_later),
    ("a_file_that_may_not_grow_refuses_and_loses_nothing", 0.0, full::file_size_limit),
    ("a_bound_on_free_disk_refuses_and_answers_questions", 0.0, full::free_bound),
    ("a_full_disk_refuses_and_loses_nothing", 0.0, full::disk),
    ("a_failed_sync_acknowledges_nothing_more", 0.0, sync::failed),
    ("a_trace_of_very_many_spans_is_read_by_pages", 0.0, large::trace),
    ("a_very_large_attribute_is_taken_or_refused_within_bounds", 0.0, large::attribute),
    ("clients_that_send_or_read_slowly_keep_nobody_waiting", 0.0, crowd::slow),
    ("five_thousand_connections_leave_the_server_well", 0.0, crowd::connections),
    ("a_server_out_of_file_descriptors_goes_on_when_there_are_some", 0.0, crowd::descriptors),
    ("spans_of_every_time_are_stored_or_refused_by_name", 0.0, odd::times),
    ("a_second_server_is_refused_and_a_stopped_one_goes_on", 0.0, odd::processes),
];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let trials = CASES.map(|(name, part, case)| {
        let hindrance = match name {
            "a_full_disk_refuses_and_loses_nothing" => full::hindrance(),
            "a_failed_sync_acknowledges_nothing_more" => sync::hindrance(),
            _ => None,
        };
        let shown = hindrance.map_or(name.to_owned(), |reason| format!("{name} (not run: {reason})"));
        let run = move || {
            case(&Pace::of(part));
            Ok(())
        };
        Trial::test(shown, run).with_ignored_flag(hindrance.is_some())
    });
    let conclusion = libtest_mimic::run(&arguments, trials.into());
    println!("{TALLY}");
    conclusion.exit_code()
}
