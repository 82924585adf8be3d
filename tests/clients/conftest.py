"""A real server for real clients, and a watch on what the clients say of it."""

import logging
import os

import pytest

from kit import Server

# Loopback is never behind a proxy.
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"


class SdkLog(logging.Handler):
    """What the SDK logs at WARNING and above; a test fails for each record that it did not expect."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.messages = []
        self.expected = ()
        self.listener = None

    def expect(self, *beginnings):
        self.expected = beginnings

    def emit(self, record):
        self.messages.append(f"{record.levelname} {record.getMessage()}")
        if self.listener:
            self.listener(self.messages[-1])

    def complaints(self):
        return [message for message in self.messages if not message.startswith(self.expected)]


@pytest.fixture(autouse=True)
def sdk_log():
    log = SdkLog()
    logger = logging.getLogger("opentelemetry")
    logger.addHandler(log)
    # The SDK leaves out what it said within the last 20 seconds, which may have been another test's.
    for name in logging.root.manager.loggerDict:
        if name.startswith("opentelemetry."):
            logging.getLogger(name).filters.clear()
    yield log
    logger.removeHandler(log)
    assert log.complaints() == []


@pytest.fixture(scope="session")
def shared(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("trackway"))
    yield server
    server.end()


@pytest.fixture
def server(shared):
    """The server that tests share who need nothing of their own."""
    yield shared
    shared.check()


@pytest.fixture
def start(tmp_path_factory):
    """Starts servers of a test's own: `start("--max-log-bytes", "1048576")`; again with `start(again=server)`."""
    servers = []

    def start(*flags, again=None):
        if again:
            server = Server(again.directory, *again.flags, addresses=again.addresses())
        else:
            server = Server(tmp_path_factory.mktemp("trackway"), *flags)
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.end()


@pytest.fixture(params=["http/protobuf", "grpc"])
def protocol(request):
    return request.param
