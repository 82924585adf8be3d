//! The binary at its edges: ports, signals, settings, a second start.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use std::{
    fs::File,
    io::Write,
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Command, Output, Stdio},
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
fn sigterm_ends_it_cleanly_while_pages_watch_and_a_request_is_half_sent() {
    let directory = tempfile::tempdir().unwrap();
    let server = support::start(directory.path());
    let watch = |_| support::agent().get(format!("{}/api/v1/live", server.ui)).call().unwrap();
    let watching: Vec<_> = (0..5).map(watch).collect();
    let address = server.ui.trim_start_matches("http://").to_owned();
    let mut half = TcpStream::connect(&address).unwrap();
    let head = "content-type: application/json\r\ncontent-length: 100\r\n\r\n{\"resource";
    write!(half, "POST /v1/traces HTTP/1.1\r\nhost: {address}\r\n{head}").unwrap();
    let (status, took) = server.terminate();
    assert!(status.success(), "{status}");
    assert!(took < Duration::from_secs(5), "{took:?}");
    drop((watching, half));
}

/// As many spans as take a while to read again.
fn write_long_log(directory: &Path) {
    let server = support::start(directory);
    for batch in 0..20 {
        let span = |span| {
            let times = r#""startTimeUnixNano":"1795244400000000000","endTimeUnixNano":"1795244400000000500""#;
            format!(
                r#"{{"traceId":"{:032x}","spanId":"{span:016x}","name":"work",{times}}}"#,
                batch * 101 + span / 100 + 1
            )
        };
        let spans: Vec<_> = (1..=10_000).map(span).collect();
        let body = format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{}]}}]}}]}}"#, spans.join(","));
        let (status, answer) =
            server.post("/v1/traces", &[("content-type".into(), "application/json".into())], body.as_bytes());
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&answer));
    }
    assert!(server.terminate().0.success());
}

#[test]
fn sigterm_ends_it_while_it_reads_its_log() {
    let directory = tempfile::tempdir().unwrap();
    write_long_log(directory.path());
    let mut command = support::command(directory.path());
    command.args(["--json", "--listen", "127.0.0.1:0", "--otlp-http", "off", "--otlp-grpc", "off"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // The directory is taken just before the log is read.
    while trackway_store::owner(directory.path()).is_none() {
        std::thread::yield_now();
    }
    let start = Instant::now();
    assert!(Command::new("kill").arg("-TERM").arg(child.id().to_string()).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", output.status);
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    let (stdout, _) = said(&output);
    assert_eq!(stdout, "", "it was to end before it was ready");
    let again = support::start(directory.path());
    assert_eq!(again.get("/api/v1/projects")["projects"][0]["span_count"], 200_000);
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
    memory-bytes 268435456 default
    keep-days all default
    keep-bytes all default
    max-log-bytes 8589934592 default
    max-run-bytes 8589934592 default
    min-free-bytes auto default
    lost-after 600 default
    announced-lost-after 30 default
    max-announced-spans 10000 default
    mask-secrets true default
    mask-pattern default
    watch default
    timezone auto default
    no-open false default
    ");
}

#[test]
fn a_setting_that_means_nothing_is_an_error_that_names_its_origin() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = support::command(directory.path());
    let (_, stderr) = said(&command.env("TRACKWAY_LOST_AFTER", "many").arg("config").output().unwrap());
    assert_snapshot!(stderr.trim(), @r#"trackway: TRACKWAY_LOST_AFTER is "many": invalid digit found in string"#);
    std::fs::write(directory.path().join("config.toml"), "listn = \"x\"").unwrap();
    let (_, stderr) = said(&support::command(directory.path()).arg("config").output().unwrap());
    assert!(stderr.contains("unknown field `listn`"), "{stderr}");
}

#[test]
fn a_number_out_of_range_is_an_error_that_says_the_range() {
    let directory = tempfile::tempdir().unwrap();
    let refused = |flag: &str, value: &str| {
        let output = support::command(directory.path()).args(["config", flag, value]).output().unwrap();
        assert!(!output.status.success(), "{flag} {value}");
        said(&output).1
    };
    let settings = [
        ("--max-body-bytes", "0"),
        ("--max-body-bytes", "18446744073709551615"),
        ("--memory-bytes", "0"),
        ("--keep-days", "0"),
        ("--lost-after", "0"),
    ];
    assert_snapshot!(settings.map(|(flag, value)| refused(flag, value)).concat(), @r"
    trackway: --max-body-bytes is 0; use a number from 1024 to 1073741824
    trackway: --max-body-bytes is 18446744073709551615; use a number from 1024 to 1073741824
    trackway: --memory-bytes is 0; use at least 1048576
    error: invalid value '0' for '--keep-days <DAYS|all>': use at least 1, or all

    For more information, try '--help'.
    trackway: --lost-after is 0; use a number from 1 to 31536000
    ");
    std::fs::write(directory.path().join("config.toml"), "memory_bytes = 0").unwrap();
    let (_, stderr) = said(&support::command(directory.path()).arg("config").output().unwrap());
    assert!(stderr.contains("memory_bytes in ") && stderr.contains("is 0; use at least 1"), "{stderr}");
}

#[test]
fn a_mask_pattern_that_is_none_says_where() {
    let directory = tempfile::tempdir().unwrap();
    let (_, stderr) =
        said(&support::command(directory.path()).args(["config", "--mask-pattern", "key-(\\d"]).output().unwrap());
    assert_snapshot!(stderr.trim(), @r#"
    trackway: --mask-pattern: "key-(\\d" cannot be a mask pattern: regex parse error:
        key-(\d
            ^
    error: unclosed group
    "#);
    std::fs::write(directory.path().join("config.toml"), "mask_patterns = [\"ok\", \"x*\"]").unwrap();
    let (_, stderr) = said(&support::command(directory.path()).arg("config").output().unwrap());
    assert!(stderr.contains("config.toml: \"x*\" cannot be a mask pattern: it matches the empty text"), "{stderr}");
}

#[test]
fn prices_and_models_of_agents_come_from_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let configured = |file: &str| {
        std::fs::write(directory.path().join("config.toml"), file).unwrap();
        let (stdout, stderr) = said(&support::command(directory.path()).arg("config").output().unwrap());
        let lines = stdout.lines().filter(|line| line.starts_with("price") || line.starts_with("agent-models"));
        let lines = lines.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>();
        (lines.join("\n") + &stderr).replace(&directory.path().display().to_string(), "DIR").trim().to_owned()
    };
    let good = "[[price]]\nmodel = \"my-model-*\"\nprovider = \"us\"\ninput = 0.5\noutput = 2\ncache_read = 0.1\n\
        [[price]]\nmodel = \"other\"\ninput = 0\noutput = 0\n[agent_models]\n\"Triage agent\" = \"gpt-4.1\"\n";
    assert_snapshot!(configured(good), @r"
    price my-model-*, other DIR/config.toml
    agent-models Triage agent DIR/config.toml
    ");
    assert_snapshot!(configured("[[price]]\nmodel = \"a*b\"\ninput = 1\noutput = 1"), @r#"trackway: [[price]] of model "a*b" in DIR/config.toml: model must be a name, with * only at its end: model = "my-model-*""#);
    assert_snapshot!(configured("[[price]]\nmodel = \"m\"\ninput = -1\noutput = 1"), @r#"trackway: [[price]] of model "m" in DIR/config.toml: input is -1; use US dollars for a million tokens, from 0 to 1000000"#);
    assert_snapshot!(configured("[[price]]\nmodel = \"m\"\ninput = 1\noutput = nan"), @r#"trackway: [[price]] of model "m" in DIR/config.toml: output is NaN; use US dollars for a million tokens, from 0 to 1000000"#);
    assert_snapshot!(configured("[[price]]\nmodel = \"m\"\ninput = 1"), @r"
    trackway: cannot use DIR/config.toml: TOML parse error at line 1, column 1
      |
    1 | [[price]]
      | ^^^^^^^^^
    missing field `output`
    ");
}

#[test]
fn what_a_project_keeps_comes_from_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let file = "keep_days = \"all\"\n[project.shop]\nkeep_days = 7\n[project.\"my agents\"]\nkeep_bytes = 1000\n";
    std::fs::write(directory.path().join("config.toml"), file).unwrap();
    let line = configured(&mut support::command(directory.path()), "project");
    let line = line.replace(&directory.path().display().to_string(), "DIR");
    assert_eq!(
        line,
        "project my agents (keep_days all, keep_bytes 1000), shop (keep_days 7, keep_bytes all) DIR/config.toml"
    );
    std::fs::write(directory.path().join("config.toml"), "[project.shop]\nkeep_days = 0").unwrap();
    let (_, stderr) = said(&support::command(directory.path()).arg("config").output().unwrap());
    assert!(stderr.contains("use at least 1, or all"), "{stderr}");
}

/// What `trackway config` prints of one setting.
fn configured(command: &mut Command, name: &str) -> String {
    let (stdout, stderr) = said(&command.arg("config").output().unwrap());
    let line = stdout.lines().find(|line| line.split_whitespace().next() == Some(name)).unwrap_or(&stderr);
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_environment_says_yes_and_no_in_the_usual_words() {
    let directory = tempfile::tempdir().unwrap();
    for (word, meaning) in [("1", true), ("true", true), ("yes", true), ("0", false), ("False", false), ("no", false)] {
        let line = configured(support::command(directory.path()).env("TRACKWAY_NO_OPEN", word), "no-open");
        assert_eq!(line, format!("no-open {meaning} TRACKWAY_NO_OPEN"));
    }
    let line = configured(support::command(directory.path()).env("TRACKWAY_NO_OPEN", "maybe"), "no-open");
    assert_eq!(line, r#"trackway: TRACKWAY_NO_OPEN is "maybe": use 1, true or yes, or else 0, false or no"#);
}

#[test]
fn every_setting_comes_from_the_environment_and_all_but_the_directory_from_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_trackway"));
    let values = [
        ("LISTEN", "127.0.0.1:1"),
        ("OTLP_HTTP", "off"),
        ("OTLP_GRPC", "off"),
        ("ALLOW_ORIGIN", "https://a.example,https://b.example"),
        ("MAX_BODY_BYTES", "2048"),
        ("MEMORY_BYTES", "2097152"),
        ("KEEP_DAYS", "30"),
        ("KEEP_BYTES", "1000000000"),
        ("MAX_LOG_BYTES", "2097152"),
        ("MAX_RUN_BYTES", "2097152"),
        ("MIN_FREE_BYTES", "0"),
        ("LOST_AFTER", "5"),
        ("ANNOUNCED_LOST_AFTER", "5"),
        ("MAX_ANNOUNCED_SPANS", "5"),
        ("MASK_SECRETS", "no"),
        ("MASK_PATTERN", "emp-[0-9]{4,}"),
        ("WATCH", "/var/burr:/srv/burr"),
        ("TIMEZONE", "+02:00"),
        ("NO_OPEN", "yes"),
    ];
    command.env_clear().env("TRACKWAY_DATA_DIR", directory.path());
    for (name, value) in values {
        command.env(format!("TRACKWAY_{name}"), value);
    }
    let (stdout, _) = said(&command.arg("config").output().unwrap());
    assert_eq!(stdout.lines().count(), values.len() + 1);
    assert!(stdout.lines().all(|line| line.contains("TRACKWAY_")), "{stdout}");

    let file = "listen = \"127.0.0.1:1\"\notlp_http = \"off\"\notlp_grpc = \"off\"\nallow_origin = [\"https://a.example\"]\n\
        max_body_bytes = 2048\nmemory_bytes = 2097152\nkeep_days = 30\nkeep_bytes = 1000000000\nmax_log_bytes = 2097152\nmax_run_bytes = 2097152\nmin_free_bytes = 0\nlost_after = 5\nannounced_lost_after = 5\nmax_announced_spans = 5\nmask_secrets = false\nmask_patterns = [\"emp-[0-9]+\"]\nwatch = [\"~/.burr\"]\ntimezone = \"UTC\"\nno_open = true\n";
    std::fs::write(directory.path().join("config.toml"), file).unwrap();
    let (stdout, stderr) = said(&support::command(directory.path()).arg("config").output().unwrap());
    assert_eq!(stdout.lines().filter(|line| line.ends_with("config.toml")).count(), values.len(), "{stdout}{stderr}");
}

#[test]
fn the_directory_has_two_names_in_the_environment_that_must_agree() {
    let said = |home: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trackway"));
        command.env_clear().env("TRACKWAY_DATA_DIR", "/nowhere/a").env("TRACKWAY_HOME", home);
        configured(&mut command, "data-dir")
    };
    assert_eq!(said("/nowhere/a"), "data-dir /nowhere/a TRACKWAY_DATA_DIR");
    assert_eq!(
        said("/nowhere/b"),
        "trackway: TRACKWAY_DATA_DIR is \"/nowhere/a\" and TRACKWAY_HOME is \"/nowhere/b\", \
         which are names of one setting; unset one"
    );
}

#[test]
fn a_misspelt_variable_is_noted_and_a_foreign_one_is_not() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = support::command(directory.path());
    command
        .env("TRACKWAY_MEMORYBYTES", "5")
        .env("TRACKWAY_URL", "x")
        .env("TRACKWAY_BIN", "x")
        .env("TRACKWAY_SPANS", "x");
    let (_, stderr) = said(&command.arg("config").output().unwrap());
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(stderr.starts_with("note: TRACKWAY_MEMORYBYTES is not read, TRACKWAY_MEMORY_BYTES is;"), "{stderr}");
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
