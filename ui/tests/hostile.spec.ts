import type { Page } from "@playwright/test";
import { ingest, spanItem } from "./agents";
import { expect, rows, spans, test } from "./fixture";
import { spanId, type TraceInput, traceId } from "./otlp";

const IMAGE = "<img src=x onerror=alert(1)>";
const SCRIPT = "<script>alert(2)</script>";
const LINK = "javascript:alert(3)";
const PROTO = "__proto__";
const TURNED = "\u202egnp.exe\u202c \u2066x\u2069";
const STRINGS = [IMAGE, SCRIPT, LINK, PROTO, TURNED, "constructor", "</title><b>", "{{endpoint}}", "\u0000\u0007"];

const trace: TraceInput = {
  id: traceId(66),
  spans: STRINGS.map((text, i) => ({
    id: spanId(i + 1),
    ...(i === 0 ? {} : { parent: spanId(1) }),
    name: text,
    service: `${text} service`,
    start: i,
    error: text,
    attributes: new Map<string, string | Map<string, string>>([
      [text, text],
      [
        "nested",
        new Map([
          [PROTO, IMAGE],
          [text, SCRIPT],
        ]),
      ],
      ["polluted", PROTO],
      ["link", "https://elsewhere.test/"],
      ["long", `${IMAGE}${"y".repeat(1_000_000)}`],
    ]),
    events: [
      { name: text, at: i, attributes: new Map([[text, text]]) },
      {
        name: "exception",
        at: i,
        attributes: new Map([
          ["exception.type", SCRIPT],
          ["exception.stacktrace", IMAGE],
        ]),
      },
    ],
  })),
};

/** Nothing that was recorded has become markup. */
async function expectOnlyText(page: Page) {
  expect(await page.locator("img").count()).toBe(0);
  expect(
    await page.locator("script").evaluateAll((all) => all.map((script) => script.getAttribute("src") ?? "inline")),
  ).toEqual(["/theme.js", expect.stringMatching(/^\/assets\/.+\.js$/)]);
  const links = await page.locator("a").evaluateAll((all) => all.map((a) => a.getAttribute("href") ?? ""));
  for (const link of links) expect(link).toMatch(/^\//);
  expect(await page.evaluate(() => Object.keys(Object.prototype))).toEqual([]);
}

test("recorded strings stay text on every page", async ({ page, send }) => {
  await send(trace);
  await page.goto("/");
  await expect(rows(page)).toContainText([IMAGE]);
  await expect(page.getByRole("button", { name: `${SCRIPT} service` })).toBeVisible();
  await expectOnlyText(page);

  await page.goto(`/?${new URLSearchParams({ service: `${PROTO} service`, name: IMAGE })}`);
  await expect(rows(page)).toHaveCount(1);
  await expectOnlyText(page);

  await page.goto(`/trace/${trace.id}`);
  await expect(spans(page)).toHaveCount(STRINGS.length);
  await expectOnlyText(page);
  const detail = page.getByRole("complementary", { name: "Span" });
  for (let i = 0; i < STRINGS.length; i++) {
    await page.locator(`[data-span="${spanId(i + 1)}"]`).click();
    await expect(detail.getByText(spanId(i + 1), { exact: true })).toBeVisible();
    await detail.getByText("nested", { exact: true }).click();
    await expect(detail.locator(".attribute-inside").getByText(PROTO, { exact: true })).toBeVisible();
    await expectOnlyText(page);
  }
  await detail.getByRole("button", { name: "1.0 MB, show" }).click();
  for (const tab of ["Events", "Links", "Resource", "Raw"]) {
    await detail.getByRole("tab", { name: tab }).click();
    await expectOnlyText(page);
  }
});

test("hostile addresses are no danger", async ({ page, send }) => {
  await send(trace);
  for (const address of [
    `/trace/${LINK}`,
    "/trace/..%2f..%2fetc",
    `/?name=${encodeURIComponent(IMAGE)}&status=x`,
    "/%3Cscript%3E",
  ]) {
    await page.goto(address);
    await expect(page.getByRole("main")).toBeVisible();
    await expectOnlyText(page);
  }
  await page.goto(`/trace/${trace.id}?span=${encodeURIComponent(PROTO)}`);
  await expect(spans(page)).toHaveCount(STRINGS.length);
  await expectOnlyText(page);
});

test("what agents are called and say stays text", async ({ page, server }) => {
  const id = `trace_${"7".repeat(32)}`;
  const item = (n: number, parent: number | null, data: unknown, error: unknown = null) =>
    spanItem(id, `${SCRIPT} ${n}`, parent === null ? null : `${SCRIPT} ${parent}`, data, error);
  const said = STRINGS.map((text) => ({ role: text, content: text }));
  const json = `{"${PROTO}":"${IMAGE}","a":["${LINK}"]}`;
  const model = { type: "generation", input: said, output: said, model: IMAGE, model_config: { [PROTO]: LINK } };
  await ingest(server, {
    data: [
      { object: "trace", id, workflow_name: IMAGE, group_id: LINK, metadata: { [PROTO]: SCRIPT, link: LINK } },
      item(1, null, { type: "agent", name: SCRIPT, handoffs: [IMAGE], tools: [LINK], output_type: TURNED }),
      item(2, 1, { ...model, usage: { input_tokens: 1, output_tokens: 1 } }),
      item(
        3,
        1,
        { type: "function", name: IMAGE, input: json, output: SCRIPT },
        { message: IMAGE, data: { a: SCRIPT } },
      ),
      item(4, 1, { type: "handoff", from_agent: IMAGE, to_agent: LINK }),
      item(5, 1, { type: SCRIPT, name: IMAGE }),
    ],
  });
  await page.goto("/");
  await expect(rows(page)).toContainText([IMAGE]);
  await expectOnlyText(page);
  await page.goto(`/trace/${id}`);
  await expect(spans(page)).toHaveCount(5);
  for (let i = 0; i < 5; i++) {
    await spans(page).nth(i).click();
    await expect(page.getByRole("tab", { name: "Agent" })).toHaveAttribute("aria-selected", "true");
    await expectOnlyText(page);
  }
  await page.goto(`/group/${encodeURIComponent(LINK)}`);
  await expect(rows(page)).toHaveCount(1);
  await expectOnlyText(page);
});
