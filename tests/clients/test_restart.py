"""A server that ends and comes back between two batches."""

import signal
from threading import Event

import pytest
from opentelemetry.sdk.trace.export import SpanExportResult

from kit import Client


@pytest.mark.parametrize("number, status", [(signal.SIGTERM, 0), (signal.SIGKILL, -signal.SIGKILL)])
def test_a_restart_between_batches_loses_nothing(start, protocol, number, status, sdk_log):
    server = start()
    # A connection that broke may cost a retry, which the SDK logs; an error is still none.
    sdk_log.expect("WARNING Transient error")
    told = Client(protocol, server.otlp_grpc)
    before = [told.tell() for _ in range(3)]
    told.flush()
    assert server.signal(number) == status

    server = start(again=server)
    after = [told.tell() for _ in range(3)]
    told.flush()
    told.end()
    assert told.exporter.results == [SpanExportResult.SUCCESS] * 2
    assert [server.tree(trace) for trace in before + after] == [Client.STORY] * 6
    assert len(server.get("traces")["traces"]) == 6


def test_what_is_sent_while_the_server_is_away_arrives_when_it_is_back(start, protocol, sdk_log):
    server = start()
    sdk_log.expect("WARNING Transient error")
    will_retry = Event()
    sdk_log.listener = lambda message: will_retry.set()
    server.signal(signal.SIGKILL)

    told = Client(protocol, server.ui, timeout=30)
    trace = told.tell()
    with told.flushing():
        assert will_retry.wait(10), "the SDK gave up"
        server = start(again=server)
    assert told.exporter.results == [SpanExportResult.SUCCESS]
    assert server.tree(trace) == Client.STORY


def test_a_server_that_said_it_is_ready_ends_in_order_at_once(start):
    assert [start().signal(signal.SIGTERM) for _ in range(20)] == [0] * 20
