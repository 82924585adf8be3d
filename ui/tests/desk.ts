/** A made-up support desk, as the Agents SDK would send it: for pictures, where recorded runs say too little. */

import { createHash } from "node:crypto";

type Json = Record<string, unknown>;

const MODEL = "gpt-4.1-2025-04-14";
const TRIAGE = "You are the first to answer at the desk of a shop. Look orders up; hand refunds over to Billing.";
const BILLING = "You refund what was charged by mistake. Say what you did, in two sentences.";

const hex = (text: string, length: number) => createHash("sha256").update(text).digest("hex").slice(0, length);

/** One trace, built span by span; times are milliseconds after its start. */
class Run {
  readonly items: Json[] = [];
  readonly id: string;
  private readonly origin: number;
  private count = 0;

  constructor(name: string, group: string, ago: number, metadata: Json = {}) {
    this.origin = Date.now() - ago;
    this.id = `trace_${hex(`${name} ${group} ${ago}`, 32)}`;
    this.items.push({ object: "trace", id: this.id, workflow_name: name, group_id: group, metadata });
  }

  span(parent: string | null, from: number, to: number, span_data: Json, error: Json | null = null): string {
    const id = `span_${hex(`${this.id} ${this.count++}`, 24)}`;
    const time = (ms: number) => new Date(this.origin + ms).toISOString();
    const times = { started_at: time(from), ended_at: time(to) };
    this.items.push({ object: "trace.span", id, trace_id: this.id, parent_id: parent, ...times, span_data, error });
    return id;
  }
}

const task = (name: string) => custom("task", { name });
const turn = (number: number, agent_name: string) => custom("turn", { turn: number, agent_name });
const custom = (name: string, data: Json) => ({ type: "custom", name, data: { sdk_span_type: name, ...data } });
const agent = (name: string, tools: string[], handoffs: string[] = []) => {
  return { type: "agent", name, handoffs, tools, output_type: "str" };
};
const guardrail = (name: string, triggered = false) => ({ type: "guardrail", name, triggered });
const called = (name: string, input: Json, output: unknown) => {
  return {
    type: "function",
    name,
    input: JSON.stringify(input),
    output: output && JSON.stringify(output),
    mcp_data: null,
  };
};

const say = (role: string, content: string) => ({ role, content });
const call = (id: string, name: string, args: Json) => {
  const tool = { id, type: "function", function: { name, arguments: JSON.stringify(args) } };
  return { role: "assistant", content: null, tool_calls: [tool] };
};
const result = (tool_call_id: string, content: unknown) => {
  return { role: "tool", tool_call_id, content: typeof content === "string" ? content : JSON.stringify(content) };
};

function generation(input: Json[], output: Json, [tokensIn, cached, out]: [number, number, number]) {
  const usage = {
    requests: 1,
    input_tokens: tokensIn,
    output_tokens: out,
    total_tokens: tokensIn + out,
    input_tokens_details: { cached_tokens: cached },
    output_tokens_details: { reasoning_tokens: 0 },
  };
  const model_config = { temperature: 0.2, base_url: "https://api.openai.com/v1/" };
  return { type: "generation", input, output: [output], model: MODEL, model_config, usage };
}

const GROUP = "ticket-48213";
const ORDER = { total: 89.4, currency: "EUR", charges: 2 };

/** The customer asks where a parcel is, is charged twice, is refunded, and asks once more while a model fails. */
export function supportDesk(): { group: string; refund: string; items: Json[] } {
  const runs = [parcel(), refund(), failing()];
  const id = runs[1]?.id.replace("trace_", "") ?? "";
  return { group: GROUP, refund: id, items: runs.flatMap(({ items }) => items) };
}

function parcel(): Run {
  const run = new Run("Support desk", GROUP, 1_260_000, { customer: "C-1907" });
  const root = run.span(null, 0, 3400, task("Support desk"));
  const triage = run.span(root, 5, 3390, agent("Triage", ["lookup_order"], ["Billing"]));
  const asked = [say("system", TRIAGE), say("user", "Where is my order A-1182?")];
  const first = run.span(triage, 8, 1610, turn(1, "Triage"));
  const lookup = call("call_Hk1", "lookup_order", { order_id: "A-1182" });
  run.span(first, 10, 1300, generation(asked, lookup, [612, 0, 24]));
  const sent = { status: "sent", due: "Tuesday" };
  run.span(first, 1310, 1600, called("lookup_order", { order_id: "A-1182" }, sent));
  const second = run.span(triage, 1620, 3380, turn(2, "Triage"));
  const answer = say("assistant", "It left our warehouse yesterday and should reach you on **Tuesday**.");
  run.span(second, 1625, 3370, generation([...asked, lookup, result("call_Hk1", sent)], answer, [688, 512, 31]));
  return run;
}

function refund(): Run {
  const run = new Run("Support desk", GROUP, 420_000, { customer: "C-1907", channel: "mail" });
  const root = run.span(null, 0, 20_800, task("Support desk"));
  const triage = run.span(root, 5, 11_900, agent("Triage", ["lookup_order"], ["Billing"]));
  const asked = [say("system", TRIAGE), say("user", "I was charged twice for A-1182. Please give one of them back.")];
  const order = { order_id: "A-1182", timeout_ms: 5000 };

  const first = run.span(triage, 8, 6700, turn(1, "Triage"));
  run.span(first, 10, 260, guardrail("pii_filter"));
  const lookup = call("call_Hk2", "lookup_order", order);
  run.span(first, 265, 1650, generation(asked, lookup, [702, 512, 28]));
  const failed = { message: "Error running tool (non-fatal)", data: { tool_name: "lookup_order", error: "timed out" } };
  run.span(first, 1660, 6660, called("lookup_order", order, null), failed);

  const second = run.span(triage, 6705, 9400, turn(2, "Triage"));
  const apology = "The orders API did not answer in 5 s.";
  const again = call("call_Hk3", "lookup_order", { ...order, timeout_ms: 8000 });
  const retried = [...asked, lookup, result("call_Hk2", apology)];
  run.span(second, 6710, 8400, generation(retried, again, [788, 640, 33]));
  run.span(second, 8410, 9252, called("lookup_order", { ...order, timeout_ms: 8000 }, ORDER));

  const third = run.span(triage, 9405, 11_890, turn(3, "Triage"));
  const known = [...retried, again, result("call_Hk3", ORDER)];
  const over = call("call_Hk4", "transfer_to_billing", {});
  run.span(third, 9410, 11_800, generation(known, over, [1102, 788, 41]));
  run.span(third, 11_850, 11_880, { type: "handoff", from_agent: "Triage", to_agent: "Billing" });

  const billing = run.span(root, 11_905, 20_790, agent("Billing", ["issue_refund"]));
  const fourth = run.span(billing, 11_910, 16_900, turn(1, "Billing"));
  const taken = [say("system", BILLING), ...known.slice(1), over, result("call_Hk4", { assistant: "Billing" })];
  const payment = { payment: "pay_77f", amount: 89.4 };
  const pay = call("call_Hk5", "issue_refund", payment);
  run.span(fourth, 11_915, 15_335, generation(taken, pay, [1340, 640, 52]));
  const paid = { refund: "re_5k1", status: "accepted" };
  run.span(fourth, 15_400, 16_520, called("issue_refund", payment, paid));

  const fifth = run.span(billing, 16_905, 20_400, turn(2, "Billing"));
  const answer = say(
    "assistant",
    "I have refunded the second charge of **89.40 EUR** to the card ending 4417. You will see it in 3 to 5 days.",
  );
  run.span(fifth, 16_910, 20_380, generation([...taken, pay, result("call_Hk5", paid)], answer, [1428, 1340, 44]));
  run.span(billing, 20_405, 20_690, guardrail("refund_policy"));
  return run;
}

function failing(): Run {
  const run = new Run("Support desk", GROUP, 60_000, { customer: "C-1907" });
  const root = run.span(null, 0, 2900, task("Support desk"));
  const broke = { message: "Error in agent run", data: { error: "Error code: 500 - upstream exploded" } };
  const billing = run.span(root, 5, 2890, agent("Billing", ["issue_refund"]), broke);
  const first = run.span(billing, 8, 2880, turn(1, "Billing"));
  const asked = [say("system", BILLING), say("user", "It has been a week. Where is my money?")];
  const data = { type: "generation", input: asked, output: null, model: MODEL, model_config: {}, usage: null };
  run.span(first, 12, 2870, data, { ...broke, message: "Error getting response" });
  return run;
}
