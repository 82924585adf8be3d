#!/usr/bin/env python3
"""Fills fuzz/corpus with the recorded requests of fixtures, and with small ones for what nobody recorded."""

import base64
import gzip
import hashlib
import json
from pathlib import Path

FUZZ = Path(__file__).resolve().parent
IDS = bytes(range(1, 17)), bytes(range(1, 9))


def recorded():
    """Yields the body of every recorded OTLP request, uncompressed."""
    for path in sorted((FUZZ.parent / "fixtures" / "wire").glob("otlp-*.json")):
        for request in json.loads(path.read_text())["requests"]:
            body = base64.b64decode(request.get("body_base64") or request["message_base64"])
            yield gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body


def recorded_agents():
    """Yields the body of every recorded request of the OpenAI Agents SDK."""
    for path in sorted((FUZZ.parent / "fixtures" / "openai-agents").glob("native-*.json")):
        for requests in json.loads(path.read_text())["scenarios"].values():
            for request in requests:
                yield json.dumps(request["body"], ensure_ascii=False, separators=(",", ":")).encode()


def agents_request():
    """Returns what no recording holds: odd ids and times, numbers that are none, the answers of other SDKs."""
    answer = {"id": "chatcmpl-1", "object": "chat.completion", "model": "m", "choices": [{"finish_reason": "stop"}]}
    usage = {"prompt_tokens": 9, "completion_tokens": 1, "details": {"input_tokens_details": [{"cached_tokens": 3}]}}
    config = {"base_url": "https://api.openai.com/v1/", "temperature": float("nan")}
    data = {"type": "generation", "model": "openai/m", "model_config": config, "output": [answer], "usage": usage}
    span = {"object": "trace.span", "id": 12, "trace_id": "my trace", "started_at": "1969", "span_data": data}
    error = {"message": "lone \ud800", "data": {"code": 10**30}, "more": 1e400}
    return json.dumps({"v": 1, "data": [span, {"object": "trace.step", "id": "a", "trace_id": "b", "error": error}, None]})


def recorded_runs():
    """Yields the files of every recorded application of Burr."""
    for path in sorted((FUZZ.parent / "fixtures" / "burr" / "store").rglob("*.json*")):
        yield path.read_bytes()


def records():
    """Yields the lines of the page on records, one of every type."""
    for line in (FUZZ.parent / "docs" / "records.md").read_text().splitlines():
        if line.startswith('{"type":'):
            yield line.encode()


def field(number, content):
    """Returns a length-delimited protobuf field; short content only."""
    assert len(content) < 128
    return bytes([number << 3 | 2, len(content)]) + content


def log_request():
    body = field(1, b"hello")
    attribute = field(1, b"k") + field(2, bytes([0x18, 42]))
    ids = field(9, IDS[0]) + field(10, IDS[1])
    record = bytes([0x09]) + bytes(8) + bytes([0x10, 9]) + field(3, b"INFO") + field(5, body) + field(6, attribute) + ids
    return field(1, field(2, field(2, record)))


def log_request_as_json():
    attribute = {"key": "k", "value": {"arrayValue": {"values": [{"intValue": "42"}, {"doubleValue": "NaN"}]}}}
    record = {
        "timeUnixNano": "1",
        "observedTimeUnixNano": 2,
        "severityNumber": 9,
        "severityText": "INFO",
        "eventName": "greeting",
        "body": {"kvlistValue": {"values": [{"key": "said", "value": {"stringValue": "hello"}}]}},
        "attributes": [attribute],
        "traceId": IDS[0].hex(),
        "spanId": IDS[1].hex(),
    }
    return json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}).encode()


def metrics_request():
    return field(1, field(2, field(2, field(1, b"requests"))))


def metrics_request_as_json():
    metric = {"name": "requests", "sum": {"dataPoints": [{"asInt": "1"}]}}
    return json.dumps({"resourceMetrics": [{"scopeMetrics": [{"metrics": [metric]}]}]}).encode()


def filters():
    """Yields every filter that docs/search.md shows."""
    page = (FUZZ.parent / "docs" / "search.md").read_text()
    yield from (line for line in page.splitlines() if line.startswith("{ "))


def contexts():
    """Yields the headers and the bytes of every recorded context."""
    vectors = json.loads((FUZZ.parent / "fixtures" / "propagation-vectors.json").read_text())["vectors"]
    for given in (vector["input"] for vector in vectors if isinstance(vector["input"], dict)):
        headers = given.get("headers") or given.get("carrier")
        if isinstance(headers, dict):
            lines = "".join(f"{name}: {value}\n" for name, value in headers.items())
            yield "propagation_headers", lines.encode()
        if given.get("header"):
            yield "propagation_headers", f"x-cloud-trace-context: {given['header']}\n".encode()
        if given.get("hex"):
            yield "propagation_bytes", bytes.fromhex(given["hex"])
    # The basic tracer's, with an entry of baggage.
    yield "propagation_bytes", bytes.fromhex("0000001c090100000000000000110200000000000000180122060a016b120176")


def save(target, body):
    directory = FUZZ / "corpus" / target
    directory.mkdir(parents=True, exist_ok=True)
    (directory / hashlib.sha1(body).hexdigest()).write_bytes(body)


def main():
    for body in recorded():
        save("otlp_json_traces" if body.startswith(b"{") else "otlp_protobuf_traces", body)
    for body in recorded_agents():
        save("openai_agents", body)
    save("openai_agents", agents_request().encode())
    for body in recorded_runs():
        save("burr", body)
    for log in sorted((FUZZ.parent / "fixtures" / "machine").glob("*.ndjson")):
        save("records_log", log.read_bytes())
    for body in records():
        save("records", body)
    for filter in filters():
        save("span_filter", filter.encode())
    for target, body in contexts():
        save(target, body)
    save("otlp_protobuf_logs", log_request())
    save("otlp_json_logs", log_request_as_json())
    save("otlp_metrics", metrics_request())
    save("otlp_metrics", metrics_request_as_json())


main()
