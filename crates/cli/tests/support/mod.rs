//! The binary as a program runs it.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use std::{
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value as Json;
use ureq::Agent;

/// A running server; killed when dropped.
pub struct Trackway {
    child: Child,
    pub ui: String,
    pub ready: Json,
}

/// The binary, told to look at nothing of this machine's user.
pub fn command(data_dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trackway"));
    command.env_clear().env("HOME", data_dir).arg("--data-dir").arg(data_dir);
    command
}

/// Starts a server on free ports.
pub fn start(data_dir: &Path) -> Trackway {
    start_on(data_dir, "off")
}

/// Starts a server with its OTLP/HTTP listener at an address.
pub fn start_on(data_dir: &Path, otlp_http: &str) -> Trackway {
    started(command(data_dir), otlp_http)
}

/// Starts a server on free ports, with more settings.
pub fn start_with(data_dir: &Path, arguments: &[&str]) -> Trackway {
    let mut command = command(data_dir);
    command.args(arguments);
    started(command, "off")
}

/// Starts a server at an address that one had before.
pub fn start_at(data_dir: &Path, listen: &str) -> Trackway {
    started_at(command(data_dir), listen, "off")
}

fn started(command: Command, otlp_http: &str) -> Trackway {
    started_at(command, "127.0.0.1:0", otlp_http)
}

fn started_at(mut command: Command, listen: &str, otlp_http: &str) -> Trackway {
    command.args(["--json", "--listen", listen, "--otlp-http", otlp_http, "--otlp-grpc", "off"]);
    ready(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
        .unwrap_or_else(|said| panic!("{said}"))
}

/// Starts a server on free ports without waiting for it; what it says on stderr goes where the command says.
pub fn spawn(mut command: Command) -> Child {
    command.args(["--json", "--listen", "127.0.0.1:0", "--otlp-http", "off", "--otlp-grpc", "off"]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap()
}

/// Starts a server on free ports, or returns why it did not start.
pub fn try_start(command: Command) -> Result<Trackway, String> {
    ready(spawn(command))
}

/// Waits until a server tells where it is.
fn ready(mut child: Child) -> Result<Trackway, String> {
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    match serde_json::from_str::<Json>(&line) {
        Ok(ready) => Ok(Trackway { child, ui: ready["ui"].as_str().unwrap().to_owned(), ready }),
        Err(error) => {
            let mut said = String::new();
            if let Some(mut stderr) = child.stderr.take() {
                stderr.read_to_string(&mut said).unwrap();
            }
            drop(child.kill()); // it may have ended already
            drop(child.wait());
            Err(format!("no ready line ({error}): {line:?}, {said}"))
        }
    }
}

pub fn agent() -> Agent {
    let config = Agent::config_builder().http_status_as_error(false).proxy(None);
    config.timeout_global(Some(Duration::from_secs(30))).build().into()
}

impl Trackway {
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn get(&self, path: &str) -> Json {
        let text = agent().get(format!("{}{path}", self.ui)).call().unwrap().body_mut().read_to_string().unwrap();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}: {text}"))
    }

    /// Posts a body and returns the status and the answer.
    pub fn post(&self, path: &str, headers: &[(String, String)], body: &[u8]) -> (u16, Vec<u8>) {
        let mut request = agent().post(format!("{}{path}", self.ui));
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let mut answer = request.send(body).unwrap();
        (answer.status().as_u16(), answer.body_mut().read_to_vec().unwrap())
    }

    /// Ends the process as `kill -9` does.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends SIGTERM and returns how the process ended, and after how long.
    pub fn terminate(mut self) -> (ExitStatus, Duration) {
        let start = Instant::now();
        let sent = Command::new("kill").arg("-TERM").arg(self.pid().to_string()).status().unwrap();
        assert!(sent.success());
        let status = self.child.wait().unwrap();
        (status, start.elapsed())
    }
}

impl Drop for Trackway {
    fn drop(&mut self) {
        drop(self.child.kill()); // it may have ended already
        drop(self.child.wait());
    }
}

/// A recorded request of `fixtures/wire`.
pub struct Recorded {
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// The requests of a recording; a gRPC message becomes the HTTP request with the same bytes.
pub fn recording(name: &str) -> Vec<Recorded> {
    let path = format!("{}/../../fixtures/wire/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let recording: Json = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    recording["requests"].as_array().unwrap().iter().map(recorded).collect()
}

fn recorded(request: &Json) -> Recorded {
    if let Some(message) = request["message_base64"].as_str() {
        return Recorded {
            path: "/v1/traces".into(),
            headers: vec![("content-type".into(), "application/x-protobuf".into())],
            body: STANDARD.decode(message).unwrap(),
        };
    }
    let pair = |pair: &Json| (pair[0].as_str().unwrap().to_owned(), pair[1].as_str().unwrap().to_owned());
    let kept = |(name, _): &(String, String)| ["content-type", "content-encoding"].contains(&&*name.to_lowercase());
    Recorded {
        path: request["path"].as_str().unwrap().to_owned(),
        headers: request["headers"].as_array().unwrap().iter().map(pair).filter(kept).collect(),
        body: STANDARD.decode(request["body_base64"].as_str().unwrap()).unwrap(),
    }
}

/// A recorded request of `fixtures/openai-agents` or `fixtures/genai`, sent to a project.
pub fn agents(request: &Json, project: &str) -> Recorded {
    let headers = request["request"]["headers"].as_object().unwrap();
    // The recorded bodies are uncompressed.
    let kept = ["content-type", "openai-beta", "user-agent"];
    let kept = headers.iter().filter(|(name, _)| kept.contains(&&*name.to_lowercase()));
    let pair = |(name, value): (&String, &Json)| (name.clone(), value.as_str().unwrap().to_owned());
    let mut headers: Vec<_> = kept.map(pair).collect();
    headers.push(("trackway-project".into(), project.into()));
    let path = request["request"]["path"].as_str().unwrap();
    // Langfuse's own door to OTLP has a prefix.
    let path = path.strip_prefix("/api/public/otel").unwrap_or(path).to_owned();
    let body = match request["body_base64"].as_str() {
        Some(body) => STANDARD.decode(body).unwrap(),
        None => serde_json::to_vec(&request["body"]).unwrap(),
    };
    Recorded { path, headers, body }
}
