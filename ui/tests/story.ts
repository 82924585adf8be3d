/** A story as the server tells it: triage hands over to billing, which calls two tools and answers. */

import type { Entry, Story, StoryCall, StoryNode } from "../src/api/story";
import type { Content, Message, Usage } from "../src/api/types";
import { spanId, traceId } from "./otlp";

export const STORY_TRACE = traceId(77);

const start = (ms: number) => `2026-11-20T15:27:49.${String(ms).padStart(3, "0")}000000Z`;
const MS = 1_000_000;

export const usage = (input: number, cached: number, output: number): Usage => ({
  input_tokens: input,
  output_tokens: output,
  total_tokens: input + output,
  cache_read_tokens: cached,
  cache_write_tokens: 0,
  reasoning_tokens: 8,
  audio_input_tokens: null,
  audio_output_tokens: null,
  requests: 1,
});

export function node(n: number, kind: StoryNode["kind"], title: string, more: Partial<StoryNode> = {}): StoryNode {
  return {
    span_id: spanId(n),
    depth: 1,
    kind,
    title,
    agent: null,
    start: start(n * 10),
    duration_ns: n * 10 * MS,
    state: "finished",
    failed: false,
    survived: false,
    failed_below: false,
    entry: null,
    ...more,
  };
}

export function call(index: number, n: number, agent: string, more: Partial<StoryCall> = {}): StoryCall {
  return {
    span_id: spanId(n),
    index,
    agent,
    title: "gpt-4.1",
    model: "gpt-4.1-2025-04-14",
    provider: "openai",
    start: start(n * 10),
    duration_ns: 640 * MS * index,
    first_token_ns: null,
    usage: usage(1020 * index, 640 * (index - 1), 90 + index * 30),
    cost: { total_usd: 0.0012 * index, input_usd: null, output_usd: null, source: "prices of 2026-11-01" },
    finish_reasons: ["stop"],
    tools_offered: 2,
    tool_calls: 0,
    parameters: [{ key: "temperature", type: "double", value: 0.2 }],
    failed: false,
    ...more,
  };
}

const text = (said: string) => ({ type: "text" as const, text: said });

export const ANSWER =
  "Invoice 42 for **ACME** totals `99.50 EUR` and is due 2026-01-31.\n\n- The customer is in tier *gold*\n- Nothing is overdue";

const QUESTION = "How much is invoice 42, and **when** is it due?";

const entries: Entry[] = [
  {
    type: "message",
    call: 1,
    span_id: spanId(2),
    role: "system",
    agent: null,
    parts: [text("You triage.\n".repeat(12))],
    is_output: false,
    text_bytes: null,
    cut: false,
  },
  {
    type: "message",
    call: 1,
    span_id: spanId(2),
    role: "user",
    agent: null,
    parts: [text(QUESTION)],
    is_output: false,
    text_bytes: null,
    cut: false,
  },
  {
    type: "message",
    call: 1,
    span_id: spanId(2),
    role: "assistant",
    agent: "Triage agent",
    parts: [{ type: "tool_call", id: "call_44", name: "transfer_to_billing_agent", arguments: "{}" }],
    is_output: true,
    text_bytes: null,
    cut: false,
  },
  { type: "call", call: 1, span_id: spanId(2) },
  { type: "guardrail", span_id: spanId(3), name: "no_secrets", triggered: false, duration_ns: 13_000 },
  { type: "handoff", span_id: spanId(4), from: "Triage agent", to: "Billing agent" },
  { type: "fold", call: 2, span_id: spanId(6), count: 4, same_as: 1 },
  {
    type: "message",
    call: 2,
    span_id: spanId(6),
    role: "assistant",
    agent: "Billing agent",
    parts: [
      text("Let me look both up."),
      { type: "tool_call", id: "call_45", name: "get_invoice", arguments: '{"invoice_id": 42}' },
      { type: "tool_call", id: "call_46", name: "get_customer", arguments: '{"name": "ACME"}' },
    ],
    is_output: true,
    text_bytes: null,
    cut: false,
  },
  { type: "call", call: 2, span_id: spanId(6) },
  {
    type: "tool",
    span_id: spanId(7),
    call_id: "call_45",
    name: "get_invoice",
    server: null,
    arguments: '{"invoice_id": 42, "timeout_ms": 5000}',
    result: null,
    error: "orders API did not answer in 5 s\noperation timed out",
    duration_ns: 5_000 * MS,
    attempt: 1,
    state: "failed",
    cut: false,
  },
  {
    type: "tool",
    span_id: spanId(8),
    call_id: "call_47",
    name: "get_invoice",
    server: "ledger",
    arguments: '{"invoice_id": 42, "timeout_ms": 8000}',
    result: '{"id": 42, "total": 99.50, "currency": "EUR", "payments": [{"id": 1, "ok": true}]}',
    error: null,
    duration_ns: 842 * MS,
    attempt: 2,
    state: "done",
    cut: false,
  },
  {
    type: "tool",
    span_id: spanId(9),
    call_id: "call_46",
    name: "get_customer",
    server: null,
    arguments: '{"name": "ACME"}',
    result: "{'name': 'ACME', 'tier': 'gold'}",
    error: null,
    duration_ns: 12 * MS,
    attempt: 1,
    state: "done",
    cut: false,
  },
  {
    type: "work",
    span_id: spanId(10),
    kind: "custom",
    title: "db.query",
    arguments: '{"sql": "select 1"}',
    result: null,
    duration_ns: MS,
    cut: false,
  },
  { type: "fold", call: 3, span_id: spanId(11), count: 7, same_as: 2 },
  {
    type: "message",
    call: 3,
    span_id: spanId(11),
    role: "assistant",
    agent: "Billing agent",
    parts: [text(ANSWER)],
    is_output: true,
    text_bytes: null,
    cut: false,
  },
  { type: "call", call: 3, span_id: spanId(11) },
  { type: "guardrail", span_id: spanId(12), name: "polite", triggered: true, duration_ns: 288 * MS },
  { type: "error", span_id: spanId(13), name: "summary", message: "the ledger did not take the note", survived: true },
  {
    type: "missing",
    call: 4,
    span_id: spanId(14),
    reason: "response_id_only",
    response_id: "resp_000000000000000000000003",
  },
  { type: "call", call: 4, span_id: spanId(14) },
  {
    type: "tool",
    span_id: null,
    call_id: "call_48",
    name: "send_mail",
    server: null,
    arguments: '{"to": "acme@example.test"}',
    result: null,
    error: null,
    duration_ns: null,
    attempt: 1,
    state: "waiting",
    cut: false,
  },
];

const calls = [
  call(1, 2, "Triage agent", { tool_calls: 1, first_token_ns: 210 * MS }),
  call(2, 6, "Billing agent", { tool_calls: 2, finish_reasons: ["tool_calls"], first_token_ns: 640 * MS }),
  call(3, 11, "Billing agent"),
  call(4, 14, "Billing agent", { model: null, provider: null, cost: null, finish_reasons: [], parameters: [] }),
];

export const story: Story = {
  trace: {
    trace_id: STORY_TRACE,
    original_id: "trace_62b5a8a95d60458eb820db573bb19777",
    group_id: "thread_123",
    metadata: [],
    root_name: "Customer support",
    has_root: true,
    service: "openai-agents",
    project: "default",
    start: start(0),
    duration_ns: 8_000 * MS,
    status: "running",
    span_count: 16,
    error_count: 2,
    open_count: 1,
    failure: null,
    agents: {
      model_calls: 4,
      tool_calls: 4,
      handoffs: 1,
      guardrails_triggered: 1,
      agents: ["Triage agent", "Billing agent"],
      models: ["gpt-4.1-2025-04-14"],
      usage: usage(10_200, 3840, 660),
      cost: { total_usd: 0.0072, input_usd: null, output_usd: null, source: "prices of 2026-11-01" },
      unpriced_calls: 1,
    },
    services: [{ name: "openai-agents", span_count: 16 }],
    outline: [],
  },
  nodes: [
    node(1, "agent", "Triage agent", { depth: 0, agent: "Triage agent", entry: 0 }),
    node(3, "guardrail", "no_secrets", { entry: 4 }),
    node(2, "generation", "gpt-4.1", { entry: 0 }),
    node(4, "handoff", "to Billing agent", { entry: 5 }),
    node(5, "agent", "Billing agent", {
      depth: 0,
      agent: "Billing agent",
      entry: 6,
      state: "open",
      duration_ns: null,
      failed_below: true,
    }),
    node(6, "generation", "gpt-4.1", { entry: 6 }),
    node(7, "function", "get_invoice", { entry: 9, failed: true, survived: true }),
    node(8, "function", "get_invoice", { entry: 10 }),
    node(9, "function", "get_customer", { entry: 11 }),
    node(10, "custom", "db.query", { depth: 2, entry: 12 }),
    node(11, "generation", "gpt-4.1", { entry: 13 }),
    node(12, "guardrail", "polite", { entry: 16 }),
    node(13, "custom", "summary", { entry: 17, failed: true }),
    node(14, "response", "response", { entry: 18 }),
  ],
  entries,
  calls,
  agents: [
    {
      name: "Triage agent",
      model_calls: 1,
      tool_calls: 1,
      usage: usage(1020, 0, 120),
      cost: calls[0]?.cost ?? null,
      unpriced_calls: 0,
    },
    {
      name: "Billing agent",
      model_calls: 3,
      tool_calls: 2,
      usage: usage(9180, 3840, 540),
      cost: calls[2]?.cost ?? null,
      unpriced_calls: 1,
    },
  ],
  cut: false,
};

export const input: Message[] = [
  { role: "system", name: null, parts: [text("You bill.")], finish_reason: null },
  { role: "user", name: null, parts: [text(QUESTION)], finish_reason: null },
];

export const content: Content = {
  instructions: null,
  input,
  output: [],
  tools: [],
  parameters: [],
  arguments: null,
  result: null,
  missing: null,
  cut: false,
  text_bytes: null,
};
