//! The servers that are compared, and how each is asked.

use std::{
    fs::File,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use rustix::fs::{Advice, fadvise};
use serde_json::{Value as Json, json};
use tempfile::TempDir;
use trackway_bench::process::{self, Server};
use ureq::Agent;

use crate::{
    load::{DAY, FIRST, words},
    question::{Hour, PAGE, Question, WHOLE, marked_text, tenant_name, user_name},
    send::client,
    watch::Settling,
};

/// Who stores the load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    Trackway,
    /// The same spans as rows of SQLite.
    Rows,
    Mira,
}

/// A running server and its directory.
pub(crate) struct Running {
    pub(crate) who: Who,
    pub(crate) server: Server,
    directory: TempDir,
    client: Agent,
}

/// What was found, and how long that took, its last byte included.
pub(crate) struct Answer {
    pub(crate) took: Duration,
    pub(crate) items: usize,
}

impl Who {
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Trackway => "Trackway",
            Self::Rows => "rows in SQLite",
            Self::Mira => "Mira 0.4.4",
        }
    }

    pub(crate) fn settling(self, mira: Duration) -> Settling {
        let seconds = Duration::from_secs;
        match self {
            // It was told to put everything away.
            Self::Trackway => Settling { quiet: seconds(3), most: seconds(180) },
            Self::Rows => Settling { quiet: seconds(3), most: seconds(30) },
            // It looks for something to compress once a minute.
            Self::Mira => Settling { quiet: seconds(70).min(mira), most: mira },
        }
    }
}

/// Finds Mira's binary: `$MIRA_BIN`, or what `make bench-store` installed.
pub(crate) fn mira() -> Option<PathBuf> {
    let path = std::env::var_os("MIRA_BIN").map_or_else(|| PathBuf::from("target/mira/bin/mira"), PathBuf::from);
    path.is_file().then_some(path)
}

impl Running {
    pub(crate) fn start(who: Who, arguments: &[String]) -> Result<Self> {
        let directory = tempfile::tempdir()?;
        let data = directory.path().join("data");
        let server = match who {
            Who::Trackway => {
                let mut command = Command::new(process::trackway()?);
                command.env_clear().env("HOME", directory.path());
                command.args(["--json", "--listen", "127.0.0.1:0", "--otlp-http", "off", "--otlp-grpc", "off"]);
                command.arg("--data-dir").arg(&data).args(arguments);
                Server::start(command)?
            }
            Who::Rows => {
                let mut command = Command::new(std::env::current_exe()?);
                std::fs::create_dir(&data)?;
                command.arg("--rows-server").arg(&data);
                Server::start(command)?
            }
            Who::Mira => {
                // It does not say which free port it took.
                let [http, grpc] = [free()?, free()?];
                let mut command = Command::new(mira().context("Mira is not installed")?);
                command.arg("--data-dir").arg(&data).args(["--retention", "36500d"]);
                command.args(["--http", &http.to_string(), "--grpc", &grpc.to_string()]);
                Server::start_at(command, http)?
            }
        };
        Ok(Self { who, server, directory, client: client() })
    }

    /// Where the server keeps everything.
    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Takes the server's files out of the memory of the system.
    pub(crate) fn forget(&self) -> Result<()> {
        forget(self.directory())
    }

    /// Has Trackway write what it holds and merge what it would merge later, so that this work is counted; the others do theirs
    /// by themselves.
    pub(crate) fn put_away(&self) -> Result<()> {
        if self.who == Who::Trackway {
            self.post("/api/v1/store/compact", "application/json", b"")?;
        }
        Ok(())
    }

    pub(crate) fn ask(&self, question: &Question) -> Result<Answer> {
        match self.who {
            Who::Trackway => self.ask_trackway(question),
            Who::Rows => self.ask_rows(question),
            Who::Mira => self.ask_mira(question),
        }
    }

    fn ask_trackway(&self, question: &Question) -> Result<Answer> {
        let traces = |limit: usize, rest: &str| (format!("/api/v1/traces?limit={limit}{rest}"), "traces");
        let filter = |text: &str| format!("&filter={}", escaped(text));
        let (path, list) = match question {
            Question::Trace(id) => (format!("/api/v1/traces/{}?limit=1000", hex(id)), "spans"),
            Question::Hour(hour) => {
                let (start, end) = (time(hour.start())?, time(hour.end())?);
                traces(PAGE, &format!("&start={start}&end={end}{}", filter(&hour_filter(*hour))))
            }
            Question::User(rank) => {
                traces(WHOLE, &filter(&format!("{{ span.enduser.id = \"{}\" }}", user_name(*rank))))
            }
            Question::Text(number) => {
                traces(WHOLE, &filter(&format!("{{ span.gen_ai.prompt contains \"{}\" }}", marked_text(*number))))
            }
            Question::Newest => traces(PAGE, ""),
        };
        let (begun, mut items, mut cursor) = (Instant::now(), 0, String::new());
        loop {
            let page = self.get(&format!("{path}{cursor}"))?;
            items += page.get(list).and_then(Json::as_array).context("no list")?.len();
            let is_cut = page.pointer("/search/cut").and_then(Json::as_bool) == Some(true);
            match page.get("next").and_then(Json::as_str) {
                Some(next) if is_cut => cursor = format!("&cursor={next}"),
                _ => return Ok(Answer { took: begun.elapsed(), items }),
            }
        }
    }

    fn ask_rows(&self, question: &Question) -> Result<Answer> {
        let path = match question {
            Question::Trace(id) => format!("/trace/{}", hex(id)),
            Question::Hour(hour) => format!(
                "/hour?service={}&name={}&tenant={}&start={}&end={}&least={}",
                words::service(hour.service),
                escaped(&words::operation(0, hour.service)),
                tenant_name(hour.tenant),
                hour.start(),
                hour.end(),
                Hour::LEAST_NANOS
            ),
            Question::User(rank) => format!("/user?user={}", user_name(*rank)),
            Question::Text(number) => format!("/text?text={}", escaped(&marked_text(*number))),
            Question::Newest => "/newest".into(),
        };
        let begun = Instant::now();
        let found = self.get(&path)?;
        let items = found.as_array().context("no list")?.len();
        Ok(Answer { took: begun.elapsed(), items })
    }

    fn ask_mira(&self, question: &Question) -> Result<Answer> {
        let whole = (FIRST - DAY, FIRST + 2 * DAY);
        let (terms, limit, (from, to)) = match question {
            Question::Trace(id) => (json!([{"field": "trace_id", "eq": hex(id)}]), 1_000, whole),
            Question::Hour(hour) => {
                let terms = json!([
                    {"attr": "service.name", "eq": words::service(hour.service)},
                    {"field": "name", "eq": words::operation(0, hour.service)},
                    {"field": "duration_nano", "gte": Hour::LEAST_NANOS},
                    {"attr": "app.tenant", "eq": tenant_name(hour.tenant)},
                ]);
                (terms, PAGE, (hour.start(), hour.end()))
            }
            Question::User(rank) => (json!([{"attr": "enduser.id", "eq": user_name(*rank)}]), WHOLE, whole),
            Question::Text(number) => {
                (json!([{"attr": "gen_ai.prompt", "contains": marked_text(*number)}]), WHOLE, whole)
            }
            Question::Newest => (json!([]), PAGE, whole),
        };
        let document = json!({"signal": "traces", "from": from, "to": to, "limit": limit, "where": terms});
        let begun = Instant::now();
        let url = format!("{}/api/v1/query", self.server.url());
        let answer = self.client.post(&url).content_type("application/json").send(document.to_string().as_bytes())?;
        let found = read(answer, &url)?;
        let items = found.get("rows").and_then(Json::as_array).context("no rows")?.len();
        Ok(Answer { took: begun.elapsed(), items })
    }

    /// Asks Trackway, or the server of rows.
    pub(crate) fn get(&self, path: &str) -> Result<Json> {
        let url = format!("{}{path}", self.server.url());
        read(self.client.get(&url).call()?, &url)
    }

    /// Sends something to Trackway that it must take; returns how many bytes that were.
    pub(crate) fn post(&self, path: &str, content_type: &str, body: &[u8]) -> Result<usize> {
        let url = format!("{}{path}", self.server.url());
        read_text(self.client.post(&url).content_type(content_type).send(body)?, &url)?;
        Ok(body.len())
    }
}

/// The filter of a question over an hour.
fn hour_filter(hour: Hour) -> String {
    format!(
        "{{ service = \"{}\" && name = \"{}\" && duration >= {}ns && span.app.tenant = \"{}\" }}",
        words::service(hour.service),
        words::operation(0, hour.service),
        Hour::LEAST_NANOS,
        tenant_name(hour.tenant)
    )
}

type Response = ureq::http::Response<ureq::Body>;

fn read(answer: Response, url: &str) -> Result<Json> {
    Ok(serde_json::from_slice(&read_text(answer, url)?)?)
}

fn read_text(mut answer: Response, url: &str) -> Result<Vec<u8>> {
    let body = answer.body_mut().with_config().limit(1 << 30).read_to_vec()?;
    ensure!(answer.status() == 200, "{url}: {} {}", answer.status(), String::from_utf8_lossy(&body));
    Ok(body)
}

fn forget(directory: &Path) -> Result<()> {
    for entry in directory.read_dir()? {
        let path = entry?.path();
        if path.is_dir() {
            forget(&path)?;
        } else if let Ok(file) = File::open(&path) {
            // Only what is on the disk already can be forgotten.
            file.sync_all()?;
            fadvise(&file, 0, None, Advice::DontNeed)?;
        }
    }
    Ok(())
}

fn free() -> Result<std::net::SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

fn time(nanos: u64) -> Result<String> {
    Ok(Timestamp::from_nanosecond(i128::from(nanos))?.to_string())
}

fn hex(id: &[u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(*id))
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
