import type { APIRequestContext, Page } from "@playwright/test";
import { test as base, expect, rows, spanNames } from "./fixture";
import { Program } from "./program";

const test = base.extend<{ run: (example: string, ...args: string[]) => Program }>({
  run: async ({ server }, use) => {
    const programs: Program[] = [];
    await use((example, ...args) => {
      const program = new Program(example, server, ...args);
      programs.push(program);
      return program;
    });
    await Promise.all(programs.map((program) => program.kill()));
  },
});

interface Item {
  key: string;
  value: unknown;
}

interface Span {
  span_id: string;
  parent_id: string | null;
  name: string;
  kind: string;
  service: string;
  state: string;
  status: { code: string; message: string };
  attributes: Item[];
  events: { name: string; attributes: Item[] }[];
  links: { trace_id: string; span_id: string; attributes: Item[] }[];
}

const fields = (items: Item[]) => Object.fromEntries(items.map(({ key, value }) => [key, value]));

async function spansOf(request: APIRequestContext, trace: string): Promise<Span[]> {
  return (await (await request.get(`/api/v1/traces/${trace}?limit=100`)).json()).spans;
}

/** A trace as text: a line for each span, indented below its parent, and its events below it. */
function outline(spans: Span[], parent: string | null = null, indent = ""): string[] {
  return spans
    .filter((span) => span.parent_id === parent)
    .flatMap((span) => [
      `${indent}${span.service}: ${span.name} (${span.kind})${span.status.code === "error" ? ` ERROR ${span.status.message}` : ""}`,
      ...span.events.map(({ name }) => `${indent}  - ${name}`),
      ...outline(spans, span.span_id, `${indent}  `),
    ]);
}

/** How many children were shown as finished while the first span was shown as running: each figure once, in order. */
async function watchChildren(page: Page) {
  await page.evaluate(() => {
    const seen: number[] = [];
    Object.assign(window, { seen });
    const look = () => {
      const rows = [...document.querySelectorAll("[data-span]")];
      const isOpen = (row?: Element) => row?.querySelector(".bar-open") !== null;
      const finished = rows.filter((row) => !isOpen(row)).length;
      const root = rows.find((row) => row.getAttribute("aria-level") === "1");
      if (root && isOpen(root) && seen.at(-1) !== finished) seen.push(finished);
    };
    look();
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true });
  });
  return () => page.evaluate(() => (window as unknown as { seen: number[] }).seen);
}

const AGENT = `\
support: invoke_agent support (internal)
  - tool failed
  - answered
  support: chat pretend-large-2 (client)
    - first token
  support: execute_tool lookup_order (internal)
    support: connect (internal)
    support: SELECT orders (internal)
  support: chat pretend-large-2 (client)
    - first token
  support: execute_tool track_parcel (client) ERROR no answer from api.carrier.example within 800 ms
    - exception
  support: execute_tool track_parcel (client)
  support: chat pretend-large-2 (client)
    - first token
  support: execute_tool remember (internal)
    support: append note (internal)
    support: index note (internal)
  support: chat pretend-large-2 (client)
    - first token`;

test("a program is watched from its first span to its last", async ({ page, request, run }) => {
  await page.goto("/");
  await page.evaluate(() => Object.assign(window, { unreloaded: true }));
  await expect(page.getByRole("heading", { name: "Waiting for the first span…" })).toBeVisible();

  const program = run("agent", "7");
  await expect(rows(page)).toContainText("invoke_agent support");
  await expect(rows(page).getByRole("img", { name: "running" })).toBeVisible();
  await expect(rows(page)).toContainText("2 spans open");

  const trace = (await rows(page).getAttribute("data-trace")) ?? "";
  await rows(page).getByRole("link").first().click();
  const root = page.locator('[data-span][aria-level="1"]');
  await expect(root).toContainText("running");
  await expect(root.locator(".bar-open")).toHaveCount(1);
  const watched = await watchChildren(page);

  expect(await program.end()).toBe(0);
  await expect(page.locator(".bar-open")).toHaveCount(0);
  const seen = await watched();
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
  expect(seen.length, `one by one: ${seen}`).toBeGreaterThanOrEqual(4);
  expect(await page.evaluate(() => "unreloaded" in window)).toBe(true);

  const spans = await spansOf(request, trace);
  const text = outline(spans);
  // Two threads begin at once.
  if (text.indexOf("    support: index note (internal)") < text.indexOf("    support: append note (internal)"))
    text.splice(-4, 2, "    support: append note (internal)", "    support: index note (internal)");
  expect(text.join("\n")).toBe(AGENT);
  expect(spans.map(({ state }) => state)).toEqual(Array(13).fill("finished"));
  expect((await spanNames(page)).toSorted()).toEqual(spans.map(({ name }) => name).toSorted());

  const calls = spans.filter(({ name }) => name.startsWith("chat"));
  const tokens = calls.map(({ attributes }) => {
    const { "gen_ai.usage.input_tokens": input, "gen_ai.usage.output_tokens": output } = fields(attributes);
    return Number(input) + Number(output);
  });
  const agent = spans.find(({ parent_id }) => parent_id === null);
  expect(fields(agent?.attributes ?? [])).toEqual({
    "gen_ai.operation.name": "invoke_agent",
    "gen_ai.agent.name": "support",
    "gen_ai.conversation.id": "customer-7",
    "customer.id": "7",
    "gen_ai.usage.total_tokens": String(tokens.reduce((sum, some) => sum + some)),
  });
  expect(fields(agent?.events[0]?.attributes ?? [])).toEqual({
    attempt: "1",
    error: "no answer from api.carrier.example within 800 ms",
  });
  const said = program.lines.filter((line) => line.startsWith("assistant")).map((line) => line.slice(11));
  const sent = calls.map(({ attributes }) => JSON.parse(String(fields(attributes)["gen_ai.output.messages"])));
  expect(sent.map(([message]) => message.parts[0].content)).toEqual(said);

  const failed = page.locator("[data-span]", { hasText: "✕" });
  await failed.click();
  const detail = page.getByRole("complementary", { name: "Span" });
  await expect(detail).toContainText("no answer from api.carrier.example within 800 ms");
  await expect(detail).toContainText("agent::Unreachable");
  await detail.getByRole("tab", { name: /Attributes/ }).click();
  await expect(detail).toContainText("gen_ai.tool.name");
});

test("services of one process form one trace, and what they cause another that links to it", async ({
  page,
  request,
  run,
}) => {
  await page.goto("/");
  expect(await run("checkout").end()).toBe(0);
  await expect(rows(page)).toHaveCount(3);
  await rows(page)
    .filter({ has: page.getByRole("img", { name: "error" }) })
    .getByRole("link")
    .click();
  await page.locator("[data-span]", { hasText: "authorize" }).click();
  const why = page.getByRole("complementary", { name: "Span" }).locator(".errorblock");
  await expect(why).toContainText("the card was declined");
  await expect(why.getByText("caused by: 125000 cents are more than the limit of 100000")).toBeVisible();
  const listed = (await (await request.get("/api/v1/traces?project=shop")).json()).traces;
  const traces: Span[][] = [];
  for (const { trace_id } of listed) traces.push(await spansOf(request, trace_id));
  const text = traces.map((spans) => outline(spans).join("\n"));
  expect(text).toContainEqual(`\
storefront: POST /checkout (server) ERROR the card was declined
  - exception
  storefront: load cart (internal)
    storefront: SELECT carts (client)
    storefront: price (internal)
    storefront: apply vouchers (internal)
  storefront: POST (client) ERROR the card was declined
    - exception
    payments: POST /charge (server) ERROR the card was declined
      - exception
      payments: authorize (client) ERROR the card was declined
        - exception`);

  const all = traces.flat();
  const served = all.filter(({ name }) => name === "POST /charge");
  expect(served.map(({ attributes }) => fields(attributes)["customer.tier"]).toSorted()).toEqual(["basic", "gold"]);
  const vouchers = all.find(({ name }) => name === "apply vouchers");
  expect(fields(vouchers?.attributes ?? [])).toEqual({
    "vouchers.used": "0",
    "vouchers.expired": true,
    "vouchers.share": 0,
  });
  const [link] = all.find(({ name }) => name === "ship")?.links ?? [];
  expect(link?.span_id).toBe(all.find(({ name }) => name === "enqueue ship")?.span_id);
  expect(fields(link?.attributes ?? [])).toEqual({ "opentracing.ref_type": "follows_from" });
});

test.describe("killed", () => {
  // Long enough to be seen running, for it is announced only every ten seconds.
  test.use({ settings: ["--announced-lost-after", "2"] });

  test("a program leaves its open spans lost, and the finished ones as they were", async ({ page, run }) => {
    const program = run("agent");
    await page.goto("/");
    await expect(rows(page).getByRole("img", { name: "running" })).toBeVisible();
    await rows(page).getByRole("link").first().click();
    const finished = page.locator("[data-span]", { hasText: "SELECT orders" });
    await expect(finished).toBeVisible();
    expect(await program.kill()).toBe("SIGKILL");

    const root = page.locator('[data-span][aria-level="1"]');
    await expect(root).toContainText(/lost: no news for \d+ s/);
    await expect(page.locator(".bar-open")).not.toHaveCount(0);
    await expect(finished.locator(".bar-open")).toHaveCount(0);
    await expect(finished).not.toContainText("lost");
    await page.goto("/");
    await expect(rows(page)).toContainText(/lost: no news of \d spans?/);
  });
});
