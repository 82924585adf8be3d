import { ingest, recorded, spanItem, traceIds, traceItem } from "./agents";
import { expect, rows, spanNames, spans, test } from "./fixture";
import { single } from "./otlp";

const detailOf = (page: import("@playwright/test").Page) => page.getByRole("complementary", { name: "Span" });

test("the list names the workflow, its agents and models, what it used and what it belongs to", async ({
  page,
  server,
  send,
}) => {
  const run = recorded("chat", "handoff_tools");
  await ingest(server, ...run);
  await send(single(1, "GET /orders"));
  await page.goto("/");
  await expect(rows(page)).toHaveCount(2);
  const row = page.locator(`[data-trace="${traceIds(run)[0]}"]`);
  await expect(row).toContainText("Customer support");
  await expect(row).toContainText("Triage agent, Billing agent");
  await expect(row).toContainText("gpt-4.1");
  await expect(row).toContainText("462");
  await expect(row).toContainText(/\$0\.\d{4}/);
  await expect(row.getByRole("img", { name: "error" })).toHaveCount(0);

  await row.getByRole("link", { name: "thread_123" }).click();
  await expect(page).toHaveURL(/\/group\/thread_123\?project=default$/);
  await page.getByRole("link", { name: "As a list" }).click();
  await expect(page).toHaveURL(/group=thread_123/);
  await expect(rows(page)).toHaveCount(1);
  await page.getByRole("button", { name: /group is thread_123/ }).click();
  await expect(rows(page)).toHaveCount(2);
});

test("what failed a run is said in the list, the head and the tree, and found by a key", async ({ page, server }) => {
  const run = recorded("chat", "model_error");
  await ingest(server, ...run);
  const [failed] = traceIds(run);
  await page.goto("/");
  const row = page.locator(`[data-trace="${failed}"]`);
  await expect(row.getByRole("img", { name: "error" })).toBeVisible();
  await expect(row).toContainText("Error getting response");

  await page.goto(`/trace/${failed}`);
  await expect(page.locator(".tracehead")).toContainText("failed: Error getting response");
  await expect(spans(page)).toHaveCount(4);
  await expect(spans(page).first().getByRole("img", { name: "failed below" })).toBeVisible();
  await expect(spans(page).last().getByRole("img", { name: "error" })).toBeVisible();
  await expect(spans(page).last().getByRole("img", { name: "failed below" })).toHaveCount(0);
  await spans(page).last().click();
  await expect(detailOf(page)).toContainText("Error code: 500 - upstream exploded");
});

test("a failure that the work survived keeps its cross, and the run is not marked", async ({ page, server }) => {
  const run = recorded("chat", "tool_error");
  await ingest(server, ...run);
  await page.goto("/");
  await expect(rows(page)).toHaveCount(1);
  await expect(rows(page).locator(".tracerow-status .err")).toHaveCount(0);
  await page.goto(`/trace/${traceIds(run)[0]}`);
  await expect(page.locator(".tracehead .tag")).toHaveText("1 error, survived");
  await expect(page.locator(".tracehead .tag.e")).toHaveCount(0);
  await expect(spans(page).filter({ hasText: "explode" }).getByRole("img", { name: "error" })).toBeVisible();
  await expect(page.getByRole("img", { name: "failed below" })).toHaveCount(0);
});

test("the waterfall calls every kind of work what it is", async ({ page, server }) => {
  const run = recorded("chat", "handoff_tools");
  await ingest(server, ...run);
  await page.goto(`/trace/${traceIds(run)[0]}`);
  await expect(spans(page)).toHaveCount(15);
  const names = await spanNames(page);
  for (const name of ["Triage agent", "no_secrets", "get_invoice", "db.query", "polite"]) expect(names).toContain(name);
  expect(names.some((name) => name.startsWith("handoff to Billing agent"))).toBe(true);
  const call = spans(page).filter({ hasText: "gpt-4.1" }).first();
  await expect(call).toContainText("154 tok");
  await expect(page.locator(".tracehead .stat").filter({ hasText: "Tokens" })).toContainText("462");
});

test("a guardrail that was triggered is marked as a warning", async ({ page, server }) => {
  const run = recorded("chat", "guardrail_trip");
  await ingest(server, ...run);
  await page.goto("/");
  await expect(rows(page).getByText("guardrail tripped")).toBeVisible();
  await page.goto(`/trace/${traceIds(run)[0]}`);
  const guardrail = spans(page).filter({ hasText: "no_secrets" });
  await expect(guardrail.getByText("tripped")).toBeVisible();
  await guardrail.click();
  await expect(detailOf(page).locator(".agent-kind")).toContainText("guardrailno_secretstripped");
});

test("a model call tells its facts, tokens, cost and messages", async ({ page, server }) => {
  const run = recorded("chat", "handoff_tools");
  await ingest(server, ...run);
  await page.goto(`/trace/${traceIds(run)[0]}`);
  await spans(page).filter({ hasText: "gpt-4.1" }).last().click();
  const detail = detailOf(page);
  await expect(detail.getByRole("tab", { name: "Agent" })).toHaveAttribute("aria-selected", "true");
  await expect(detail.getByRole("row", { name: /^in 120 / })).toBeVisible();
  await expect(detail.getByRole("row", { name: /^in all 154 \$0\.\d{4}/ })).toBeVisible();
  await expect(detail.getByText(/^prices from /)).toBeVisible();
  await expect(detail.getByRole("region", { name: "Answer" })).toContainText("assistant");
  const asked = detail.getByRole("region", { name: "Messages in" });
  await expect(asked).toContainText("result ofget_invoice");
  await asked.getByRole("button", { name: /earlier messages, show/ }).click();
  await expect(asked).toContainText("user");
  await expect(detail.getByText(/^span_[0-9a-f]{24}$/).first()).toBeVisible();
  await detail.getByRole("tab", { name: /Attributes/ }).click();
  await expect(detail.getByText("openai.agents.span_data")).toBeVisible();
});

test("a tool call shows what it was given and what it answered, as JSON", async ({ page, server }) => {
  const run = recorded("chat", "handoff_tools");
  await ingest(server, ...run);
  await page.goto(`/trace/${traceIds(run)[0]}`);
  await spans(page).filter({ hasText: "get_invoice" }).click();
  const given = detailOf(page).getByRole("region", { name: "Arguments" });
  await expect(given.locator(".json-key").first()).toHaveText(/"\w+"/);
  await expect(detailOf(page).getByRole("region", { name: "Result" })).toContainText("99.5");
});

test("an answer of which only the id was sent says so, and what would tell more", async ({ page, server }) => {
  const run = recorded("responses", "handoff_tools");
  await ingest(server, ...run);
  await page.goto("/");
  await expect(rows(page)).toContainText("price unknown");
  await page.goto(`/trace/${traceIds(run)[0]}`);
  await expect(spans(page)).toHaveCount(15);
  await page.locator(".spanbar", { hasText: "154 tok" }).first().click();
  await expect(detailOf(page).getByText(/^The client sent only the answer's id, resp_/)).toBeVisible();
  await detailOf(page).getByRole("link", { name: "Have it recorded as well" }).click();
  await expect(page.getByRole("heading", { name: "How to send traces" })).toBeVisible();
});

test("a parent in another trace is a link to it", async ({ page, server }) => {
  const [outer, inner] = [`trace_${"8".repeat(32)}`, `trace_${"9".repeat(32)}`];
  await ingest(server, {
    data: [
      traceItem(outer, "Outer"),
      traceItem(inner, "Inner"),
      spanItem(outer, "span_outer", null, { type: "agent", name: "Outer agent" }),
      spanItem(inner, "span_inner", "span_outer", { type: "agent", name: "Inner agent" }),
    ],
  });
  await page.goto(`/trace/${inner}`);
  await expect(spans(page).first()).toContainText("parent in another trace");
  await spans(page).first().click();
  await expect(detailOf(page).getByRole("link", { name: "It is in another trace" })).toBeVisible();
  await spans(page).nth(1).click();
  await detailOf(page).getByRole("link", { name: "Its parent is in another trace" }).click();
  await expect(page).toHaveURL(new RegExp(`/trace/${"8".repeat(32)}\\?span=`));
  await expect(spans(page).and(page.locator('[aria-selected="true"]'))).toHaveCount(1);
});

test("a trace without a span lists, waits, and shows its first span when it comes", async ({ page, server }) => {
  const id = `trace_${"5".repeat(32)}`;
  await ingest(server, { data: [traceItem(id, "Slow starter")] });
  await page.goto("/");
  await expect(rows(page)).toContainText("Slow starter");
  await expect(rows(page)).toContainText("waiting for its first span");
  await page.goto(`/trace/${id}`);
  await expect(page.getByRole("heading", { name: "Waiting for its first span" })).toBeVisible();
  await ingest(server, { data: [spanItem(id, "span_1", null, { type: "agent", name: "Starter" })] });
  await expect(spans(page)).toHaveCount(1);
  await expect(spans(page)).toContainText("Starter");
});

test("any id opens: the client's own, ours, and a group's", async ({ page, server }) => {
  await ingest(server, ...recorded("helpers", "custom_trace_id_and_orphans"));
  const run = recorded("chat", "handoff_tools");
  await ingest(server, ...run);
  const [hex] = traceIds(run);
  await page.goto("/");
  await expect(rows(page).first()).toBeVisible();
  const jump = async (text: string, choose = "Enter") => {
    await page.keyboard.press("Control+k");
    await page.keyboard.type(text);
    await page.keyboard.press(choose);
  };
  await jump(`trace_${hex}`);
  await expect(page).toHaveURL(new RegExp(`/trace/${hex}$`));
  await jump("my trace id");
  await expect(page).toHaveURL(/\/trace\/[0-9a-f]{32}$/);
  await expect(page.locator(".tracehead h1")).toHaveText("bad id");
  await jump("thread_123", "ArrowDown");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/group\/thread_123$/);
  await jump("nobody has this");
  await expect(page.getByRole("heading", { name: "No trace is called nobody has this here" })).toBeVisible();
});

test("a span is found by the id that its client gave it", async ({ page, server }) => {
  const run = recorded("chat", "tool_error");
  await ingest(server, ...run);
  const items = run.flatMap(({ data }) => data);
  const tool = items.find(({ span_data }) => (span_data as { type?: string } | undefined)?.type === "function");
  await page.goto(`/trace/trace_${traceIds(run)[0]}?span=${tool?.id}`);
  await expect(page).toHaveURL(/\?span=[0-9a-f]{16}$/);
  await expect(detailOf(page).getByRole("heading", { level: 2 })).toHaveText("explode");
});

test("a group shows its traces in order, and grows while one looks", async ({ page, server }) => {
  await page.goto("/group/thread_123");
  await expect(page.getByRole("heading", { name: "No trace of this group here" })).toBeVisible();
  const run = recorded("chat", "handoff_tools");
  await ingest(server, ...run);
  await expect(rows(page)).toHaveCount(1);
  await expect(rows(page)).toContainText("Customer support");
  await expect(rows(page).locator("p").first()).not.toHaveText("not recorded");
  await ingest(server, { data: [traceItem(`trace_${"6".repeat(32)}`, "Another", "thread_123")] });
  await expect(rows(page).locator("b")).toHaveText(["Customer support", "Another"]);
  await expect(page.locator(".group-head .stat").filter({ hasText: "Tokens" })).toContainText("462");
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(new RegExp(`/trace/${traceIds(run)[0]}\\?view=conversation$`));
});
