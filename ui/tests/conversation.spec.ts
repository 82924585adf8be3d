import { readFile } from "node:fs/promises";
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect, test } from "./fixture";
import { single, spanId, traceId } from "./otlp";
import type { Server } from "./server";
import { call, content, node, story, usage } from "./story";

const INGEST = "/v1/traces/ingest";

/** Sends what the Agents SDK sent in a recorded run; returns the id under which its trace is known here. */
async function replay(server: Server, file: "chat" | "responses", scenario: string): Promise<string> {
  const recorded = JSON.parse(await readFile(`../fixtures/openai-agents/native-python-${file}.json`, "utf8"));
  for (const { body } of recorded.scenarios[scenario]) await server.post(INGEST, body);
  return newest(server);
}

async function newest(server: Server): Promise<string> {
  const { traces } = await (await fetch(`${server.url}/api/v1/traces?limit=1`)).json();
  return traces[0].trace_id;
}

/** Items as the SDK sends them, of one trace. */
const trace = { object: "trace", id: `trace_${"5".repeat(32)}`, workflow_name: "Test", group_id: null, metadata: null };
const span = (n: number, parent: number | null, data: unknown, more: object = {}) => ({
  object: "trace.span",
  id: `span_${String(n).padStart(24, "0")}`,
  trace_id: trace.id,
  parent_id: parent === null ? null : `span_${String(parent).padStart(24, "0")}`,
  started_at: `2026-11-20T15:27:4${n}.000000+00:00`,
  ended_at: `2026-11-20T15:27:4${n}.500000+00:00`,
  span_data: data,
  error: null,
  ...more,
});
const agent = { type: "agent", name: "Writer", handoffs: [], tools: ["search"], output_type: "str" };
const generation = (said: string, asked: string) => ({
  type: "generation",
  input: [{ role: "user", content: asked }],
  output: [{ role: "assistant", content: said }],
  model: "gpt-4.1",
  model_config: { temperature: 0.2 },
  usage: { input_tokens: 100, output_tokens: 20 },
});

const rows = (page: Page) => page.getByRole("list", { name: "Messages" }).getByRole("listitem");
const current = (page: Page) => page.locator('[data-row][aria-current="true"]');
const lines = (page: Page) => page.getByRole("treeitem");
const open = (page: Page, id: string) => page.goto(`/trace/${id}?view=conversation`);

/** Serves a story that no recording has. */
async function tell(page: Page, server: Server, told: unknown) {
  await server.post(INGEST, { data: [trace, span(1, null, agent)] });
  const id = await newest(server);
  await page.route("**/api/v1/traces/*/story", (route) => route.fulfill({ json: told }));
  return id;
}

test("v leads from the spans to what was said, and back", async ({ page, server }) => {
  const id = await replay(server, "chat", "handoff_tools");
  await page.goto(`/trace/${id}`);
  await expect(page.getByRole("tree", { name: "Spans" })).toBeVisible();
  await page.keyboard.press("v");
  await expect(page).toHaveURL(`/trace/${id}?view=conversation`);
  await expect(rows(page).first()).toBeVisible();
  const views = page.getByRole("navigation", { name: "Views of the trace" });
  await expect(views.getByRole("link", { name: "Conversation" })).toHaveAttribute("aria-current", "page");
  await views.getByRole("link", { name: "Trace" }).click();
  await expect(page.getByRole("tree", { name: "Spans" })).toBeVisible();
  await expect(page).toHaveURL(`/trace/${id}`);
});

test("a run of two agents is told in order", async ({ page, server }) => {
  await open(page, await replay(server, "chat", "handoff_tools"));
  await expect(lines(page)).toContainText([
    "Triage agent",
    "no_secrets",
    "Billing agent",
    "get_invoice",
    "get_customer",
  ]);
  const first = lines(page).first();
  await expect(first).toHaveAttribute("aria-level", "1");
  await expect(first).toHaveCSS("font-weight", "600");
  const messages = page.getByRole("list", { name: "Messages" });
  await expect(messages.getByText("How much is invoice 42?").first()).toBeVisible();
  await expect(messages.locator(".handoff")).toHaveText(/Triage agent.*hands over to.*Billing agent/);
  const invoice = messages.locator(".pair", { hasText: "get_invoice" });
  await expect(invoice).toContainText("invoice_id: 42");
  await expect(invoice).toContainText('currency: "EUR"');
  await expect(messages.locator(".pair", { hasText: "get_customer" })).toContainText(
    "{'name': 'ACME', 'tier': 'gold'}",
  );
  await page.keyboard.press("End");
  await expect(messages.getByText("Invoice 42 for ACME totals 99.50 EUR")).toBeVisible();
  await expect(messages.getByRole("group", { name: "Model call 3" })).toContainText("120 in (64 cached)");
  await expect(page.getByRole("list", { name: "Tokens by call" }).getByRole("listitem")).toHaveCount(3);
});

test("spans of other clients tell the same story", async ({ page, server }) => {
  for (const file of ["openinference", "logfire"]) {
    const recorded = JSON.parse(await readFile(`../fixtures/openai-agents/otlp-${file}.json`, "utf8"));
    for (const { body_base64 } of recorded.scenarios["chat.handoff_tools"]) {
      const headers = { "content-type": "application/x-protobuf" };
      const body = Buffer.from(body_base64, "base64");
      expect((await fetch(`${server.url}/v1/traces`, { method: "POST", headers, body })).ok).toBe(true);
    }
  }
  const { traces } = await (await fetch(`${server.url}/api/v1/traces?name=Customer`)).json();
  expect(traces).toHaveLength(2);
  for (const { trace_id } of traces) {
    await open(page, trace_id);
    const invoice = page.locator(".pair", { hasText: "get_invoice" });
    await expect(invoice).toContainText("invoice_id: 42");
    await expect(invoice).toContainText("total: 99.5");
    await expect(lines(page)).toContainText([
      /^Triage agent/,
      /^no_secrets/,
      /^gpt-4.1/,
      /^to Billing agent/,
      /^Billing agent/,
      /^gpt-4.1/,
      /^get_invoice/,
    ]);
  }
});

test("messages are walked through, unfolded and opened by keys", async ({ page, server }) => {
  await open(page, await replay(server, "chat", "handoff_tools"));
  await expect(rows(page).first()).toBeVisible();
  await page.keyboard.press("j");
  await expect(rows(page).first()).toHaveAttribute("aria-current", "true");
  await expect(rows(page).first()).toBeFocused();
  await expect(page).toHaveURL(/view=conversation&span=\w+$/);
  const fold = page.locator('[data-row="fold"]').first();
  for (let i = 0; i < 12 && (await fold.getAttribute("aria-current")) !== "true"; i++) await page.keyboard.press("j");
  await expect(fold).toBeFocused();
  await expect(fold.getByRole("button")).toHaveAttribute("aria-expanded", "false");
  await page.keyboard.press("u");
  await expect(fold.getByRole("button")).toHaveAttribute("aria-expanded", "true");
  await expect(fold.getByText("How much is invoice 42?")).toBeVisible();
  await page.keyboard.press("u");
  await expect(fold.locator(".fold-message")).toHaveCount(0);
  await page.keyboard.press("k");
  await expect(fold).not.toHaveAttribute("aria-current", "true");
  const selected = new URL(page.url()).searchParams.get("span");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(new RegExp(`/trace/\\w+\\?span=${selected}$`));
  await expect(page.locator(`[data-span="${selected}"]`)).toHaveAttribute("aria-selected", "true");
});

test("one selection for the story, the conversation and the tokens", async ({ page, server }) => {
  await open(page, await replay(server, "chat", "handoff_tools"));
  await lines(page).filter({ hasText: "get_invoice" }).click();
  await expect(current(page)).toContainText("invoice_id: 42");
  await page.keyboard.press("ArrowUp");
  await expect(page.locator('[role="treeitem"][aria-selected="true"]')).not.toContainText("get_invoice");
  await page.getByRole("list", { name: "Tokens by call" }).getByRole("button").nth(2).click();
  await expect(current(page)).toContainText("99.50 EUR");
  await expect(page.getByRole("heading", { name: "Call 3" })).toBeVisible();
  await page.reload();
  await expect(current(page)).toContainText("99.50 EUR");
  await page.keyboard.press("Escape");
  await expect(page).toHaveURL(/view=conversation$/);
});

test("an answer of which only the id is known says so, and how to have it", async ({ page, server, baseURL }) => {
  await open(page, await replay(server, "responses", "handoff_tools"));
  const missing = page.locator(".missing").first();
  await expect(missing).toContainText("The SDK sends only the id of this answer");
  await expect(missing).toContainText("resp_");
  await expect(missing.locator("pre")).toContainText(`${baseURL}/v1/traces/ingest`);
  await missing.getByRole("tab", { name: "OpenInference" }).click();
  await expect(missing.locator("pre")).toContainText("OpenAIAgentsInstrumentor");
  await expect(page.locator(".missing").nth(1).locator("pre")).toHaveCount(0);
  await expect(page.getByRole("group", { name: "Model call 1" })).toContainText("price unknown");
});

test("a tool that failed is marked, and the run went on", async ({ page, server }) => {
  await open(page, await replay(server, "chat", "tool_error"));
  await expect(rows(page).first()).toBeVisible();
  await page.keyboard.press("e");
  await expect(current(page).locator(".pair-error")).toBeVisible();
  await expect(current(page)).toContainText("failed");
  await expect(lines(page).getByRole("img", { name: "failed, and the work went on" })).toHaveCount(1);
});

test("what is recorded stays text, and leads nowhere by itself", async ({ page, server }) => {
  const said = [
    "<img src=x onerror=alert(1)> <b>bold</b>",
    "",
    "<script>alert(2)</script>",
    "",
    "[safe](https://elsewhere.test/x) [bad](javascript:alert(3)) [local](/api/v1/projects) ![picture](https://elsewhere.test/x.png)",
    "",
    "<iframe src=https://elsewhere.test></iframe>",
  ].join("\n");
  const tool = {
    type: "function",
    name: "<b>search</b>",
    input: '{"__proto__": "<i>x</i>"}',
    output: said,
    mcp_data: null,
  };
  await server.post(INGEST, {
    data: [
      trace,
      span(1, null, { ...agent, name: "<u>Writer</u>" }),
      span(2, 1, generation(said, "[x](data:text/html,x)")),
      span(3, 1, tool),
    ],
  });
  await open(page, await newest(server));
  const answer = rows(page).filter({ has: page.getByRole("group", { name: "Model call 1" }) });
  await expect(answer).toContainText("<img src=x onerror=alert(1)>");
  await expect(answer).toContainText("<script>alert(2)</script>");
  await expect(answer).toContainText("[bad](javascript:alert(3)) [local](/api/v1/projects)");
  await expect(answer).toContainText("picture, not fetched: picture");
  const links = page.getByRole("list", { name: "Messages" }).locator("a");
  await expect(links).toHaveCount(1);
  await expect(links).toHaveAttribute("href", "https://elsewhere.test/x");
  await expect(links).toHaveAttribute("rel", /noopener noreferrer/);
  await expect(page.locator("main :is(img, script, iframe, u)")).toHaveCount(0);
  await answer.click();
  await page.keyboard.press("m");
  await expect(answer.locator(".said-plain")).toContainText("[safe](https://elsewhere.test/x)");
  expect(await page.evaluate(() => Object.keys(Object.prototype))).toEqual([]);
});

test("a long text is cut, and fetched when it is wanted", async ({ page, server }) => {
  const said = `${"A long answer. ".repeat(12_300)}The end.`;
  await server.post(INGEST, { data: [trace, span(1, null, agent), span(2, 1, generation(said, "Tell all."))] });
  await open(page, await newest(server));
  const answer = rows(page).filter({ has: page.getByRole("group", { name: "Model call 1" }) });
  await expect(answer).not.toContainText("The end.");
  await answer.getByRole("button", { name: "185 kB, show" }).click();
  await expect(answer).toContainText("The end.");
  await answer.getByRole("button", { name: "185 kB, fold" }).click();
  await expect(answer).not.toContainText("The end.");
});

test("what comes while the page is open is shown without a word", async ({ page, server }) => {
  await server.post(INGEST, { data: [trace, span(2, 1, generation("First.", "Go."))] });
  const id = await newest(server);
  await open(page, id);
  await expect(rows(page).filter({ hasText: "First." })).toBeVisible();
  await server.post(INGEST, { data: [span(3, 1, generation("Second.", "And now?")), span(1, null, agent)] });
  await expect(rows(page).filter({ hasText: "Second." })).toBeVisible();
  await expect(lines(page).first()).toContainText("Writer");
});

test("a trace without agents teaches what makes a conversation", async ({ page, send }) => {
  await send(single(4, "GET /"));
  await open(page, traceId(4));
  await expect(page.getByRole("heading", { name: "No agent has worked in this trace" })).toBeVisible();
  await expect(page.locator(".agentsnippets pre")).toContainText("set_trace_processors");
  await page.getByRole("link", { name: /To the trace v/ }).click();
  await expect(page.getByRole("tree", { name: "Spans" })).toBeVisible();
});

test("a story that cannot be read says why, and can be asked for again", async ({ page, server }) => {
  const id = await replay(server, "chat", "handoff_tools");
  await page.route("**/story", (route) => route.abort());
  await open(page, id);
  await expect(page.getByRole("heading", { name: "The conversation cannot be read" })).toBeVisible();
  await page.unroute("**/story");
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(rows(page).first()).toBeVisible();
});

test("attempts, waiting, a tripped guardrail and unknown prices are told in words", async ({ page, server }) => {
  await open(page, await tell(page, server, story));
  await expect(rows(page).first()).toBeVisible();
  const second = page.locator(".pair", { hasText: "ledger" });
  await expect(second).toContainText("attempt 2");
  await page.keyboard.press("End");
  await expect(current(page)).toContainText("waiting for it");
  await expect(page.locator('[role="treeitem"][aria-selected="true"]')).toHaveText(/^response/);
  await expect(page.locator(".guardrail .tag.w")).toHaveText("tripped");
  const costs = page.getByRole("list", { name: "Tokens by call" }).getByRole("listitem");
  await expect(costs.nth(3)).toContainText("unknown");
  await expect(costs.nth(0)).toContainText("$0.0012");
  await expect(page.getByRole("heading", { name: "Call 4" })).toBeVisible();
  await expect(page.locator(".callfacts")).toContainText("unknown the model is not known");
});

test("two thousand entries open and move quickly", async ({ page, server }) => {
  const entries = Array.from({ length: 500 }, (_, i) => [
    {
      type: "message",
      call: i + 1,
      span_id: spanId(i + 10),
      role: "user",
      agent: null,
      parts: [{ type: "text", text: `Ask ${i}` }],
      is_output: false,
    },
    {
      type: "message",
      call: i + 1,
      span_id: spanId(i + 10),
      role: "assistant",
      agent: "Writer",
      parts: [{ type: "text", text: `**Answer** ${i}\n\n- one\n- two` }],
      is_output: true,
    },
    { type: "call", call: i + 1, span_id: spanId(i + 10) },
    { ...story.entries[10], span_id: spanId(i + 1000), call_id: `call ${i}` },
  ]).flat();
  const nodes = entries.map((_, i) => node(i + 10_000, "function", `step ${i}`, { entry: i }));
  const calls = Array.from({ length: 500 }, (_, i) => call(i + 1, i + 10, "Writer", { usage: usage(100 + i, i, 10) }));
  const id = await tell(page, server, { ...story, entries, nodes, calls });
  await open(page, id);
  await expect(rows(page).first()).toHaveAttribute("aria-setsize", "1500");
  expect(await page.locator("main *").count()).toBeLessThan(2500);
  const begun = Date.now();
  await page.keyboard.press("End");
  await expect(current(page)).toHaveAttribute("aria-posinset", "1500");
  await expect(current(page)).toBeInViewport();
  await page.keyboard.press("Home");
  await expect(current(page)).toHaveAttribute("aria-posinset", "1");
  await expect(current(page)).toBeInViewport();
  expect(Date.now() - begun).toBeLessThan(5000);
});

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

for (const theme of ["light", "dark"] as const) {
  test(`the conversation can be used by everybody in the ${theme} theme`, async ({ page, server, send }, info) => {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
    const faults: string[] = [];
    const look = async (place: string) => {
      const { violations } = await new AxeBuilder({ page }).withTags(RULES).analyze();
      for (const { id, nodes } of violations)
        faults.push(...nodes.map(({ target, failureSummary }) => `${place}: ${id} at ${target}: ${failureSummary}`));
      await page.screenshot({ path: info.outputPath(`${place}-${theme}.png`) });
    };
    await page.route("**/spans/*", (route) => route.fulfill({ json: { spans: [{ content }] } }));
    await open(page, await tell(page, server, story));
    await expect(rows(page).first()).toBeVisible();
    for (let i = 0; i < 6; i++) await page.keyboard.press("j");
    await page.keyboard.press("u");
    await expect(page.locator(".fold-message").first()).toBeVisible();
    await look("conversation");
    await page.keyboard.press("End");
    await expect(current(page)).toContainText("waiting for it");
    await look("end");
    for (const width of [1280, 1024]) {
      await page.setViewportSize({ width, height: 768 });
      await expect(page.getByRole("link", { name: "Conversation", exact: true })).toBeInViewport({ ratio: 1 });
      await look(String(width));
    }
    await send(single(4, "GET /"));
    await page.unroute("**/story");
    await page.unroute("**/api/v1/traces/*/story");
    await open(page, traceId(4));
    await expect(page.getByRole("heading", { name: "No agent has worked in this trace" })).toBeVisible();
    await look("empty");
    expect(faults).toEqual([]);
  });
}
