"""A scripted model behind OpenAI's own API: the Responses and the Chat Completions endpoints, whole and streamed.

It reads the instructions, says what the script below has for them, and calls tools as a model would. What it answers is
the same every time, ids included. It listens on loopback only.
"""

from __future__ import annotations

import itertools
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MODEL = "gpt-4.1-2025-04-14"
USAGE = {"in": 120, "cached": 64, "out": 34, "reasoning": 8}


class Turn:
    """What the model is asked: its instructions, what was said, and what the tools answered so far."""

    def __init__(self, instructions: str, said: str, results: int, tools: list[str]):
        self.instructions, self.said, self.results, self.tools = instructions, said, results, tools

    def answer(self) -> dict:
        """Returns `{"calls": [(tool, arguments)]}`, `{"text": ...}` or `{"status": ..., "error": ...}`."""
        word = self.instructions.split(":")[0].strip().upper()
        if "fail 500" in self.said:
            return {"status": 500, "error": "upstream exploded"}
        if "fail 400" in self.said:
            return {"status": 400, "error": "bad model input"}
        if word == "TRIAGE":
            return {"calls": [(next(name for name in self.tools if name.startswith("transfer_to")), {})]}
        if word == "BILLING" and not self.results:
            return {"calls": [("get_invoice", {"invoice_id": 42}), ("get_customer", {"name": "ACME"})]}
        if word == "BILLING":
            return {"text": "Invoice 42 for **ACME** totals 99.50 EUR and is due 2026-01-31."}
        if word == "EXPLODE" and not self.results:
            return {"calls": [("explode", {"reason": "boom"})]}
        if word == "APPROVE" and not self.results:
            return {"calls": [("delete_file", {"path": "a.txt"})]}
        if word == "ORCHESTRATE" and not self.results:
            return {"calls": [(self.tools[0], {"input": "hello"})]}
        if word == "ENDLESS":
            return {"calls": [(self.tools[0], {"name": "ACME"})]}
        return {"text": f"Here is what I know after {self.results} results."}


class Server:
    """The model, listening; `url` is what OPENAI_BASE_URL wants."""

    def __init__(self) -> None:
        numbers = itertools.count(1)
        lock = threading.Lock()

        def fresh(prefix: str) -> str:
            with lock:
                return f"{prefix}{next(numbers):024d}"

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                pass

            def do_POST(self) -> None:
                request = json.loads(self.rfile.read(int(self.headers["content-length"])))
                path = self.path.split("?")[0].rstrip("/")
                if path.endswith("/responses"):
                    self.respond(request, responses_turn(request), responses_body, responses_events)
                elif path.endswith("/chat/completions"):
                    self.respond(request, chat_turn(request), chat_body, chat_events)
                else:
                    self.send(404, {"error": {"message": f"no {path} here"}})

            def respond(self, request, turn, body, events) -> None:
                answer = turn.answer()
                time.sleep(0.01)
                if "status" in answer:
                    return self.send(answer["status"], {"error": {"message": answer["error"]}})
                whole = body(request, answer, fresh)
                if not request.get("stream"):
                    return self.send(200, whole)
                self.send_response(200)
                self.send_header("content-type", "text/event-stream")
                self.send_header("connection", "close")
                self.end_headers()
                self.close_connection = True
                for name, event in events(request, whole):
                    line = f"event: {name}\n" if name else ""
                    data = event if isinstance(event, str) else json.dumps(event)
                    self.wfile.write(f"{line}data: {data}\n\n".encode())

            def send(self, status: int, body: dict) -> None:
                data = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/v1"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def text_of(content: object) -> str:
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return " ".join(part.get("text", "") for part in parts if isinstance(part, dict))


def responses_turn(request: dict) -> Turn:
    items = request.get("input")
    items = [{"role": "user", "content": items}] if isinstance(items, str) else items or []
    said = " ".join(text_of(item.get("content")) for item in items if item.get("role") == "user")
    results = sum(
        item.get("type") == "function_call_output" and "assistant" not in text_of(item.get("output")) for item in items
    )
    tools = [tool["name"] for tool in request.get("tools") or [] if "name" in tool]
    system = next((text_of(item.get("content")) for item in items if item.get("role") in ("system", "developer")), "")
    return Turn(request.get("instructions") or system, said, results, tools)


def responses_body(request: dict, answer: dict, fresh) -> dict:
    output = [
        {"type": "function_call", "id": fresh("fc_"), "call_id": fresh("call_"), "name": name, "status": "completed",
         "arguments": json.dumps(arguments)}
        for name, arguments in answer.get("calls", [])
    ]
    if "text" in answer:
        content = [{"type": "output_text", "text": answer["text"], "annotations": []}]
        output = [{"type": "message", "id": fresh("msg_"), "role": "assistant", "status": "completed",
                   "content": content}]
    usage = {"input_tokens": USAGE["in"], "output_tokens": USAGE["out"], "total_tokens": USAGE["in"] + USAGE["out"],
             "input_tokens_details": {"cached_tokens": USAGE["cached"]},
             "output_tokens_details": {"reasoning_tokens": USAGE["reasoning"]}}
    return {"id": fresh("resp_"), "object": "response", "created_at": 1767225600, "status": "completed", "error": None,
            "incomplete_details": None, "instructions": request.get("instructions"), "metadata": {}, "model": MODEL,
            "output": output, "parallel_tool_calls": True, "temperature": 1.0, "tool_choice": "auto",
            "tools": request.get("tools") or [], "top_p": 1.0, "usage": usage}


def responses_events(_request: dict, whole: dict):
    numbers = itertools.count()

    def event(kind: str, **fields):
        return kind, {"type": kind, "sequence_number": next(numbers), **fields}

    yield event("response.created", response={**whole, "status": "in_progress", "output": [], "usage": None})
    for index, item in enumerate(whole["output"]):
        yield event("response.output_item.added", output_index=index, item=item)
        for part in item.get("content", []):
            yield event("response.output_text.delta", output_index=index, content_index=0, item_id=item["id"],
                        delta=part["text"], logprobs=[])
        yield event("response.output_item.done", output_index=index, item=item)
    yield event("response.completed", response=whole)


def chat_turn(request: dict) -> Turn:
    messages = request.get("messages") or []
    said = " ".join(text_of(it.get("content")) for it in messages if it.get("role") == "user")
    results = sum(it.get("role") == "tool" and '"assistant"' not in text_of(it.get("content")) for it in messages)
    system = next((text_of(it.get("content")) for it in messages if it.get("role") in ("system", "developer")), "")
    return Turn(system, said, results, [tool["function"]["name"] for tool in request.get("tools") or []])


def chat_body(_request: dict, answer: dict, fresh) -> dict:
    calls = [
        {"id": fresh("call_"), "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}
        for name, arguments in answer.get("calls", [])
    ]
    message = {"role": "assistant", "content": answer.get("text"), "refusal": None}
    if calls:
        message["tool_calls"] = calls
    usage = {"prompt_tokens": USAGE["in"], "completion_tokens": USAGE["out"],
             "total_tokens": USAGE["in"] + USAGE["out"], "prompt_tokens_details": {"cached_tokens": USAGE["cached"]},
             "completion_tokens_details": {"reasoning_tokens": USAGE["reasoning"]}}
    return {"id": fresh("chatcmpl-"), "object": "chat.completion", "created": 1767225600, "model": MODEL,
            "service_tier": "default", "usage": usage,
            "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls" if calls else "stop"}]}


def chat_events(request: dict, whole: dict):
    choice = whole["choices"][0]
    head = {key: whole[key] for key in ("id", "created", "model")} | {"object": "chat.completion.chunk"}
    delta = dict(choice["message"])
    for index, call in enumerate(delta.get("tool_calls", [])):
        call["index"] = index
    yield None, head | {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
    yield None, head | {"choices": [{"index": 0, "delta": {}, "finish_reason": choice["finish_reason"]}]}
    if (request.get("stream_options") or {}).get("include_usage"):
        yield None, head | {"choices": [], "usage": whole["usage"]}
    yield None, "[DONE]"
