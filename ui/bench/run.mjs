// Opens a run of ten thousand steps in Chromium and clicks through it: how long until steps are painted, until a click shows
// the step, and until it shows what the step changed. TRACKWAY_STEPS names another size.
import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { BINARY, bench, median, VIEWPORT } from "./bench.mjs";

const STEPS = Number(process.env.TRACKWAY_STEPS ?? 10_000);
const RUNS = 5;
const CLICKS = 6;
/** Longer than what the page takes for one hurried move along the trail. */
const PAUSE_MS = 400;
const FIRST_ROW_AIM_MS = 300;
const CLICK_AIM_MS = 100;
const ACTIONS = ["plan", "act", "check"];

const markOf = (i) => `mark-${String(i).padStart(8, "0")}`;

function lines(i, origin) {
  const action = ACTIONS[i % ACTIONS.length];
  const time = (ms) => new Date(origin + ms).toISOString().slice(0, -1).padEnd(26, "0");
  const log = Array.from({ length: 8 }, (_, n) => `what was done ${n} turns ago, in a few words`);
  const state = { n: i, mark: markOf(i), log, __SEQUENCE_ID: i, __PRIOR_STEP: action };
  const exception = i % 997 === 996 ? 'Traceback (most recent call last):\n  File "a.py"\nValueError: no' : null;
  const begin = { type: "begin_entry", start_time: time(i * 100), action, inputs: { n: i }, sequence_id: i };
  const result = exception === null ? { n: i } : null;
  const end = { end_time: time(i * 100 + 3 + (i % 40)), action, result, exception, state, sequence_id: i };
  return `${JSON.stringify(begin)}\n${JSON.stringify({ type: "end_entry", ...end })}\n`;
}

/** Writes what Burr's tracker would have written. */
async function write(store) {
  const folder = join(store, "bench", "marathon");
  await mkdir(folder, { recursive: true });
  const action = (name) => ({ type: "action", name, reads: ["n"], writes: ["n"], code: `def ${name}(state): ...` });
  const way = (from_, to) => ({ type: "transition", from_, to, condition: "default" });
  const actions = ACTIONS.map((name) => ({ ...action(name), inputs: ["n"], optional_inputs: [] }));
  const transitions = ACTIONS.map((name, i) => way(name, ACTIONS[(i + 1) % ACTIONS.length]));
  const graph = { type: "application", entrypoint: ACTIONS[0], actions, transitions };
  const metadata = { type: "application_metadata", partition_key: null, parent_pointer: null };
  const origin = Date.now() - STEPS * 100;
  await writeFile(join(folder, "graph.json"), JSON.stringify(graph));
  await writeFile(join(folder, "metadata.json"), JSON.stringify({ ...metadata, spawning_parent_pointer: null }));
  await writeFile(join(folder, "log.jsonl"), Array.from({ length: STEPS }, (_, i) => lines(i, origin)).join(""));
}

/** Runs in the page: notes when the first step was painted, and when what a click asks for was. */
function watch() {
  const times = { first: 0, clicked: 0, head: 0, state: 0, step: "", mark: "" };
  window.looking = times;
  addEventListener("click", (event) => Object.assign(times, { clicked: event.timeStamp, head: 0, state: 0 }), true);
  const look = () => {
    const painted = performance.now();
    if (times.first === 0 && document.querySelector("[data-step]")) times.first = painted;
    if (times.clicked > 0) {
      const head = document.querySelector(".inspector-head h2")?.textContent ?? "";
      if (times.head === 0 && head.startsWith(`${times.step} `)) times.head = painted;
      const body = document.querySelector(".inspector-body")?.textContent ?? "";
      if (times.state === 0 && times.head > 0 && body.includes(times.mark)) times.state = painted;
    }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}

async function click(page, step) {
  await page.waitForTimeout(PAUSE_MS);
  await page.evaluate((wanted) => Object.assign(window.looking, wanted), { step: String(step), mark: markOf(step) });
  await page.click(`[data-step="${step}.0"]`);
  await page.waitForFunction(() => window.looking.state > 0, null, { timeout: 30_000 });
  return page.evaluate(() => {
    const { clicked, head, state } = window.looking;
    return { head: head - clicked, state: state - clicked };
  });
}

async function open(browser, url) {
  const context = await browser.newContext({ viewport: VIEWPORT });
  const page = await context.newPage();
  await page.addInitScript(watch);
  await page.goto(`${url}/run/bench/marathon`);
  await page.waitForSelector(`[data-step="${STEPS - 1}.0"]`);
  const first = await page.evaluate(() => window.looking.first);
  const clicks = [];
  for (let i = 0; i < CLICKS; i++) clicks.push(await click(page, STEPS - 3 - i));
  const nodes = await page.evaluate(() => document.querySelectorAll("*").length);
  await context.close();
  return { first, clicks, nodes };
}

const whole = (ms) => String(Math.round(ms));

await bench(async ({ url, browser, directory, dataDir, machine }) => {
  const store = join(directory, "burr");
  await write(store);
  const began = performance.now();
  await promisify(execFile)(BINARY, ["import", store, "--data-dir", dataDir]);
  const imported = performance.now() - began;
  const runs = [];
  for (let i = 0; i < RUNS; i++) runs.push(await open(browser, url));
  const clicks = runs.flatMap((run) => run.clicks);
  const heads = clicks.map(({ head }) => head);
  const states = clicks.map(({ state }) => state);
  console.log(`run of ${STEPS} steps, median of ${RUNS}, ${machine}`);
  console.log(`import              ${whole(imported)} ms`);
  console.log(`first rows painted  ${whole(median(runs.map(({ first }) => first)))} ms (aim ${FIRST_ROW_AIM_MS})`);
  console.log(
    `click to step       ${whole(median(heads))} ms, at most ${whole(Math.max(...heads))} (aim ${CLICK_AIM_MS})`,
  );
  console.log(`click to its state  ${whole(median(states))} ms, at most ${whole(Math.max(...states))}`);
  console.log(`document nodes      ${Math.max(...runs.map(({ nodes }) => nodes))}`);
});
