import { expect, spans, test } from "./fixture";
import { big, traceId } from "./otlp";

const SIZE = 10_000;
const MOST_NODES = 3000;
const MOST_BYTES = 8_000_000;

test("a trace of ten thousand spans is read whole, and little of it is in the document", async ({ page, send }) => {
  const trace = big(traceId(10_000), SIZE);
  for (let from = 0; from < SIZE; from += 2000) await send({ ...trace, spans: trace.spans.slice(from, from + 2000) });

  const network = await page.context().newCDPSession(page);
  await network.send("Network.enable");
  let bytes = 0;
  network.on("Network.loadingFinished", (event) => {
    bytes += event.encodedDataLength;
  });
  await page.goto(`/trace/${trace.id}`);
  await expect(spans(page).first()).toBeVisible();
  await expect(page.locator(".tracehead .stat").filter({ hasText: "Spans" })).toContainText("10,000");
  await expect(page.locator(".loadprogress")).toHaveCount(0);
  await expect(page.getByRole("tree")).toBeVisible();

  await page.keyboard.press("End");
  const last = spans(page).last();
  await expect(page.getByText("the very last")).toBeVisible();
  await expect(last).toBeVisible();
  const nodes = await page.evaluate(() => document.querySelectorAll("*").length);
  expect(nodes).toBeLessThan(MOST_NODES);
  expect(bytes).toBeLessThan(MOST_BYTES);
  test.info().annotations.push({ type: "measured", description: `${nodes} nodes, ${bytes} bytes` });
  console.log(`10,000 spans: ${nodes} nodes, ${bytes} bytes`);

  await page.keyboard.press("/");
  await page.keyboard.type("failed at");
  await expect(page.getByText("10 matches")).toBeVisible();
  expect(await page.evaluate(() => document.querySelectorAll("*").length)).toBeLessThan(MOST_NODES);
});
