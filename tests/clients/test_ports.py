"""Every port takes every protocol, compressed or not."""

import grpc
import pytest
from opentelemetry.exporter.otlp.proto.http import Compression

from kit import Client, client, trace_id


@pytest.mark.parametrize("port", ["ui", "otlp_http", "otlp_grpc"])
@pytest.mark.parametrize("protocol, compression", [
    ("http/protobuf", Compression.NoCompression),
    ("http/protobuf", Compression.Gzip),
    ("http/protobuf", Compression.Deflate),
    ("grpc", grpc.Compression.NoCompression),
    ("grpc", grpc.Compression.Gzip),
    ("grpc", grpc.Compression.Deflate),
])
def test_every_port_takes_every_protocol(server, port, protocol, compression):
    with client(protocol, getattr(server, port), compression=compression) as told:
        trace = told.tell()
    assert server.tree(trace) == Client.STORY


def test_a_header_puts_spans_into_a_project(server, protocol):
    project = f"blue {protocol}"
    with client(protocol, server.ui, headers={"trackway-project": project}) as told:
        trace = told.tell()
    [listed] = server.get("traces", project=project)["traces"]
    assert (listed["trace_id"], listed["project"], listed["span_count"]) == (trace, project, 3)
    assert {span["project"] for span in server.spans(trace)} == {project}


def test_a_span_without_a_project_is_in_the_default_one(server, protocol):
    with client(protocol, server.ui) as told:
        with told.tracer.start_as_current_span("plain") as span:
            pass
    assert {span["project"] for span in server.spans(trace_id(span))} == {"default"}
