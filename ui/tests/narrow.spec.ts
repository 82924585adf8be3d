import type { Page } from "@playwright/test";
import { ingest, spanItem, traceIds, traceItem } from "./agents";
import { expect, rows, spans, test } from "./fixture";
import { single } from "./otlp";

const TURNED = "\u202egnp.exe \u2066x";
const LONG = "a-model-whose-name-is-longer-than-any-line-has-room-for-".repeat(4);

/** A run of one agent, whose model has this name, and which says this. */
function run(model: string, said: string) {
  const trace = traceItem(`trace_${"8".repeat(32)}`, said);
  const usage = { input_tokens: 123_456, output_tokens: 7890, input_tokens_details: { cached_tokens: 100_000 } };
  const agent = { type: "agent", name: said, handoffs: [], tools: [], output_type: "str" };
  const answer = [{ role: "assistant", content: said }];
  const call = { type: "generation", input: [{ role: "user", content: said }], output: answer, model, usage };
  return { data: [trace, spanItem(trace.id, "span_1", null, agent), spanItem(trace.id, "span_2", "span_1", call)] };
}

/** Nothing lies beside the page, or beside what does not scroll. */
async function expectInside(page: Page, ...names: string[]) {
  const width = page.viewportSize()?.width ?? 0;
  const scrolls = () => page.evaluate(() => document.documentElement.scrollWidth);
  expect(await scrolls()).toBe(width);
  for (const name of names) {
    for (const part of await page.locator(name).filter({ visible: true }).all()) {
      const { clientWidth, scrollWidth } = await part.evaluate(({ clientWidth, scrollWidth }) => ({
        clientWidth,
        scrollWidth,
      }));
      expect(scrollWidth, `${name} of ${clientWidth} px`).toBeLessThanOrEqual(clientWidth);
    }
  }
}

for (const width of [1440, 1181, 960, 420]) {
  test(`the price of a call is seen whatever its model is called, at ${width} px`, async ({ page, server }) => {
    const body = run(LONG, "hello");
    await ingest(server, body);
    await page.setViewportSize({ width, height: 800 });
    await page.goto(`/trace/${traceIds([body])[0]}?view=conversation`);
    const line = page.getByRole("group", { name: "Model call 1" });
    const [all, price] = await Promise.all([line.boundingBox(), line.getByText("price unknown").boundingBox()]);
    if (!all || !price) throw new Error("the line is not drawn");
    expect(price.x + price.width).toBeLessThanOrEqual(all.x + all.width + 0.5);
    await expectInside(page, ".call", ".hdr");
  });
}

test("list and trace fit a telephone", async ({ page, server, send }) => {
  await page.setViewportSize({ width: 420, height: 800 });
  const body = run(LONG, "a name of many words that no telephone has room for in one line");
  await ingest(server, body);
  await send(single(3, "GET /checkout", { service: "a-service-with-a-long-name" }));
  await page.goto("/");
  await expect(rows(page)).toHaveCount(2);
  await expectInside(page, ".hdr", ".filterbar", ".tracerow", ".tracetable-head", ".tracerow-name");
  await page.goto(`/trace/${traceIds([body])[0]}`);
  await expect(spans(page)).toHaveCount(2);
  await expectInside(page, ".hdr", ".tracehead", ".tracetools");
});

test("marks that turn the reading direction end with the text that has them", async ({ page, server }) => {
  const body = run("m", TURNED);
  await ingest(server, body);
  const isolated = async () => {
    const open = await page.evaluate((mark) => {
      const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      const found: string[] = [];
      while (texts.nextNode()) {
        const { parentElement: element, textContent: text } = texts.currentNode;
        if (!element || !text?.includes(mark)) continue;
        const { unicodeBidi, display } = getComputedStyle(element);
        const ends = ["isolate", "isolate-override", "plaintext"].includes(unicodeBidi) || display !== "inline";
        let next = texts.currentNode.nextSibling;
        while (next && !next.textContent?.trim()) next = next.nextSibling;
        if (!ends || next) found.push(element.outerHTML.slice(0, 200));
      }
      return found;
    }, "\u202e");
    expect(open).toEqual([]);
  };
  await page.goto("/");
  await expect(rows(page)).toHaveCount(1);
  await isolated();
  const [id] = traceIds([body]);
  await page.goto(`/trace/${id}?view=conversation`);
  await expect(page.getByRole("group", { name: "Model call 1" })).toBeVisible();
  await isolated();
  await page.goto(`/trace/${id}`);
  await expect(spans(page)).toHaveCount(2);
  await isolated();
});
