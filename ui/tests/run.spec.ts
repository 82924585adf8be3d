import { execFile } from "node:child_process";
import { promisify } from "node:util";
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect, test } from "./fixture";
import { begin, end, record } from "./records";
import { answer, marathon, maze, ticket, timeOf } from "./runs";
import { BINARY, type Server } from "./server";

const STORE = "../fixtures/burr/store";
const TICKET = "/run/support-desk/ticket-48213";

const steps = (page: Page) => page.getByRole("listbox", { name: "Steps" }).getByRole("option");
const chosen = (page: Page) => page.getByRole("listbox", { name: "Steps" }).getByRole("option", { selected: true });
const inspector = (page: Page) => page.getByRole("region", { name: "Step", exact: true });
const tab = (page: Page, name: string) => page.getByRole("tab", { name });

/** Sends what Burr wrote through the running server, as a reader would. */
async function importRuns(server: Server, ...paths: string[]) {
  await promisify(execFile)(BINARY, ["import", "--data-dir", server.dataDir, "--timezone", "UTC", ...paths]);
}

test("a run shows its trail, its steps, its graph and the chosen step", async ({ page }) => {
  await answer(page, ticket());
  await page.goto(`${TICKET}?step=4`);
  await expect(page.getByRole("heading", { name: "support-desk" })).toBeVisible();
  await expect(page.getByText("finished, 1 failed step")).toBeVisible();
  await expect(steps(page)).toHaveCount(14);
  await expect(chosen(page)).toContainText("lookup_order");
  await expect(page.getByRole("slider", { name: "Step" })).toHaveAttribute("aria-valuetext", "step 4, lookup_order");
  await expect(inspector(page)).toContainText("orders API did not answer in 5 s");
  await expect(inspector(page).getByText("attempts: 1")).toBeVisible();
  await expect(inspector(page)).toContainText("none: the step failed before it returned");
  const graph = page.getByRole("region", { name: "Graph" });
  await expect(graph.getByRole("button", { name: "lookup_order, ran 2 times, failed 1 time" })).toHaveAttribute(
    "aria-current",
    "step",
  );
  await expect(graph.getByRole("button", { name: "escalate, not reached" })).toBeDisabled();
});

test("one selection moves the list, the graph and the address", async ({ page }) => {
  await answer(page, ticket());
  await page.goto(`${TICKET}?step=4`);
  await expect(chosen(page)).toContainText("lookup_order");
  await page.keyboard.press("ArrowRight");
  await expect(page).toHaveURL(/step=4&attempt=1$/);
  await expect(inspector(page)).toContainText("attempt 2");
  await page.keyboard.press("Home");
  await expect(page).toHaveURL(/step=0$/);
  await page.keyboard.press("End");
  await expect(page).toHaveURL(/step=12$/);
  await page.keyboard.press("e");
  await expect(page).toHaveURL(/step=4$/);
  const graph = page.getByRole("region", { name: "Graph" });
  await graph.getByRole("button", { name: /^plan/ }).click();
  await expect(page).toHaveURL(/step=3$/);
  await expect(graph.getByRole("button", { name: /^plan/ })).toHaveAttribute("aria-current", "step");
  await steps(page).filter({ hasText: "search_kb" }).click();
  await expect(page).toHaveURL(/step=5$/);
  await page.keyboard.press("d");
  await expect(page).toHaveURL(/step=5&tab=diff$/);
  await page.getByRole("spinbutton").fill("0");
  await expect(
    inspector(page)
      .getByText(/^come: |attempts: 1/)
      .first(),
  ).toBeVisible();
});

test("the error is read from its deepest frame, and a fork keeps the state before it", async ({ page }) => {
  await answer(page, ticket());
  await page.goto(`${TICKET}?step=4&tab=error`);
  await expect(inspector(page).getByRole("region").first()).toContainText("lookup_order /srv/app/orders.py:41");
  await page.getByRole("button", { name: "Fork from 3…" }).click();
  await expect(page.getByRole("region", { name: "Fork from 3" })).toContainText("fork_from_sequence_id=3");
});

test("what the log could not tell, and what came of the run, stand beside the steps", async ({ page }) => {
  await answer(page, ticket());
  await page.goto(`${TICKET}?step=4`);
  const lineage = page.getByRole("region", { name: "Lineage" });
  await expect(lineage).toContainText("2 forks");
  await expect(lineage.getByRole("link", { name: "fork-2" })).toHaveAttribute("href", "/run/support-desk/fork-2");
  await page.getByText("1 line of the log is flagged").click();
  await expect(page.getByText("This line is no JSON.")).toBeVisible();
});

test("a long run opens at once, and only steps around the reader are asked for", async ({ page }) => {
  const run = marathon();
  const { asked } = await answer(page, run);
  await page.goto("/run/support-desk/marathon?step=7000");
  await expect(chosen(page)).toContainText("7000");
  await expect(steps(page).first()).toBeVisible();
  const pages = asked.filter((path) => path.startsWith("/steps?"));
  expect(pages.length).toBeLessThan(6);
  expect(await page.locator("*").count()).toBeLessThan(1500);
  await page.keyboard.press("End");
  await expect(chosen(page)).toContainText("9998");
  await page.getByRole("slider").click({ position: { x: 4, y: 30 } });
  await expect(chosen(page)).toContainText(/^\d{1,3}\D/);
  expect(asked.filter((path) => path.startsWith("/steps?")).length).toBeLessThan(10);
});

test("a long run is shown soon after its data", async ({ page }) => {
  await page.addInitScript(() => {
    const seen = () =>
      document.querySelector("[data-step]") && performance.mark("steps shown") && observer.disconnect();
    const observer = new MutationObserver(seen);
    observer.observe(document, { childList: true, subtree: true });
  });
  await answer(page, marathon());
  await page.goto("/run/support-desk/marathon?step=3");
  await expect(chosen(page)).toContainText("3");
  const took = await page.evaluate(() => {
    const data = performance.getEntriesByType("resource").filter(({ name }) => name.includes("/steps?"));
    const first = Math.min(...data.map((entry) => (entry as PerformanceResourceTiming).responseEnd));
    return (performance.getEntriesByName("steps shown")[0]?.startTime ?? Number.POSITIVE_INFINITY) - first;
  });
  expect(took).toBeLessThan(300);
});

test("a big graph is drawn in less than two seconds", async ({ page }) => {
  await answer(page, maze());
  await page.goto("/run/support-desk/maze");
  await expect(chosen(page)).toBeVisible();
  const start = Date.now();
  await expect(page.getByRole("button", { name: /^action_19,/ })).toBeVisible();
  expect(Date.now() - start).toBeLessThan(2000);
  await expect(page.locator(".way")).toHaveCount(422);
});

test("a running run is followed, and nothing moves under one who reads", async ({ page }) => {
  const run = ticket();
  const [whole, all] = [run.detail, run.steps];
  const upTo = (count: number) => {
    run.steps = all.slice(0, count);
    const last = run.steps.at(-1);
    const app = { ...whole.app, step_count: count, status: "running" as const, last_sequence: last?.sequence ?? null };
    run.detail = { ...whole, app: { ...app, last_written: timeOf(count) } };
  };
  upTo(3);
  await answer(page, run);
  await page.goto(TICKET);
  await expect(chosen(page)).toContainText("check_input");
  upTo(4);
  await expect(chosen(page)).toContainText("plan");
  await steps(page).first().click();
  upTo(6);
  await expect(steps(page)).toHaveCount(6);
  await expect(chosen(page)).toContainText("receive_ticket");
  await page.getByRole("button", { name: "now" }).click();
  await expect(chosen(page)).toContainText("lookup_order");
  await expect(page).toHaveURL(TICKET);
});

test("a run whose process ended says so, and where", async ({ page }) => {
  const run = ticket();
  const last = run.steps.at(-1);
  if (!last) throw new Error("the ticket has steps");
  Object.assign(last, { state: "lost", end: null, duration_ns: null, has_state: false, has_result: false });
  run.detail = { ...run.detail, app: { ...run.detail.app, status: "lost" } };
  await answer(page, run);
  await page.goto(TICKET);
  await expect(page.getByText("lost: process ended in step 12")).toBeVisible();
  await expect(chosen(page)).toContainText("lost");
  await expect(inspector(page)).toContainText("no state after it was recorded");
  await expect(page.getByRole("button", { name: "Fork from 11…" })).toBeVisible();
});

for (const theme of ["light", "dark"] as const) {
  test(`a run is accessible in the ${theme} theme`, async ({ page }) => {
    await answer(page, ticket());
    await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
    for (const each of ["overview", "state", "diff", "error", "source", "notes", "load"]) {
      await page.goto(`${TICKET}?step=4&tab=${each}`);
      await expect(page.getByRole("button", { name: /^reply/ })).toBeVisible();
      await expect(page.getByText("Reading the state…")).toHaveCount(0);
      const { violations } = await new AxeBuilder({ page })
        .withTags(["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"])
        .analyze();
      expect(violations.map(({ id, nodes }) => `${each} ${id}: ${nodes[0]?.html}`)).toEqual([]);
    }
  });
}

test("runs of Burr are listed, opened, judged and deleted", async ({ page, server }) => {
  await importRuns(server, `${STORE}/fx_errors`);
  await page.goto("/");
  const row = page.locator("[data-run]").filter({ hasText: "zero-div" }).first();
  await row.click();
  await expect(page).toHaveURL(/\/run\/fx_errors\//);
  await expect(chosen(page)).toBeVisible();
  await page.keyboard.press("e");
  await expect(inspector(page)).toContainText("division by zero");
  await tab(page, "Notes").click();
  await page.getByRole("button", { name: "Bad", exact: true }).click();
  await page.getByRole("textbox", { name: "Note" }).fill("It should have asked.");
  await page.getByLabel("Tags").fill("oops, maths");
  await page.getByRole("button", { name: "Save the note" }).click();
  await expect(page.getByRole("article")).toContainText("It should have asked.");
  await expect(page.getByRole("article")).toContainText("maths");
  await page.getByRole("button", { name: "Edit" }).click();
  await page.getByLabel("Expected answer").fill("NaN");
  await page.getByRole("button", { name: "Save the note" }).click();
  await expect(page.getByRole("article")).toContainText("expected: NaN");
  await page.getByRole("button", { name: "Delete the note" }).click();
  await expect(page.getByRole("article")).toHaveCount(0);
  await page.getByRole("button", { name: "Delete the run" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete the run" }).click();
  await expect(page.locator("[data-run]").first()).toBeVisible();
  await expect(row).toHaveCount(0);
});

test("values of any kind are shown as they were written", async ({ page, server }) => {
  await importRuns(server, `${STORE}/fx_serde`);
  await page.goto("/run/fx_serde/serde-everything?tab=state");
  await expect(inspector(page)).toContainText("1180591620717411303424");
});

test("the spans of a step lead to the trace", async ({ page, server }) => {
  await importRuns(server, `${STORE}/fx_spans`);
  await page.goto("/");
  await page.locator("[data-run]").first().click();
  const spans = page.getByRole("region", { name: "Spans of this step" });
  await expect(spans.getByRole("link").nth(1)).toBeVisible();
  await spans.getByRole("link", { name: "open in trace" }).click();
  await expect(page).toHaveURL(/\/trace\/[0-9a-f]{32}\?span=/);
  await expect(page.getByRole("treeitem").first()).toBeVisible();
});

test("a step that the server is told of is shown at once", async ({ page, server }) => {
  await record(server, "live", begin(0, "ask"));
  await page.goto("/run/demo/live");
  await expect(page.getByText("running step 0")).toBeVisible();
  await expect(inspector(page)).toContainText("The step still runs.");
  await record(server, "live", end(0, "ask", { question: "why?" }), begin(1, "answer"));
  await expect(chosen(page)).toContainText("answer", { timeout: 1500 });
  await record(server, "live", end(1, "answer", { question: "why?", answer: "so" }));
  await expect(inspector(page)).toContainText('answer: "so"', { timeout: 1500 });
  await expect(page.getByText("finished")).toBeVisible();
});

test("of ten thousand steps only what is looked at is fetched and drawn", async ({ page, server }) => {
  const last = 9_999;
  const all = Array.from({ length: last + 1 }, (_, i) => [
    begin(i, `action_${i % 3}`),
    end(i, `action_${i % 3}`, { n: i }),
  ]);
  await record(server, "long", ...all.flat());
  const asked: string[] = [];
  let bytes = 0;
  page.on("response", async (response) => {
    const { pathname, search } = new URL(response.url());
    if (!pathname.startsWith("/api/v1/projects/")) return;
    if (pathname.endsWith("/steps")) asked.push(search);
    bytes += (await response.body().catch(() => Buffer.alloc(0))).length;
  });
  await page.goto("/run/demo/long");
  await expect(chosen(page)).toContainText(String(last));
  await expect(inspector(page)).toContainText(`n: ${last}`);
  expect(asked.length).toBe(2); // the first page, and the last
  expect(bytes).toBeLessThan(400_000);
  expect(await page.locator("*").count()).toBeLessThan(1500);
  await page.keyboard.press("Home");
  await expect(chosen(page)).toContainText("0action_0");
  await page.goto("/run/demo/long?step=300");
  await expect(inspector(page)).toContainText("n: 300");
  expect(bytes).toBeLessThan(800_000);
});

test("a run that is not here says so, and one of several partitions asks which", async ({ page, server }) => {
  await page.goto("/run/demo/absent");
  await expect(page.getByRole("heading", { name: "No run absent here" })).toBeVisible();
  await record(server, "twice", begin(0, "ask"));
  await record(server, "twice?partition=ann", begin(0, "answer"));
  await page.goto("/run/demo/twice");
  await page.getByRole("link", { name: "ann" }).click();
  await expect(page).toHaveURL("/run/demo/twice?partition=ann");
  await expect(chosen(page)).toContainText("answer");
});
