//! The tracker that sends to a server, against a server that does what a script says.

#[path = "together.rs"]
mod together;

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::mpsc::{self, Receiver},
    thread,
};

use trackway_machine::{Application, At, Graph, Loader, Status, Wanted, state, testing::script, tracker::Server};

/// A request, and what it is answered with: a function of the lines that it brought.
struct Turn {
    status: &'static str,
    headers: &'static str,
    body: fn(&[String]) -> String,
}

const TAKEN: Turn = Turn { status: "200 OK", headers: "", body: acknowledged };

/// Answers requests one after another, the last turn again and again, and hands over what came.
fn server(turns: Vec<Turn>) -> (String, Receiver<(String, Vec<String>)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (told, heard) = mpsc::channel();
    thread::spawn(move || {
        let mut turns = turns.into_iter().peekable();
        let mut last = TAKEN;
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            while let Some((head, lines)) = request(&mut stream) {
                last = turns.next().unwrap_or(last);
                let body = (last.body)(&lines);
                let Turn { status, headers, .. } = last;
                let length = body.len();
                let answer = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\n\r\n{body}");
                if told.send((head, lines)).is_err() || stream.get_mut().write_all(answer.as_bytes()).is_err() {
                    return;
                }
            }
        }
    });
    (address, heard)
}

fn request(stream: &mut BufReader<TcpStream>) -> Option<(String, Vec<String>)> {
    let mut head = String::new();
    stream.read_line(&mut head).ok().filter(|read| *read > 0)?;
    let mut length = 0;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).ok()?;
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    let lines = String::from_utf8(body).unwrap().lines().map(Into::into).collect();
    Some((head.trim().to_owned(), lines))
}

/// Returns what stands behind a name in a line of JSON.
fn field<'a>(line: &'a str, name: &str) -> &'a str {
    let behind = line.split_once(&format!("\"{name}\":")).map_or("", |(_, behind)| behind);
    behind.split([',', '}']).next().unwrap().trim_matches('"')
}

fn key(line: &str) -> String {
    match field(line, "type") {
        "app" => "app".into(),
        "state" => "state".into(),
        kind => format!("{}.{}:{kind}", field(line, "sequence"), field(line, "attempt")),
    }
}

fn acknowledged(lines: &[String]) -> String {
    let keys: Vec<String> = lines.iter().map(|line| format!("{:?}", key(line))).collect();
    format!(r#"{{"acked":[{}],"rejected":[],"rejected_count":0}}"#, keys.join(","))
}

fn application(server: &Server) -> Application {
    let turns = (1..=3).fold(script("count").writes(["n"]), |script, n| script.gives(state! { n: n }));
    let graph = Graph::new([turns]).edge("count", "count").entry("count").build().unwrap();
    graph
        .start(state! { n: 0 })
        .project("my shop")
        .partition("ada/1")
        .app_id("a b")
        .tracker(server.clone())
        .build()
        .unwrap()
}

fn keys(heard: &Receiver<(String, Vec<String>)>) -> Vec<String> {
    heard.try_iter().flat_map(|(_, lines)| lines).map(|line| key(&line)).collect()
}

#[test]
fn steps_are_sent_as_lines_and_told_in_order() {
    let (address, heard) = server(vec![TAKEN]);
    let server = Server::at(&address);
    let mut app = application(&server);
    app.step().blocking().unwrap();
    app.step().blocking().unwrap();
    let requests: Vec<_> = heard.try_iter().collect();
    for (head, _) in &requests {
        assert_eq!(head, "POST /api/v1/projects/my%20shop/apps/a%20b/records?partition=ada%2F1 HTTP/1.1");
    }
    let lines: Vec<String> = requests.into_iter().flat_map(|(_, lines)| lines).collect();
    let keys: Vec<String> = lines.iter().map(|line| key(line)).collect();
    assert_eq!(keys, ["app", "state", "0.0:begin", "0.0:end", "1.0:begin", "1.0:end"]);
    assert!(
        lines[3].contains(r#""state":{"n":1}"#) && lines[5].contains(r#""state":{"n":2}"#),
        "states are whole: {lines:?}"
    );
    assert!(lines[5].contains(r#""told_here":true"#), "nobody else tells of the step's span: {}", lines[5]);
    assert_eq!(app.stats().trackers[0].failure, None);
}

#[test]
fn a_busy_server_is_asked_again_and_gets_nothing_out_of_order() {
    let busy = || Turn { status: "503 Busy", headers: "Retry-After: 0\r\n", body: |_| r#"{"detail":"later"}"#.into() };
    let (address, heard) = server(vec![busy(), TAKEN, busy(), busy(), TAKEN]);
    let server = Server::at(&address);
    let mut app = application(&server);
    for _ in 0..3 {
        app.step().blocking().unwrap();
    }
    let mut keys = keys(&heard);
    keys.dedup();
    let ends: Vec<&String> = keys.iter().filter(|key| key.ends_with("end")).collect();
    assert!(ends.windows(2).all(|pair| pair[0] <= pair[1]), "{keys:?}");
    assert_eq!(app.stats().trackers[0].failure, None);
}

#[test]
fn a_server_that_wants_more_time_than_there_is_has_failed_at_once() {
    let busy = Turn {
        status: "503 Busy",
        headers: "Retry-After: 18446744073709551615\r\n",
        body: |_| r#"{"detail":"the disk is full"}"#.into(),
    };
    let (address, _heard) = server(vec![busy]);
    let server = Server::at(&address);
    let mut app = application(&server);
    app.step().blocking().unwrap();
    app.step().blocking().unwrap();
    let report = &app.stats().trackers[0];
    let failure = report.failure.as_deref().unwrap_or_default();
    assert!(failure.ends_with("answered 503 Service Unavailable: the disk is full"), "{failure}");
    assert_eq!(report.missed_steps, 2);
}

#[test]
fn what_the_server_does_not_acknowledge_is_lost() {
    let forgetful = |lines: &[String]| {
        let kept: Vec<String> = lines.iter().filter(|line| !line.contains("\"end\"")).cloned().collect();
        acknowledged(&kept).replace("\"rejected\":[]", r#""rejected":[{"line":4,"reason":"it is too long"}]"#)
    };
    let (address, _heard) = server(vec![Turn { body: forgetful, ..TAKEN }]);
    let server = Server::at(&address);
    let mut app = application(&server);
    app.step().blocking().unwrap();
    let report = &app.stats().trackers[0];
    let failure = report.failure.as_deref().unwrap_or_default();
    assert!(failure.ends_with("did not take 0.0:end: it is too long"), "{failure}");
    assert_eq!(report.missed_steps, 1);
}

#[test]
fn a_run_is_loaded_with_its_long_fields() {
    let page = |body: fn(&[String]) -> String| Turn { body, ..TAKEN };
    let run = page(|_| {
        r#"{"app":{"project":"demo","app_id":"1","partition_key":null,"last_sequence":3,"last_attempt":1,
            "parent":{"app_id":"0","partition_key":null,"sequence":1},"spawned_by":null},
            "graph":{"entrypoint":"ask","actions":[],"transitions":[]},
            "placements":[{"after":null,"next":"ask","time":null}]}"#
            .into()
    });
    let step = page(|_| {
        r#"{"sequence":3,"attempt":1,"action":"ask","state":"done","choice":{"next":"answer","tried":[]}}"#.into()
    });
    let state = page(|_| {
        r#"{"seq":3,"attempt":1,"action":"ask","state":{"big":1180591620717411303424,"chat":{"$cut":true,"bytes":70000}}}"#.into()
    });
    let chat = page(|_| r#"{"seq":3,"attempt":1,"action":"ask","state":{"chat":["hi"]}}"#.into());
    let (address, heard) = server(vec![run, step, state, chat]);
    let saved = Server::at(&address).load(&Wanted::new("demo", "1"), At::Latest).unwrap().unwrap();
    assert_eq!(saved.state.to_json(), r#"{"big":1180591620717411303424,"chat":["hi"]}"#);
    assert_eq!((saved.status, saved.next_action().as_deref()), (Status::Completed, Some("answer")));
    assert_eq!(saved.record.parent.unwrap().sequence, Some(1));
    let asked: Vec<String> = heard.try_iter().map(|(head, _)| head).collect();
    let base = "GET /api/v1/projects/demo/apps/1";
    let expected = [
        "?partition=",
        "/steps/3?partition=&attempt=1",
        "/state?partition=&when=latest",
        "/state?partition=&when=latest&key=chat",
    ];
    assert_eq!(asked, expected.map(|rest| format!("{base}{rest} HTTP/1.1")));
}
