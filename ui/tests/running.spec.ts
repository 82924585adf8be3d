import type { Page } from "@playwright/test";
import { expect, rows, spans, test } from "./fixture";
import { type SpanInput, spanId, type TraceInput, traceId } from "./otlp";

const job: SpanInput = { id: spanId(1), name: "nightly job", lasts: null };
const part: SpanInput = { id: spanId(2), parent: spanId(1), name: "load", start: 100, lasts: null };
const begun = (): TraceInput => ({ id: traceId(1), origin: Date.now() - 700, spans: [job, part] });

const row = (page: Page, n: number) => page.locator(`[data-span="${spanId(n)}"]`);

/** What the page showed of the first span: each label and kind of bar once, in order. */
async function watchFirstSpan(page: Page) {
  await page.evaluate((id) => {
    const seen: string[] = [];
    Object.assign(window, { seen });
    const look = () => {
      const bar = document.querySelector(`[data-span="${id}"] .bar-any`);
      const now = bar === null ? "nothing" : bar.className.includes("bar-open") ? "open" : "ended";
      if (seen.at(-1) !== now) seen.push(now);
    };
    look();
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true });
  }, spanId(1));
  return () => page.evaluate(() => (window as unknown as { seen: string[] }).seen);
}

test("an announced span appears live, grows while it runs, and ends without a flicker", async ({
  page,
  send,
  announce,
  request,
}, info) => {
  const trace = begun();
  await page.goto(`/trace/${trace.id}`);
  await expect(page.getByRole("heading", { name: /^No trace/ })).toBeVisible();

  await announce(trace);
  await expect(spans(page)).toHaveCount(2);
  await expect(page.locator(".bar-open")).toHaveCount(2);
  await expect(row(page, 1)).toContainText("running");
  await expect(page.locator(".tag.l")).toContainText("2 open");
  const label = row(page, 1).locator(".spanbar-label");
  const first = await label.textContent();
  await expect(label).not.toHaveText(first ?? "");
  await row(page, 1).click();
  const detail = page.getByRole("complementary", { name: "Span" });
  await expect(detail.locator(".tag.l")).toHaveText("running");
  await page.screenshot({ path: info.outputPath("running.png") });

  // Sent again after ten seconds, with what is known by then.
  await announce({ ...trace, spans: [{ ...job, name: "nightly job, step 2" }] });
  await expect(row(page, 1)).toContainText("nightly job, step 2");

  const seen = await watchFirstSpan(page);
  await send({ ...trace, spans: [{ ...job, lasts: 1500 }] });
  await expect(row(page, 1).locator(".bar-open")).toHaveCount(0);
  await expect(row(page, 1)).toContainText("1.50 s");
  await expect(row(page, 1)).toHaveAttribute("aria-selected", "true");
  await expect(detail.locator(".tag")).toHaveCount(0);
  expect(await seen()).toEqual(["open", "ended"]);
  await expect(page.locator(".bar-open")).toHaveCount(1);

  await send({ ...trace, spans: [{ ...part, lasts: 900 }] });
  await expect(page.locator(".bar-open")).toHaveCount(0);
  await expect(page.locator(".tag.l")).toHaveCount(0);
  const stored = await (await request.get(`/api/v1/traces/${trace.id}?fields=tree`)).json();
  expect(stored.spans.map(({ state, announced }: { state: string; announced: null }) => [state, announced])).toEqual([
    ["finished", null],
    ["finished", null],
  ]);
});

test("the list shows a trace while it is only announced", async ({ page, announce, send }) => {
  await page.goto("/");
  const trace = begun();
  await announce(trace);
  await expect(rows(page)).toHaveCount(1);
  await expect(rows(page).getByRole("img", { name: "running" })).toBeVisible();
  await expect(rows(page)).toContainText("2 spans open");
  await send({
    ...trace,
    spans: [
      { ...job, lasts: 1500 },
      { ...part, lasts: 900 },
    ],
  });
  await expect(rows(page).getByRole("img", { name: "running" })).toHaveCount(0);
  await expect(rows(page)).toContainText("1.50 s");
});

test.describe("of a program that died", () => {
  test.use({ settings: ["--announced-lost-after", "1"] });

  test("an announced span is told to be lost, and runs again with its next announcement", async ({
    page,
    announce,
  }) => {
    const trace = begun();
    await announce(trace);
    await page.goto(`/trace/${trace.id}?span=${spanId(1)}`);
    await expect(row(page, 1)).toContainText(/lost: no news for \d+ s/);
    const detail = page.getByRole("complementary", { name: "Span" });
    await expect(detail.locator(".tag")).toHaveText(/^lost: no news for \d+ s$/);
    await expect(page.getByText("2 lost")).toBeVisible();
    await announce(trace);
    await expect(row(page, 1)).toContainText("running");
  });
});
