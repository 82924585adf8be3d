//! Zipkin's second format: its published rules for fields hold for what we write, and what others wrote comes out of records
//! as it was. Zipkin's own examples and its definition are read where `TRACKWAY_CONFORMANCE` says.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use base64::{Engine, prelude::BASE64_STANDARD};
use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::{Value as Json, json};
use trackway_model::{
    Attributes, Dropped, Event, Link, Resource, Scope, SpanId, SpanKind, SpanRecord, Status, StatusCode, Timestamp,
    TraceId, Value,
};
use trackway_wire::zipkin;

const EXAMPLES: [&str; 10] = [
    "ascend.json",
    "envoy.json",
    "messaging-kafka.json",
    "messaging.json",
    "messaging2.json",
    "simple-db-p6.json",
    "skew.json",
    "yelp.json",
    "zipkin2-chinese.json",
    "zipkin2-client.json",
];

const RECORDED: [&str; 3] =
    ["opencensus-zipkin-v2-json-sync.json", "opencensus-zipkin-v2-json-async.json", "py-zipkin-v2json.json"];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let directory = std::env::var_os("TRACKWAY_CONFORMANCE").map(|directory| PathBuf::from(directory).join("zipkin"));
    let given = directory.is_some();
    let directory = directory.unwrap_or_default();
    let mut trials = vec![
        ours("every_field_of_a_span_has_its_place", every_field_of_a_span_has_its_place),
        ours("what_is_not_known_is_not_written", what_is_not_known_is_not_written),
        ours("what_fails_has_the_tag_error_and_nothing_else_has", what_fails_has_the_tag_error_and_nothing_else_has),
        ours("the_other_end_is_told_by_the_kind", the_other_end_is_told_by_the_kind),
    ];
    for name in RECORDED {
        trials.push(Trial::test(format!("recorded/{name}"), move || recorded(name)));
    }
    for name in EXAMPLES {
        let path = directory.join("traces").join(name);
        trials.push(Trial::test(format!("zipkin/{name}"), move || example(&path)).with_ignored_flag(!given));
    }
    let definition = directory.join("zipkin2-api.yaml");
    let fields = move || fields_are_those_of_the_definition(&definition);
    trials.push(Trial::test("zipkin/zipkin2-api.yaml", fields).with_ignored_flag(!given));
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn ours(name: &str, test: fn()) -> Trial {
    Trial::test(name, move || {
        test();
        Ok(())
    })
}

/// Fails unless the list keeps the rules of `zipkin2-api.yaml`.
fn keeps_the_rules(spans: &Json) -> Result<(), Failed> {
    for span in spans.as_array().ok_or("no list")? {
        let hex = |json: &Json, lengths: &[usize]| {
            let text = json.as_str().unwrap_or_default();
            lengths.contains(&text.len()) && text.bytes().all(|byte| b"0123456789abcdef".contains(&byte))
        };
        let whole = |json: &Json, least: u64| json.as_u64().is_some_and(|number| number >= least);
        let absent_or = |key: &str, rule: &dyn Fn(&Json) -> bool| span.get(key).is_none_or(rule);
        let endpoint = |json: &Json| {
            let text = |key: &str| json.get(key).is_none_or(Json::is_string);
            let port = json.get("port").is_none_or(|port| whole(port, 1) && port.as_u64() <= Some(65_535));
            text("serviceName") && text("ipv4") && text("ipv6") && port
        };
        let kinds = ["CLIENT", "SERVER", "PRODUCER", "CONSUMER"];
        let annotation = |json: &Json| whole(&json["timestamp"], 1) && json["value"].is_string();
        let rules = [
            ("traceId", hex(&span["traceId"], &[16, 32])),
            ("id", hex(&span["id"], &[16])),
            ("parentId", absent_or("parentId", &|json| hex(json, &[16]))),
            ("name", absent_or("name", &Json::is_string)),
            ("kind", absent_or("kind", &|json| kinds.contains(&json.as_str().unwrap_or_default()))),
            ("timestamp", absent_or("timestamp", &|json| whole(json, 1))),
            ("duration", absent_or("duration", &|json| whole(json, 1))),
            ("localEndpoint", absent_or("localEndpoint", &endpoint)),
            ("remoteEndpoint", absent_or("remoteEndpoint", &endpoint)),
            (
                "annotations",
                absent_or("annotations", &|json| json.as_array().is_some_and(|all| all.iter().all(annotation))),
            ),
            ("tags", absent_or("tags", &|json| json.as_object().is_some_and(|map| map.values().all(Json::is_string)))),
        ];
        if let Some((field, _)) = rules.iter().find(|(_, holds)| !holds) {
            return Err(format!("{field} breaks a rule in {span}").into());
        }
    }
    Ok(())
}

fn written(records: &[SpanRecord]) -> Json {
    let json = serde_json::from_str(&zipkin::spans(records)).unwrap();
    keeps_the_rules(&json).unwrap_or_else(|failed| panic!("{}", failed.message().unwrap_or_default()));
    json
}

/// What a client sent, made records and written again, is what it sent.
fn again(sent: &Json) -> Result<(), Failed> {
    keeps_the_rules(sent)?;
    let sent = sent.as_array().unwrap();
    let records: Vec<SpanRecord> = sent.iter().map(record_of).collect();
    let made = written(&records);
    for (sent, made) in sent.iter().zip(made.as_array().unwrap()) {
        let expected = expected(sent);
        if *made != expected {
            return Err(format!("made {made}\nexpected {expected}").into());
        }
    }
    Ok(())
}

/// Returns what we write of such a span: ids in full, truth in small letters, no empty lists, nothing that is not ours to say.
fn expected(sent: &Json) -> Json {
    let mut span = sent.as_object().unwrap().clone();
    let id = format!("{:0>32}", span["traceId"].as_str().unwrap());
    span.insert("traceId".into(), id.into());
    // Spans of two processes with one id are not what our clients send.
    span.remove("shared");
    span.remove("debug");
    let service = span.get("localEndpoint").and_then(|endpoint| endpoint.get("serviceName")).cloned();
    span.insert("localEndpoint".into(), json!({"serviceName": service.unwrap_or("unknown_service".into())}));
    span.retain(|_, json| *json != json!({}) && *json != json!([]));
    let error = span.get("tags").and_then(|tags| tags.get("error")).is_some();
    if error {
        span["tags"].as_object_mut().unwrap().insert("otel.status_code".into(), "ERROR".into());
    }
    Json::Object(span)
}

fn record_of(span: &Json) -> SpanRecord {
    let text = |json: &Json| json.as_str().map(str::to_owned);
    let number = |key: &str| span[key].as_u64().unwrap_or_default() * 1000;
    let id = format!("{:0>32}", span["traceId"].as_str().unwrap());
    let start = Timestamp(number("timestamp"));
    let mut record = blank(id.parse().unwrap(), span["id"].as_str().unwrap().parse().unwrap());
    record.parent_id = text(&span["parentId"]).map(|id| id.parse().unwrap());
    record.name = text(&span["name"]).unwrap_or_default().into();
    record.kind = match span["kind"].as_str() {
        Some("CLIENT") => SpanKind::Client,
        Some("SERVER") => SpanKind::Server,
        Some("PRODUCER") => SpanKind::Producer,
        Some("CONSUMER") => SpanKind::Consumer,
        _ => SpanKind::Internal,
    };
    record.start = start;
    record.end = span["duration"].as_u64().map(|micros| Timestamp(start.0 + micros * 1000));
    if let Some(service) = text(&span["localEndpoint"]["serviceName"]) {
        Arc::make_mut(&mut record.resource).attributes.push("service.name", service);
    }
    for (key, tag) in span["tags"].as_object().into_iter().flatten() {
        match key.as_str() {
            "error" => record.status = Status { code: StatusCode::Error, message: text(tag).unwrap().into() },
            key => record.attributes.push(key, text(tag).unwrap()),
        }
    }
    for annotation in span["annotations"].as_array().into_iter().flatten() {
        let time = Timestamp(annotation["timestamp"].as_u64().unwrap() * 1000);
        record.events.push(Event { time, name: text(&annotation["value"]).unwrap().into(), ..Event::default() });
    }
    record
}

fn recorded(name: &str) -> Result<(), Failed> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/wire").join(name);
    let capture: Json = serde_json::from_slice(&std::fs::read(path)?)?;
    for request in capture["requests"].as_array().unwrap() {
        assert_eq!((&request["method"], &request["path"]), (&json!("POST"), &json!("/api/v2/spans")));
        let body = request.as_object().unwrap().iter().find(|(key, _)| key.starts_with("body")).unwrap().1;
        let mut sent: Json = serde_json::from_slice(&BASE64_STANDARD.decode(body.as_str().unwrap())?)?;
        for span in sent.as_array_mut().unwrap() {
            leave_the_other_end_out(span);
        }
        again(&sent)?;
    }
    Ok(())
}

fn example(path: &Path) -> Result<(), Failed> {
    let mut sent: Json = serde_json::from_slice(&std::fs::read(path)?)?;
    if sent.is_object() {
        sent = json!([sent]);
    }
    for span in sent.as_array_mut().unwrap() {
        leave_the_other_end_out(span);
    }
    again(&sent)
}

/// Leaves the other end out: with us it is read from attributes, which has a test of its own.
fn leave_the_other_end_out(span: &mut Json) {
    span.as_object_mut().unwrap().remove("remoteEndpoint");
    let tags = span.get_mut("tags").and_then(Json::as_object_mut);
    for key in
        ["server.address", "peer.service", "net.peer.name", "peer.ipv4", "peer.hostname", "peer.address", "db.name"]
    {
        if let Some(tags) = &tags {
            assert!(!tags.contains_key(key), "{key}");
        }
    }
}

fn blank(trace_id: TraceId, span_id: SpanId) -> SpanRecord {
    SpanRecord {
        trace_id,
        span_id,
        parent_id: None,
        flags: 1,
        trace_state: "".into(),
        name: "".into(),
        kind: SpanKind::Internal,
        start: Timestamp(0),
        end: None,
        attributes: Attributes::default(),
        events: Vec::new(),
        links: Vec::new(),
        status: Status::default(),
        dropped: Dropped::default(),
        scope: Arc::new(Scope::default()),
        resource: Arc::new(Resource::default()),
        project: "".into(),
        data: None,
        foreign: None,
        repeats: Default::default(),
    }
}

fn one() -> SpanRecord {
    blank("4bf92f3577b34da6a3ce929d0e0e4736".parse().unwrap(), "00f067aa0ba902b7".parse().unwrap())
}

/// A span with everything.
fn whole() -> SpanRecord {
    let mut record = one();
    record.parent_id = Some("b8ad6ac560cd6b4c".parse().unwrap());
    record.name = "GET /orders".into();
    record.kind = SpanKind::Client;
    (record.start, record.end) = (Timestamp(1_795_188_802_089_183_999), Some(Timestamp(1_795_188_802_089_205_000)));
    record.trace_state = "vendor=1".into();
    Arc::make_mut(&mut record.resource).attributes.push("service.name", "shop");
    Arc::make_mut(&mut record.resource).attributes.push("service.version", "1.2");
    record.scope = Arc::new(Scope { name: "checkout".into(), version: "0.9".into(), ..Scope::default() });
    let values = [
        ("text", Value::from("é☃")),
        ("flag", false.into()),
        ("ratio", 0.5.into()),
        ("odd", f64::NAN.into()),
        ("list", vec!["a", "b"].into()),
        ("big", 9_007_199_254_740_993_i64.into()),
        ("bytes", Value::Bytes([1, 2].as_slice().into())),
        ("peer.service", "stock".into()),
        ("server.port", 8080.into()),
    ];
    record.attributes = values.into_iter().collect();
    let fields: Attributes = [("tries", Value::from(2)), ("key", "user:1".into())].into_iter().collect();
    record.events = vec![
        Event {
            time: Timestamp(1_795_188_802_089_190_000),
            name: "cache miss".into(),
            attributes: fields,
            ..Event::default()
        },
        Event { time: Timestamp(1_795_188_802_089_191_000), name: "retry".into(), ..Event::default() },
    ];
    record.links = vec![Link {
        trace_id: Some(record.trace_id),
        span_id: record.parent_id,
        trace_state: "".into(),
        flags: 1,
        attributes: [("why", Value::from("batch"))].into_iter().collect(),
        dropped_attributes: 0,
    }];
    record.status = Status { code: StatusCode::Error, message: "declined".into() };
    record.dropped = Dropped { attributes: 1, events: 2, links: 3 };
    record
}

fn every_field_of_a_span_has_its_place() {
    let link = r#"[{"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","id":"b8ad6ac560cd6b4c","why":"batch"}]"#;
    let expected = json!([{
        "traceId": "4bf92f3577b34da6a3ce929d0e0e4736", "id": "00f067aa0ba902b7", "parentId": "b8ad6ac560cd6b4c",
        "name": "GET /orders", "kind": "CLIENT", "timestamp": 1_795_188_802_089_183_u64, "duration": 22,
        "localEndpoint": {"serviceName": "shop"}, "remoteEndpoint": {"serviceName": "stock", "port": 8080},
        "annotations": [
            {"timestamp": 1_795_188_802_089_190_u64, "value": r#"{"cache miss":{"tries":2,"key":"user:1"}}"#},
            {"timestamp": 1_795_188_802_089_191_u64, "value": "retry"},
        ],
        "tags": {
            "service.version": "1.2", "otel.scope.name": "checkout", "otel.scope.version": "0.9", "text": "é☃",
            "flag": "false", "ratio": "0.5", "odd": "NaN", "list": r#"["a","b"]"#, "big": "9007199254740993", "bytes": "AQI=",
            "peer.service": "stock", "server.port": "8080", "w3c.tracestate": "vendor=1", "otel.links": link,
            "otel.dropped_attributes_count": "1", "otel.dropped_events_count": "2", "otel.dropped_links_count": "3",
            "otel.status_code": "ERROR", "error": "declined",
        },
    }]);
    assert_eq!(written(&[whole()]), expected);
}

fn what_is_not_known_is_not_written() {
    let mut record = one();
    let bare = json!({
        "traceId": "4bf92f3577b34da6a3ce929d0e0e4736", "id": "00f067aa0ba902b7",
        "localEndpoint": {"serviceName": "unknown_service"},
    });
    assert_eq!(written(&[record.clone()]), json!([bare]));
    (record.start, record.end) = (Timestamp(5_000), Some(Timestamp(5_000)));
    assert_eq!(written(&[record.clone()])[0]["duration"], 1, "nothing lasts less than a microsecond");
    record.end = Some(Timestamp(0));
    assert_eq!(written(&[record])[0]["duration"], 1, "a clock that went back");
}

fn what_fails_has_the_tag_error_and_nothing_else_has() {
    let mut record = one();
    record.attributes.push("error", false);
    assert_eq!(written(&[record.clone()])[0].get("tags"), None, "its presence alone would say that it failed");
    record.status.code = StatusCode::Ok;
    assert_eq!(written(&[record.clone()])[0]["tags"], json!({"otel.status_code": "OK"}));
    record.status.code = StatusCode::Error;
    assert_eq!(written(&[record])[0]["tags"], json!({"otel.status_code": "ERROR", "error": ""}));
}

fn the_other_end_is_told_by_the_kind() {
    let remote = |kind: SpanKind, attributes: &[(&str, Value)]| {
        let mut record = one();
        record.kind = kind;
        record.attributes = attributes.iter().map(|(key, value)| (*key, value.clone())).collect();
        written(&[record])[0].get("remoteEndpoint").cloned()
    };
    let server = [
        ("server.address", Value::from("db.example")),
        ("network.peer.address", "10.0.0.2".into()),
        ("server.port", 5432.into()),
    ];
    let whole = json!({"serviceName": "db.example", "ipv4": "10.0.0.2", "port": 5432});
    assert_eq!(remote(SpanKind::Client, &server), Some(whole.clone()));
    assert_eq!(remote(SpanKind::Producer, &server), Some(whole));
    assert_eq!(remote(SpanKind::Internal, &server), None);
    let client = [("client.address", Value::from("2001:db8::1")), ("client.port", 0.into())];
    assert_eq!(remote(SpanKind::Server, &client), Some(json!({"ipv6": "2001:db8::1"})), "a port is never 0");
    let mapped = [("network.peer.address", Value::from("::ffff:10.0.0.3")), ("network.peer.port", 70_000.into())];
    assert_eq!(remote(SpanKind::Client, &mapped), Some(json!({"ipv4": "10.0.0.3"})), "a mapped address is the other");
    assert_eq!(remote(SpanKind::Client, &[("server.port", 80.into())]), None, "a port alone names nobody");
}

/// The fields that we write are fields of the definition, read from its list of properties.
fn fields_are_those_of_the_definition(path: &Path) -> Result<(), Failed> {
    let text = std::fs::read_to_string(path)?;
    let properties = |name: &str| -> BTreeSet<String> {
        let definition = text.split(&format!("\n  {name}:\n")).nth(1).unwrap();
        let lines = definition.lines().take_while(|line| line.is_empty() || line.starts_with("   "));
        let inside = lines
            .skip_while(|line| *line != "    properties:")
            .skip(1)
            .take_while(|line| line.is_empty() || line.starts_with("      "));
        let named = |line: &str| line.strip_prefix("      ")?.strip_suffix(':').map(str::to_owned);
        inside.filter_map(named).filter(|name| !name.starts_with(' ')).collect()
    };
    let keys = |json: &Json| -> BTreeSet<String> { json.as_object().unwrap().keys().cloned().collect() };
    let span = &written(&[whole()])[0];
    let known = properties("Span");
    assert!(known.contains("traceId") && known.len() == 13, "{known:?}");
    assert!(keys(span).is_subset(&known), "{:?}", keys(span));
    assert!(keys(&span["remoteEndpoint"]).is_subset(&properties("Endpoint")));
    assert!(keys(&span["annotations"][0]).is_subset(&properties("Annotation")));
    Ok(())
}
