//! The binary at its edges: ports, signals, settings, a second start.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use std::{
    fs::File,
    net::TcpListener,
    process::Output,
    time::{Duration, Instant},
};

use insta::assert_snapshot;

fn said(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

#[test]
fn the_first_line_is_json_with_every_address() {
    let directory = tempfile::tempdir().unwrap();
    let server = support::start_on(directory.path(), "127.0.0.1:0");
    let ready = server.ready.to_string();
    assert!(server.ready["ready"] == true && server.ready["otlp_grpc"].is_null(), "{ready}");
    let otlp = server.ready["otlp_http"].as_str().unwrap();
    let sent = support::agent().post(format!("{otlp}/v1/traces")).header("content-type", "application/json").send("{}");
    assert_eq!(sent.unwrap().status(), 200);
}

#[test]
fn sigterm_ends_it_cleanly_while_a_page_is_watching() {
    let directory = tempfile::tempdir().unwrap();
    let server = support::start(directory.path());
    let watching = support::agent().get(format!("{}/api/v1/live", server.ui)).call().unwrap();
    let (status, took) = server.terminate();
    assert!(status.success(), "{status}");
    assert!(took < Duration::from_secs(5), "{took:?}");
    drop(watching);
}

#[test]
fn a_second_server_on_a_directory_is_told_who_has_it() {
    let directory = tempfile::tempdir().unwrap();
    let server = support::start(directory.path());
    let start = Instant::now();
    let second = support::command(directory.path())
        .args(["--listen", "127.0.0.1:0", "--otlp-http", "off", "--otlp-grpc", "off"])
        .output()
        .unwrap();
    let (_, stderr) = said(&second);
    assert!(!second.status.success() && start.elapsed() < Duration::from_secs(3));
    assert!(stderr.contains(&format!("in use by process {}, which serves {}", server.pid(), server.ui)), "{stderr}");
}

#[test]
fn an_explicit_port_that_is_taken_is_an_error_that_says_what_to_do() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let directory = tempfile::tempdir().unwrap();
    let usual = [("--listen", "127.0.0.1:0"), ("--otlp-http", "off"), ("--otlp-grpc", "off")];
    for (flag, _) in usual {
        let mut command = support::command(directory.path());
        for (other, value) in usual.iter().filter(|(other, _)| *other != flag) {
            command.args([other, value]);
        }
        let (_, stderr) = said(&command.args([flag, &address]).output().unwrap());
        let expected =
            format!("cannot listen on {address}; free it, or name another one (port 0 takes any that is free)");
        assert!(stderr.contains(&expected), "{flag}: {stderr}");
    }
}

#[test]
fn an_address_that_others_can_reach_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    for flag in ["--listen", "--otlp-http", "--otlp-grpc"] {
        let (_, stderr) = said(&support::command(directory.path()).args([flag, "0.0.0.0:0"]).output().unwrap());
        assert!(stderr.contains("can be reached from other machines"), "{flag}: {stderr}");
    }
}

#[test]
fn settings_come_from_flag_environment_file_and_default_in_this_order() {
    let directory = tempfile::tempdir().unwrap();
    let file = "listen = \"127.0.0.1:1000\"\notlp_http = \"127.0.0.1:1001\"\notlp_grpc = \"off\"\n";
    std::fs::write(directory.path().join("config.toml"), file).unwrap();
    let mut command = support::command(directory.path());
    command.env("TRACKWAY_LISTEN", "127.0.0.1:2000").env("TRACKWAY_OTLP_HTTP", "127.0.0.1:2001");
    let (stdout, _) = said(&command.args(["config", "--listen", "127.0.0.1:3000"]).output().unwrap());
    let lines = stdout.replace(&directory.path().display().to_string(), "DIR");
    let lines: Vec<String> = lines.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert_snapshot!(lines.join("\n"), @r"
    data-dir DIR --data-dir
    listen 127.0.0.1:3000 --listen
    otlp-http 127.0.0.1:2001 TRACKWAY_OTLP_HTTP
    otlp-grpc off DIR/config.toml
    allow-origin default
    max-body-bytes 67108864 default
    max-spans 1000000 default
    no-open false default
    ");
}

#[test]
fn a_setting_that_means_nothing_is_an_error_that_names_its_origin() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = support::command(directory.path());
    let (_, stderr) = said(&command.env("TRACKWAY_MAX_SPANS", "many").arg("config").output().unwrap());
    assert_snapshot!(stderr.trim(), @r#"trackway: TRACKWAY_MAX_SPANS is "many": invalid digit found in string"#);
    std::fs::write(directory.path().join("config.toml"), "listn = \"x\"").unwrap();
    let (_, stderr) = said(&support::command(directory.path()).arg("config").output().unwrap());
    assert!(stderr.contains("unknown field `listn`"), "{stderr}");
}

#[test]
fn what_cannot_be_written_is_an_error_and_no_panic() {
    let Ok(full) = File::options().write(true).open("/dev/full") else { return };
    let directory = tempfile::tempdir().unwrap();
    let output = support::command(directory.path()).arg("config").stdout(full.try_clone().unwrap()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let (_, stderr) = said(&output);
    assert!(stderr.starts_with("trackway: cannot write to stdout"), "{stderr}");

    let mut command = support::command(directory.path());
    let refused = command.args(["config", "--listen", "x"]).stderr(full).status().unwrap();
    assert_eq!(refused.code(), Some(1));

    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = support::command(directory.path()).arg("config").stdout(writer).output().unwrap();
    assert_eq!((output.status.code(), said(&output).1.as_str()), (Some(0), ""));
}

#[test]
fn the_version_has_the_name_of_the_program() {
    let directory = tempfile::tempdir().unwrap();
    let (stdout, _) = said(&support::command(directory.path()).arg("-V").output().unwrap());
    assert_eq!(stdout, concat!("trackway ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn the_demo_goes_through_the_running_server_or_else_into_the_directory() {
    let directory = tempfile::tempdir().unwrap();
    let (alone, _) = said(&support::command(directory.path()).arg("demo").output().unwrap());
    assert!(alone.contains("start trackway to see them"), "{alone}");
    let server = support::start(directory.path());
    let before = server.get("/api/v1/projects")["projects"][0]["trace_count"].as_u64().unwrap();
    let (through, _) = said(&support::command(directory.path()).arg("demo").output().unwrap());
    assert!(through.contains(&server.ui), "{through}");
    assert_eq!(server.get("/api/v1/projects")["projects"][0]["trace_count"].as_u64(), Some(before * 2));
}

#[test]
fn help_is_the_reviewed_one() {
    let directory = tempfile::tempdir().unwrap();
    let (stdout, _) = said(&support::command(directory.path()).arg("--help").output().unwrap());
    assert_snapshot!("help", stdout);
}
