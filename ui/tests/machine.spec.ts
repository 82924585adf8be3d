import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect, test } from "./fixture";
import { conversation, stuck } from "./machine";
import { record } from "./records";

const RUN = "/run/demo/ticket-1";

const steps = (page: Page) => page.getByRole("listbox", { name: "Steps" }).getByRole("option");
const chosen = (page: Page) => page.getByRole("listbox", { name: "Steps" }).getByRole("option", { selected: true });
const inspector = (page: Page) => page.getByRole("region", { name: "Step", exact: true });
const graph = (page: Page) => page.getByRole("region", { name: "Graph" });
const next = (page: Page) => inspector(page).getByRole("region", { name: "Next" }).getByRole("listitem");

test.beforeEach(async ({ server, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await record(server, "ticket-1", ...conversation);
});

const copied = (page: Page) => page.evaluate(() => navigator.clipboard.readText());

test("after a step every condition says what came of it, in the inspector and on the graph", async ({ page }) => {
  await page.goto(`${RUN}?step=1`);
  await expect(next(page)).toHaveText(["refuse!safefalse", "answersafetrue, chosen", "asknot tried"]);
  const ways = graph(page).getByRole("group", { name: "Ways that were tried" }).getByRole("img");
  await expect(ways).toHaveCount(2);
  const refused = ways.and(page.getByLabel("check → refuse, if !safe, false"));
  await expect(refused.locator(".waytried-sign")).toBeVisible();
  await expect(ways.and(page.getByLabel("check → answer, if safe, true, chosen"))).toHaveClass("waytried chosen");
  await refused.focus();
  await page.keyboard.press("Tab");
  await expect(ways.and(page.getByLabel(/chosen$/))).toBeFocused();
  await page.keyboard.press("ArrowLeft");
  await expect(next(page)).toHaveText(["checkchosen"]);
  await expect(ways).toHaveCount(1);
});

test("where the machine stops, the page says why", async ({ page, server }) => {
  await page.goto(RUN);
  await expect(next(page)).toHaveText(["askunclearfalse"]);
  await expect(inspector(page)).toContainText("Nothing was chosen: no condition held.");
  await record(server, "stuck", ...stuck);
  await page.goto("/run/demo/stuck");
  await expect(next(page).first()).toHaveText("refuse!safeerrorthe state has no field safe");
  await expect(inspector(page)).toContainText("Nothing was chosen: a condition failed.");
  await expect(graph(page).getByLabel("check → refuse, if !safe, error, the state has no field safe")).toBeAttached();
});

test("the state before the first step stands above the steps", async ({ page }) => {
  await page.goto(`${RUN}?step=0`);
  await expect(steps(page)).toHaveText([/^start/, /^0ask/, /^1check/, /^2answer/, /^2answeredited/]);
  await page.keyboard.press("ArrowLeft");
  await expect(page).toHaveURL(/step=-1$/);
  await expect(chosen(page)).toHaveText(/^start/);
  await expect(page.getByRole("slider", { name: "Step" })).toHaveAttribute("aria-valuetext", "start");
  await expect(inspector(page).getByRole("region", { name: "limit" })).toContainText("3");
  await page.getByRole("tab", { name: "Load again" }).click();
  await expect(inspector(page)).toContainText('graph.fork("demo", "ticket-1", -1)?.build()?;');
  await page.keyboard.press("ArrowRight");
  await expect(chosen(page)).toHaveText(/^0ask/);
  await steps(page).first().click();
  await expect(page).toHaveURL(/step=-1&tab=load$/);
  await page.getByRole("slider").click({ position: { x: 6, y: 34 } });
  await expect(chosen(page)).toHaveText(/^start/);
});

test("a state that was edited by hand is marked, with what was changed", async ({ page }) => {
  await page.goto(`${RUN}?step=2&attempt=1`);
  await expect(chosen(page)).toContainText("edited");
  const edited = inspector(page).getByRole("region", { name: "Edited by hand" });
  await expect(edited).toContainText('customer.tier: "silver"');
  await expect(edited).toContainText('customer.tier: "gold"');
  await expect(edited).toContainText("+2−2");
  const made = inspector(page).getByRole("region", { name: "State" });
  await expect(made.locator(".diffline.add")).toHaveText(['+came: answer: "It comes tomorrow."']);
  await page.goto(`${RUN}?step=1`);
  await expect(inspector(page).getByRole("region", { name: "Edited by hand" })).toHaveCount(0);
});

test("the state is shown as it was before, after, and as what the step made of it", async ({ page }) => {
  await page.goto(`${RUN}?step=2&attempt=1&tab=state`);
  await expect(inspector(page).getByRole("region", { name: "answer" })).toContainText("It comes tomorrow.");
  await page.getByRole("button", { name: "before" }).click();
  await expect(inspector(page).getByRole("region", { name: "answer" })).toHaveCount(0);
  await expect(inspector(page).getByRole("region", { name: "limit" })).toContainText("5");
  await page.getByRole("button", { name: "difference" }).click();
  await expect(inspector(page).locator(".diffline.add")).toHaveText(['+came: answer: "It comes tomorrow."']);
  await page.goto(`${RUN}?step=0&tab=state`);
  await page.getByRole("button", { name: "before" }).click();
  await expect(inspector(page).getByRole("region", { name: "limit" })).toContainText("3");
});

test("the run is loaded again in Rust, and a step becomes a test", async ({ page }) => {
  await page.goto(`${RUN}?step=1&tab=load`);
  await expect(page.getByRole("region", { name: "Fork from 1" })).toContainText(
    'graph.fork("demo", "ticket-1", 1)?.build()?;',
  );
  await expect(page.getByRole("region", { name: "Resume the run" })).toContainText('graph.resume("demo", "ticket-1")?');
  const part = page.getByRole("region", { name: "Test step 1" });
  await expect(part).toContainText("trackway test-case ticket-1 --project demo --at 1 --out tests/cases/check-1.json");
  await part.getByRole("button", { name: "Copy the case" }).click();
  await expect(part.getByText("copied")).toHaveCount(1);
  expect(JSON.parse(await copied(page))).toMatchObject({ action: "check", expected: { state: { safe: true } } });
  await part.getByRole("button", { name: "Copy as test" }).click();
  await expect.poll(() => copied(page)).toContain("fn check_as_in_step_1()");
  expect(await copied(page)).toMatch(/Case::parse\(r#+"\{.*"safe":true.*\}"#+\)\?\.check\(check\)\?;/);
});

test("spans of a step carry their numbers, and are found by them", async ({ page }) => {
  await page.goto(`${RUN}?step=1`);
  const spans = page.getByRole("region", { name: "Spans of this step" });
  await expect(spans.getByRole("link", { name: "judge" })).toContainText("1:0.1built on 1:0.0");
  await spans.getByRole("link", { name: "open in trace" }).click();
  await page.getByRole("textbox", { name: /^Find by name/ }).fill("1:0.1");
  await expect(page.getByRole("status").filter({ hasText: "1 match" })).toBeVisible();
});

for (const theme of ["light", "dark"] as const) {
  test(`a native run is accessible in the ${theme} theme`, async ({ page, server }) => {
    await record(server, "stuck", ...stuck);
    await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
    const pages = ["-1", "-1&tab=load", "1", "2&attempt=1", "2&attempt=1&tab=state", "1&tab=load"];
    for (const each of [...pages.map((step) => `${RUN}?step=${step}`), "/run/demo/stuck"]) {
      await page.goto(each);
      await expect(page.getByRole("button", { name: /^check/ })).toBeVisible();
      await expect(page.getByText("Reading the state…")).toHaveCount(0);
      const { violations } = await new AxeBuilder({ page })
        .withTags(["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"])
        .analyze();
      expect(violations.map(({ id, nodes }) => `${each} ${id}: ${nodes[0]?.html}`)).toEqual([]);
    }
  });
}
