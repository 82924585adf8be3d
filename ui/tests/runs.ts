import type { Page, Route } from "@playwright/test";
import type { App, AppDetail, Json, RunGraph, Step } from "../src/api/runs";

const START = Date.parse("2026-11-21T14:29:51.000Z");

export const timeOf = (ms: number): string => `${new Date(START + ms).toISOString().slice(0, -1)}000000Z`;

export interface ToldStep {
  action: string;
  ms: number;
  state: { [field: string]: Json };
  sequence?: number;
  attempt?: number;
  error?: string;
  more?: Partial<Step>;
}

/** A run as the server would tell of it. */
export interface ToldRun {
  detail: AppDetail;
  steps: Step[];
  states: { [field: string]: Json }[];
  errors: (string | null)[];
}

export function told(app: string, graph: RunGraph | null, all: ToldStep[], more: Partial<App> = {}): ToldRun {
  let at = 0;
  const steps = all.map((each, i): Step => {
    const start = at;
    at += each.ms;
    const before = all[i - 1]?.state ?? {};
    return {
      sequence: each.sequence ?? i,
      attempt: each.attempt ?? 0,
      action: each.action,
      start: timeOf(start),
      end: timeOf(at),
      duration_ns: each.ms * 1e6,
      state: each.error ? "failed" : "done",
      error: each.error?.trimEnd().split("\n").at(-1) ?? null,
      suspect: false,
      has_result: !each.error,
      has_state: true,
      inputs: {},
      changed: Object.keys(each.state).filter((key) => each.state[key] !== before[key]),
      attribute_count: 0,
      span_count: 0,
      stream: null,
      children: [],
      annotations: 0,
      trace_id: null,
      span_id: null,
      choice: null,
      edited: false,
      ...each.more,
    };
  });
  const visits: AppDetail["action_counts"] = {};
  const taken = new Map<string, number>();
  for (const [i, { action, state, duration_ns }] of steps.entries()) {
    visits[action] ??= { visits: 0, errors: 0, duration_ns: 0 };
    visits[action].visits++;
    visits[action].duration_ns += duration_ns ?? 0;
    if (state === "failed") visits[action].errors++;
    const way = `${steps[i - 1]?.action}\n${action}`;
    if (i > 0) taken.set(way, (taken.get(way) ?? 0) + 1);
  }
  const errors = steps.filter(({ state }) => state === "failed").length;
  const picks = Array.from({ length: Math.min(24, steps.length) }, (_, i) =>
    Math.round((i * (steps.length - 1)) / Math.max(1, Math.min(24, steps.length) - 1)),
  );
  const summary: App = {
    project: "support-desk",
    app_id: app,
    partition_key: null,
    run_id: "5e".repeat(16),
    start: timeOf(0),
    first_written: timeOf(0),
    last_written: timeOf(at),
    duration_ns: at * 1e6,
    step_count: steps.length,
    error_count: errors,
    status: steps.at(-1)?.state === "failed" ? "error" : "ok",
    last_action: steps.at(-1)?.action ?? null,
    last_sequence: steps.at(-1)?.sequence ?? null,
    last_attempt: steps.at(-1)?.attempt ?? null,
    parent: null,
    spawned_by: null,
    child_count: 0,
    fork_count: 0,
    suspect_count: 0,
    remark_count: 0,
    annotation_count: 0,
    trail: picks.map((i) => {
      const { sequence = 0, attempt = 0, duration_ns = null, state } = steps[i] ?? {};
      return { sequence, attempt, duration_ns, failed: state === "failed" };
    }),
    ...more,
  };
  const detail: AppDetail = {
    app: summary,
    graph,
    parents: [],
    children: [],
    totals: { steps: steps.length, errors, duration_ns: at * 1e6, agents: null },
    trace_id: null,
    action_counts: visits,
    placements: [],
    taken: [...taken].map(([way, count]) => ({ from: way.split("\n")[0] ?? "", to: way.split("\n")[1] ?? "", count })),
  };
  return { detail, steps, states: all.map(({ state }) => state), errors: all.map(({ error }) => error ?? null) };
}

/** Answers what a page asks of a run; `run` may change while it looks. */
export async function answer(page: Page, run: ToldRun): Promise<{ asked: string[] }> {
  const asked: string[] = [];
  const { project, app_id } = run.detail.app;
  const root = `/api/v1/projects/${project}/apps/${app_id}`;
  const indexOf = (search: URLSearchParams, sequence: string, attempt: string) =>
    run.steps.findLastIndex(
      (step) =>
        step.sequence === Number(search.get(sequence)) &&
        (search.get(attempt) ?? String(step.attempt)) === String(step.attempt),
    );
  await page.route(
    ({ pathname }) => pathname.startsWith(root),
    async (route: Route) => {
      const url = new URL(route.request().url());
      const rest = url.pathname.slice(root.length);
      asked.push(rest + url.search);
      if (rest === "") return route.fulfill({ json: run.detail });
      if (rest === "/steps") {
        const from = Number(url.searchParams.get("from"));
        const limit = Number(url.searchParams.get("limit"));
        return route.fulfill({ json: { steps: run.steps.slice(from, from + limit), next: null } });
      }
      if (rest.startsWith("/steps/")) {
        url.searchParams.set("seq", rest.slice("/steps/".length));
        const i = indexOf(url.searchParams, "seq", "attempt");
        const step = run.steps[i];
        return route.fulfill({
          json: {
            ...step,
            error: run.errors[i] ?? null,
            result: step?.has_result ? { done: true } : null,
            attributes: [],
          },
        });
      }
      if (rest === "/state") {
        const i = indexOf(url.searchParams, "seq", "attempt");
        const step = run.steps[i];
        const json = { seq: step?.sequence, attempt: step?.attempt, action: step?.action, state: run.states[i] };
        return route.fulfill({ json });
      }
      if (rest === "/diff") {
        const to = indexOf(url.searchParams, "to", "to_attempt");
        const from = url.searchParams.has("from") ? indexOf(url.searchParams, "from", "from_attempt") : to - 1;
        const before = run.states[from] ?? {};
        const after = run.states[to] ?? {};
        return route.fulfill({
          json: { from: run.steps[from] ?? null, to: run.steps[to], changes: changes(before, after) },
        });
      }
      if (rest === "/remarks") {
        const remark = { place: "log.jsonl:7", what: "This line is no JSON.", text: '{"type": "begin_en' };
        return route.fulfill({ json: { remarks: [remark], next: null } });
      }
      return route.fulfill({ json: { annotations: [], next: null } });
    },
  );
  return { asked };
}

function changes(before: { [field: string]: Json }, after: { [field: string]: Json }) {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return keys.flatMap((key) => {
    const [was, is] = [before[key], after[key]];
    if (JSON.stringify(was) === JSON.stringify(is)) return [];
    if (was === undefined) return [{ key, op: "add", before: null, after: is ?? null }];
    return [{ key, op: is === undefined ? "remove" : "replace", before: was, after: is ?? null }];
  });
}

const TRACEBACK = `Traceback (most recent call last):
  File "/srv/venv/lib/python3.11/site-packages/burr/core/application.py", line 976, in _step
    result, new_state = _run_single_step_action(
                        ^^^^^^^^^^^^^^^^^^^^^^^^
  File "/srv/app/orders.py", line 41, in lookup_order
    return client.get(order_id, timeout=timeout_ms)
           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
app.errors.ToolError: orders API did not answer in 5 s
`;

const action = (name: string, reads: string[], writes: string[], inputs: string[] = []) => ({
  name,
  reads,
  writes,
  inputs,
  optional_inputs: [],
  tags: [],
  code: `@action(reads=${JSON.stringify(reads)}, writes=${JSON.stringify(writes)})\ndef ${name}(state: State) -> State:\n    """Works."""\n    return state.update(done=True)\n`,
});

/** A ticket of the support desk: a tool that fails once, loops, and ways that are never taken. */
export function ticket(): ToldRun {
  const names =
    "receive_ticket classify check_input plan lookup_order search_kb hand_to_billing draft_refund check_policy issue_refund reply";
  const actions = [...names.split(" "), "close_spam", "ask_customer", "escalate"].map((name) =>
    action(name, ["ticket"], ["intent"], name === "lookup_order" ? ["order_id", "timeout_ms"] : []),
  );
  const way = (from: string, to: string, condition = "default") => ({ from, to, condition });
  const line = names.split(" ");
  const transitions = [
    way("classify", "close_spam", 'intent == "spam"'),
    way("plan", "ask_customer", "missing != []"),
    way("lookup_order", "lookup_order", "attempts < 3"),
    way("lookup_order", "escalate", "attempts >= 3"),
    way("check_policy", "draft_refund", "revise"),
    way("check_policy", "escalate", "amount > 200"),
    ...line.slice(1).map((to, i) => way(line[i] ?? "", to)),
  ];
  const ticketState = { id: "48213", lang: "en", subject: "Refund for order A-1182, paid twice" };
  const base = {
    ticket: ticketState,
    intent: "refund",
    plan: ["look up", "check", "refund", "reply"],
    order_id: "A-1182",
  };
  const failed = {
    ...base,
    attempts: 1,
    last_error: "orders API did not answer in 5 s",
    retry_after_ms: 400,
    order: null,
  };
  const done = { ...base, attempts: 1, order: { id: "A-1182", total: 59.9 }, __SEQUENCE_ID: 7, __PRIOR_STEP: "x" };
  const steps: ToldStep[] = [
    { action: "receive_ticket", ms: 4, state: { ticket: ticketState } },
    { action: "classify", ms: 1240, state: { ticket: ticketState, intent: "refund" } },
    { action: "check_input", ms: 312, state: { ticket: ticketState, intent: "refund" } },
    {
      action: "plan",
      ms: 2080,
      state: { ...base, attempts: 0, pending_tool: "lookup_order", order: null },
      more: { children: [{ app_id: "fork-1", partition_key: null, sequence: 3 }] },
    },
    {
      action: "lookup_order",
      ms: 5000,
      state: failed,
      error: TRACEBACK,
      more: {
        inputs: { order_id: "A-1182", include: ["payments", "parcel"], timeout_ms: 5000 },
        attribute_count: 6,
        annotations: 1,
      },
    },
    { action: "lookup_order", ms: 842, state: done, sequence: 4, attempt: 1 },
    { action: "search_kb", ms: 618, state: done, sequence: 5 },
    { action: "hand_to_billing", ms: 12, state: done, sequence: 6 },
    {
      action: "draft_refund",
      ms: 3420,
      state: done,
      sequence: 7,
      more: { stream: { begin: timeOf(0), first_item_ns: 4.1e8, duration_ns: 3.4e9, items: 120 } },
    },
    { action: "check_policy", ms: 288, state: done, sequence: 8 },
    { action: "draft_refund", ms: 2960, state: done, sequence: 9 },
    { action: "check_policy", ms: 301, state: done, sequence: 10, more: { suspect: true } },
    { action: "issue_refund", ms: 1120, state: done, sequence: 11 },
    { action: "reply", ms: 2605, state: { ...done, transcript: { $cut: true, bytes: 184_000 } }, sequence: 12 },
  ];
  const run = told("ticket-48213", { entrypoint: "receive_ticket", actions, transitions }, steps, {
    fork_count: 2,
    remark_count: 1,
    suspect_count: 1,
  });
  const child = (app_id: string, sequence: number, more: Partial<App>) => ({
    app: { ...run.detail.app, app_id, duration_ns: 15.21e9, ...more },
    pointer: { app_id, partition_key: null, sequence: null },
    event: "fork" as const,
    sequence,
    time: timeOf(30_000),
  });
  run.detail.children = [child("fork-1", 3, {}), child("fork-2", 8, { status: "running", last_sequence: 9 })];
  return run;
}

/** Ten thousand steps of a loop, with a repeated one in the middle. */
export function marathon(count = 10_000): ToldRun {
  const actions = ["think", "act"].map((name) => action(name, ["n"], ["n"]));
  const transitions = [
    { from: "think", to: "act", condition: "default" },
    { from: "act", to: "think", condition: "n < 10000" },
  ];
  const steps = Array.from({ length: count }, (_, i): ToldStep => {
    const repeated = i === 5001;
    const sequence = i > 5000 ? i - 1 : i;
    return {
      action: sequence % 2 === 0 ? "think" : "act",
      ms: 1 + ((i * 37) % 900),
      state: { n: i },
      sequence,
      ...(repeated ? { attempt: 1 } : {}),
      ...(i === 5000 ? { error: "ValueError: no" } : {}),
    };
  });
  return told("marathon", { entrypoint: "think", actions, transitions }, steps);
}

/** A graph too big to be read whole. */
export function maze(count = 150, ways = 422): ToldRun {
  const names = Array.from({ length: count }, (_, i) => `action_${i}`);
  const actions = names.map((name) => action(name, [], []));
  const transitions = Array.from({ length: ways }, (_, i) => ({
    from: names[i % count] ?? "",
    to: names[i < count ? (i + 1) % count : (i * 7 + 3) % count] ?? "",
    condition: i < count ? "default" : `n == ${i}`,
  }));
  const steps = names.slice(0, 20).map((name): ToldStep => ({ action: name, ms: 10, state: { n: 1 } }));
  return told("maze", { entrypoint: "action_0", actions, transitions }, steps);
}

/** Servers of before runs know no such events. */
export async function withoutRunEvents(page: Page) {
  await page.route(
    ({ pathname }) => pathname === "/api/v1/live",
    (route) => route.continue({ url: `${new URL(route.request().url()).origin}/api/v1/live?kinds=trace,stats` }),
  );
}
