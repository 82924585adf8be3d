// Opens a trace of ten thousand spans in Chromium and prints how long that takes: the median of five, each in a fresh
// browser context. TRACKWAY_BIN and TRACKWAY_CHROMIUM name the programs; TRACKWAY_SPANS another size.
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "@playwright/test";

const BINARY = process.env.TRACKWAY_BIN ?? "../target/debug/trackway";
const CHROMIUM = process.env.TRACKWAY_CHROMIUM ?? "/usr/bin/chromium";
const SPANS = Number(process.env.TRACKWAY_SPANS ?? 10_000);
const RUNS = 5;
const BATCH = 2000;
const SERVICES = 6;
const ROW = 24;
const TRACE = "5".repeat(32);

async function startServer(directory) {
  const quiet = ["--no-open", "--listen", "127.0.0.1:0", "--otlp-http", "off", "--otlp-grpc", "off"];
  const server = spawn(BINARY, ["serve", "--json", ...quiet, "--data-dir", directory], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const url = await new Promise((found, failed) => {
    server.once("error", failed);
    server.once("exit", (code) => failed(new Error(`${BINARY} ended with ${code}`)));
    createInterface(server.stdout).on("line", (line) => line.startsWith("{") && found(JSON.parse(line).ui));
  });
  return { url, server };
}

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
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  await page.addInitScript(watch, { whole: SPANS * ROW });
  await page.goto(`${url}/trace/${TRACE}`);
  await page.waitForFunction(() => window.opening.all > 0, null, { timeout: 120_000 });
  const times = await page.evaluate(() => ({ ...window.opening, nodes: document.querySelectorAll("*").length }));
  await context.close();
  return times;
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

const directory = await mkdtemp(join(tmpdir(), "trackway-bench-"));
const { url, server } = await startServer(directory);
const browser = await chromium.launch({
  executablePath: CHROMIUM,
  args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
});
try {
  await seed(url);
  const runs = [];
  for (let i = 0; i < RUNS; i++) runs.push(await open(browser, url));
  console.log(`trace of ${SPANS} spans, median of ${RUNS}, ${cpus().length} cores, Chromium ${browser.version()}`);
  console.log(`first rows painted  ${Math.round(median(runs.map((run) => run.first)))} ms`);
  console.log(`all spans loaded    ${Math.round(median(runs.map((run) => run.all)))} ms`);
  console.log(`document nodes      ${Math.max(...runs.map((run) => run.nodes))}`);
} finally {
  await browser.close();
  server.kill();
  await new Promise((ended) => server.once("exit", ended));
  await rm(directory, { recursive: true, force: true });
}
