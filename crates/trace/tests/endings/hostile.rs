//! Environment variables that mean nothing.

use std::ffi::OsString;
use std::time::Duration;

use libtest_mimic::{Failed, Trial};
use trackway::export::{Memory, Otlp};
use trackway::{Tracer, span};

use crate::kit::{End, SOON, child};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("hostile::nonsense_is_named_once_and_counts_as_not_set", || nonsense_is_named(false)),
        Trial::test("hostile::nothing_is_said_to_who_wants_it_quiet", || nonsense_is_named(true)),
    ]
}

fn no_utf8() -> OsString {
    #[cfg(unix)]
    return std::os::unix::ffi::OsStringExt::from_vec(vec![b'1', 0xff, 0xfe]);
    #[cfg(not(unix))]
    return "one".into();
}

fn nonsense_is_named(quiet: bool) -> Result<(), Failed> {
    let variables: Vec<(&str, OsString)> = vec![
        ("OTEL_SDK_DISABLED", "perhaps".into()),
        ("TRACKWAY_DISABLED", no_utf8()),
        ("OTEL_SERVICE_NAME", no_utf8()),
        ("OTEL_RESOURCE_ATTRIBUTES", "a=1,=2,nothing,%%%=%zz,\u{1f980}=%F0%9F".into()),
        ("OTEL_TRACES_SAMPLER", "sometimes\u{1b}[31m".into()),
        ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "-5".into()),
        ("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "99999999999999999999999999".into()),
        ("OTEL_SPAN_EVENT_COUNT_LIMIT", "1e3".into()),
        ("OTEL_SPAN_LINK_COUNT_LIMIT", no_utf8()),
    ];
    let mut command = child("hostile program");
    command.envs(variables.iter().map(|(name, value)| (name, value)));
    // These are the exporter's, which tells of the first.
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", no_utf8()).env("OTEL_EXPORTER_OTLP_TIMEOUT", "soon");
    command.env("OTEL_EXPORTER_OTLP_HEADERS", "secret").env("OTEL_EXPORTER_OTLP_COMPRESSION", no_utf8());
    command.env("TRACKWAY_CLOCK", "sundial");
    if quiet {
        command.env("TRACKWAY_QUIET", "1");
    }
    let end = End::of(command, Duration::from_secs(30))?;
    if !end.is_well {
        return Err(end.said.into());
    }
    let expected = usize::from(!quiet);
    for (name, _) in variables {
        let told = end.said.lines().filter(|line| line.contains(&format!("{name} "))).count();
        if told != expected {
            return Err(format!("{name} was named {told} times\n{}", end.said).into());
        }
    }
    let told = end.said.lines().filter(|line| line.contains("spans are dropped: OTEL_EXPORTER_OTLP_ENDPOINT")).count();
    if told != expected || end.said.contains("secret") || end.said.contains('\u{1b}') {
        return Err(end.said.into());
    }
    Ok(())
}

pub(crate) fn program() {
    assert!(Otlp::new().check().is_err());
    for round in 0..2 {
        let memory = Memory::new();
        let builder = Tracer::builder().exporter(memory.clone());
        let installed = if round == 0 { builder.exporter(Otlp::new()) } else { builder }.install();
        {
            let work = span!("work");
            for number in 0..200 {
                work.attribute(&*format!("key {number}"), number).event("event");
            }
        }
        assert!(installed.tracer().flush(SOON));
        let span = &memory.spans()[0];
        assert_eq!((span.attributes.len(), span.events.len()), (128, 128));
        assert!(span.resource.service().starts_with("unknown_service"));
        assert!(span.resource.attributes.get("a").is_some());
    }
}
