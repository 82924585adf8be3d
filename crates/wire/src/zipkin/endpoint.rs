//! Who is at the other end of a call, read from the span's attributes.

use std::net::IpAddr;

use trackway_model::{SpanKind, SpanRecord, Value};

use crate::json_text::Object;

/// Zipkin's `Endpoint`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Endpoint<'a> {
    service: Option<&'a str>,
    address: Option<IpAddr>,
    port: Option<u16>,
}

/// Names of attributes, those that count first in front, as OpenTelemetry's conventions spelt them over time.
struct Spelling {
    services: &'static [&'static str],
    addresses: &'static [&'static str],
    ports: &'static [&'static str],
}

const SERVER: Spelling = Spelling {
    services: &[
        "peer.service",
        "server.address",
        "net.peer.name",
        "net.sock.peer.name",
        "peer.hostname",
        "peer.address",
        "messaging.system",
        "db.namespace",
        "db.name",
    ],
    addresses: &[
        "network.peer.address",
        "net.sock.peer.addr",
        "net.peer.ip",
        "peer.ipv4",
        "peer.ipv6",
        "server.address",
    ],
    ports: &["network.peer.port", "server.port", "net.sock.peer.port", "net.peer.port", "peer.port"],
};

const CLIENT: Spelling = Spelling {
    services: &["peer.service", "client.address"],
    addresses: &["client.address", "network.peer.address", "net.sock.peer.addr", "net.peer.ip"],
    ports: &["client.port", "network.peer.port", "net.sock.peer.port", "net.peer.port"],
};

/// Returns the other end, when the span is one side of a call and knows the other.
pub(super) fn remote(record: &SpanRecord) -> Option<Endpoint<'_>> {
    let spelling = match record.kind {
        SpanKind::Client | SpanKind::Producer | SpanKind::Consumer => SERVER,
        SpanKind::Server => CLIENT,
        SpanKind::Internal | SpanKind::Unspecified => return None,
    };
    let text = |key: &&str| record.attributes.text(key).filter(|text| !text.is_empty());
    let service = spelling.services.iter().filter_map(text).find(|name| name.parse::<IpAddr>().is_err());
    let address = spelling.addresses.iter().filter_map(text).find_map(|text| text.parse::<IpAddr>().ok());
    let port = spelling.ports.iter().find_map(|key| match record.attributes.get(key)? {
        Value::Int(port) => u16::try_from(*port).ok(),
        Value::Text(port) => port.parse().ok(),
        _ => None,
    });
    let endpoint = Endpoint { service, address, port: port.filter(|port| *port != 0) };
    (endpoint.service.is_some() || endpoint.address.is_some()).then_some(endpoint)
}

impl Endpoint<'_> {
    pub(super) fn write(&self, object: &mut Object<'_>) {
        if let Some(service) = self.service {
            object.text("serviceName", service);
        }
        match self.address.map(|address| address.to_canonical()) {
            Some(IpAddr::V4(address)) => object.text("ipv4", &address.to_string()),
            Some(IpAddr::V6(address)) => object.text("ipv6", &address.to_string()),
            None => {}
        }
        if let Some(port) = self.port {
            object.number("port", port);
        }
    }
}
