import { expect, test } from "vitest";
import type { SpanData, Usage } from "../api/types";
import { callText, costNote, costText, counted, someOf, tokensOf, usageNote } from "./agents";

const NONE: Usage = {
  input_tokens: null,
  output_tokens: null,
  total_tokens: null,
  cache_read_tokens: null,
  cache_write_tokens: null,
  reasoning_tokens: null,
  audio_input_tokens: null,
  audio_output_tokens: null,
  requests: null,
};

const usage = (more: Partial<Usage>): Usage => ({ ...NONE, ...more });

const cost = (total_usd: number) => ({ total_usd, input_usd: null, output_usd: null, source: "prices 1" });

const data = (more: Partial<SpanData>): SpanData => ({
  kind: "generation",
  dialect: "openai_agents",
  title: null,
  subject: null,
  agent: null,
  provider: null,
  request_model: null,
  response_model: null,
  response_id: null,
  finish_reasons: [],
  call_id: null,
  server: null,
  conversation: null,
  user: null,
  turn: null,
  handoff: null,
  triggered: null,
  usage: null,
  first_token_ns: null,
  cost: null,
  ...more,
});

test("a cost says when it is not all of it, and when it is not known", () => {
  expect([
    costText(cost(0.04), 0),
    costText(cost(0.01), 2),
    costText(null, 1),
    costText(null, 0),
    costText(null, 0, 154),
  ]).toEqual(["$0.0400", "≥ $0.0100", "price unknown", "", "price unknown"]);
  expect(costNote(cost(1), 1)).toBe("1 model call without a known price; prices from prices 1");
});

test("tokens are what the client summed, else what went in and out", () => {
  expect(tokensOf(usage({ total_tokens: 7, input_tokens: 1 }))).toBe(7);
  expect(tokensOf(usage({ input_tokens: 3, output_tokens: 2 }))).toBe(5);
  expect(tokensOf(usage({ requests: 1 }))).toBeNull();
  const all = usage({ input_tokens: 3702, cache_read_tokens: 2210, output_tokens: 169, reasoning_tokens: 40 });
  expect(usageNote(all)).toBe("3,702 in (2,210 cached), 169 out (40 thinking)");
});

test("a model call tells its model, tokens and cost; what repeats them tells nothing", () => {
  const call = { request_model: "gpt", response_model: "gpt-5", usage: usage({ total_tokens: 1204 }), cost: cost(0.5) };
  expect(callText(data(call), "chat")).toBe("gpt-5 · 1,204 tok · $0.5000");
  expect(callText(data(call), "gpt-5")).toBe("1,204 tok · $0.5000");
  expect(callText(data({ request_model: "gpt" }), "")).toBe("gpt");
  expect(callText(data({ ...call, kind: "turn" }), "")).toBe("");
});

test("figures that are not known are left out", () => {
  const totals = {
    model_calls: 3,
    tool_calls: 0,
    handoffs: 0,
    guardrails_triggered: 0,
    agents: [],
    models: [],
    usage: NONE,
    cost: null,
    unpriced_calls: 0,
  };
  expect(counted(totals).map(([name]) => name)).toEqual(["Model calls", "Tool calls"]);
});

test("of many names the first are told", () => {
  expect(someOf(["a", "b"], 2)).toBe("a, b");
  expect(someOf(["a", "b", "c", "d"], 2)).toBe("a, b +2");
});
