//! The format of the tests: a line for each span, each event that came apart and each record of a whole trace, its
//! fields apart by spaces.

use std::{fmt::Write, sync::Arc};

use trackway_model::*;

use super::{
    agents::{read_data, read_foreign, read_record, write_data, write_foreign, write_record},
    event, resource,
    values::{read_list, read_rest, write_list, write_rest},
};

pub fn encode(batch: &Batch) -> String {
    let mut text = String::new();
    for span in &batch.spans {
        let parent = span.parent_id.map_or("-".into(), |id| id.to_string());
        let end = span.end.map_or("-".into(), |end| end.0.to_string());
        let events: Vec<_> = span.events.iter().map(|it| format!("{}:{}", it.time.0, hex(&it.name))).collect();
        writeln!(
            text,
            "span {} {} {parent} {} {end} {} {} {} {} {} {} {} {} {} {}",
            span.trace_id,
            span.span_id,
            span.start.0,
            if span.is_error() { format!("!{}", hex(&span.status.message)) } else { "-".into() },
            hex(&span.name),
            hex(span.service()),
            hex(&span.project),
            span.flags,
            format_args!("[{}]", events.join(",")),
            write_data(span.data.as_deref()),
            write_foreign(span.foreign.as_deref()),
            u8::from(span.repeats == Repeats::Replace),
            write_rest(span),
        )
        .unwrap();
    }
    for late in &batch.events {
        let (time, name) = (late.event.time.0, hex(&late.event.name));
        let attributes = write_list(&late.event.attributes);
        writeln!(text, "event {} {} {time} {name} {attributes}", late.trace_id, late.span_id).unwrap();
    }
    for record in &batch.traces {
        writeln!(text, "trace {}", write_record(record)).unwrap();
    }
    text
}

pub fn decode(body: &[u8]) -> Result<Batch, String> {
    if body == b"panic" {
        panic!("as asked");
    }
    let text = std::str::from_utf8(body).map_err(|error| error.to_string())?;
    let mut batch = Batch::default();
    // The spans of a batch share their resource, as those of a real request do.
    let mut last: Option<Arc<Resource>> = None;
    for line in text.lines() {
        let fields: Vec<_> = line.split(' ').collect();
        match fields[..] {
            [
                "span",
                trace,
                span,
                parent,
                start,
                end,
                failed,
                name,
                service,
                project,
                flags,
                events,
                data,
                foreign,
                replaces,
                rest,
            ] => {
                let service = unhex(service);
                let shared = last.take().filter(|last| last.service() == service).unwrap_or_else(|| resource(&service));
                last = Some(Arc::clone(&shared));
                let events = events.trim_matches(['[', ']']).split(',').filter_map(|it| it.split_once(':'));
                let mut span = SpanRecord {
                    trace_id: trace.parse().unwrap(),
                    span_id: span.parse().unwrap(),
                    parent_id: parent.parse().ok(),
                    start: Timestamp(start.parse().unwrap()),
                    end: end.parse().ok().map(Timestamp),
                    name: unhex(name).into(),
                    flags: flags.parse().unwrap(),
                    status: failed.strip_prefix('!').map_or_else(Status::default, |message| Status {
                        code: StatusCode::Error,
                        message: unhex(message).into(),
                    }),
                    resource: shared,
                    project: unhex(project).into(),
                    data: read_data(data).map(Box::new),
                    foreign: read_foreign(foreign).map(Box::new),
                    repeats: if replaces == "1" { Repeats::Replace } else { Repeats::Stay },
                    events: events.map(|(time, name)| event(time.parse().unwrap(), &unhex(name))).collect(),
                    ..super::span(1, 1)
                };
                read_rest(rest, &mut span);
                batch.spans.push(span);
            }
            ["event", trace, span, time, name, attributes] => batch.events.push(SpanEvent {
                trace_id: trace.parse().unwrap(),
                span_id: span.parse().unwrap(),
                event: Event { attributes: read_list(attributes), ..event(time.parse().unwrap(), &unhex(name)) },
            }),
            ["trace", ref fields @ ..] => batch.traces.push(read_record(fields)),
            _ => return Err(format!("{line:?} is neither a span nor an event")),
        }
    }
    Ok(batch)
}

pub(super) fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn unhex(text: &str) -> String {
    let byte = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    String::from_utf8((0..text.len()).step_by(2).map(byte).collect()).unwrap()
}
