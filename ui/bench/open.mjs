// Opens a trace of ten thousand spans in Chromium and prints how long that takes: the median of five, each in a fresh
// browser context. TRACKWAY_SPANS names another size.
import { bench, median, VIEWPORT } from "./bench.mjs";

const SPANS = Number(process.env.TRACKWAY_SPANS ?? 10_000);
const RUNS = 5;
const BATCH = 2000;
const SERVICES = 6;
const ROW = 24;
const TRACE = "5".repeat(32);

function span(i, origin) {
  const id = (n) => (n + 1).toString(16).padStart(16, "0");
  const start = BigInt(origin) * 1_000_000n + BigInt(i) * 200_000n;
  const lasts = i === 0 ? BigInt(SPANS) * 200_000n : BigInt(3 + (i % 40)) * 1_000_000n;
  return {
    traceId: TRACE,
    spanId: id(i),
    ...(i === 0 ? {} : { parentSpanId: id(Math.floor((i - 1) / 7)) }),
    name: `operation ${i % 60}`,
    kind: 1,
    startTimeUnixNano: `${start}`,
    endTimeUnixNano: `${start + lasts}`,
    attributes: [{ key: "index", value: { intValue: `${i}` } }],
    ...(i % 997 === 996 ? { status: { code: 2, message: "failed" } } : {}),
  };
}

async function seed(url) {
  const origin = Date.now() - 600_000;
  for (let from = 0; from < SPANS; from += BATCH) {
    const spans = Array.from({ length: Math.min(BATCH, SPANS - from) }, (_, i) => span(from + i, origin));
    const resourceSpans = Array.from({ length: SERVICES }, (_, n) => ({
      resource: { attributes: [{ key: "service.name", value: { stringValue: `service-${n}` } }] },
      scopeSpans: [{ spans: spans.filter((_, i) => i % SERVICES === n) }],
    }));
    const headers = { "content-type": "application/json" };
    const response = await fetch(`${url}/v1/traces`, {
      method: "POST",
      headers,
      body: JSON.stringify({ resourceSpans }),
    });
    if (!response.ok) throw new Error(`seeding answered ${response.status}: ${await response.text()}`);
  }
}

/** Runs in the page: notes, from the start of the navigation, when rows were first painted and when all are there. */
function watch({ whole }) {
  const times = { first: 0, all: 0 };
  window.opening = times;
  const look = () => {
    const painted = performance.now();
    if (times.first === 0 && document.querySelector("[data-span]")) times.first = painted;
    const height = document.querySelector("[role=tree] > *")?.clientHeight ?? 0;
    if (times.all === 0 && height >= whole) times.all = painted;
    if (times.all === 0) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}

async function open(browser, url) {
  const context = await browser.newContext({ viewport: VIEWPORT });
  const page = await context.newPage();
  await page.addInitScript(watch, { whole: SPANS * ROW });
  await page.goto(`${url}/trace/${TRACE}`);
  await page.waitForFunction(() => window.opening.all > 0, null, { timeout: 120_000 });
  const times = await page.evaluate(() => ({ ...window.opening, nodes: document.querySelectorAll("*").length }));
  await context.close();
  return times;
}

await bench(async ({ url, browser, machine }) => {
  await seed(url);
  const runs = [];
  for (let i = 0; i < RUNS; i++) runs.push(await open(browser, url));
  console.log(`trace of ${SPANS} spans, median of ${RUNS}, ${machine}`);
  console.log(`first rows painted  ${Math.round(median(runs.map((run) => run.first)))} ms`);
  console.log(`all spans loaded    ${Math.round(median(runs.map((run) => run.all)))} ms`);
  console.log(`document nodes      ${Math.max(...runs.map((run) => run.nodes))}`);
});
