import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import type { Watches } from "../src/api/types";
import { test as base, expect } from "./fixture";

const STORE = "../fixtures/burr/store";
const WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/** A directory that the server watches from its start. */
const test = base.extend<{ tracked: string }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads what a fixture needs from the pattern
  tracked: async ({}, use) => {
    const directory = await mkdtemp(join(tmpdir(), "trackway-burr-"));
    await use(directory);
    await rm(directory, { recursive: true, force: true });
  },
});

const watching = test.extend({
  settings: async ({ tracked }, use) => use(["--watch", tracked]),
});

/** Tells the page of directories as the server would. */
const tell = (page: Page, watches: Watches) =>
  page.route("**/api/v1/state", (route) => route.fulfill({ json: watches }));

async function faults(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).withTags(WCAG).analyze();
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id} at ${target}`));
}

test("the first page offers what Burr has written, with commands to copy", async ({ page, server, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.goto("/");
  await expect(page.getByRole("region", { name: "Listening" })).toContainText("This address");
  await expect(page.getByText("Burr files")).toHaveCount(0);

  const store = join(server.home, ".burr");
  await cp(STORE, store, { recursive: true });
  const found = page.getByRole("region", { name: "Import from Burr" });
  await expect(found).toContainText(store);
  await expect(found).toContainText("8 projects found");
  for (const command of [`trackway import ${store}`, `trackway serve --watch ${store}`]) {
    await found.getByRole("button", { name: `Copy ${command}`, exact: true }).click();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(command);
  }
  for (const theme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme: theme });
    await page.screenshot({ path: test.info().outputPath(`first-${theme}.png`) });
    expect(await faults(page)).toEqual([]);
  }
});

test("a snippet shows how Burr is watched, and the program that it watches", async ({ page }) => {
  await page.goto("/");
  await expect(page.getByRole("tab", { name: "Burr" })).toBeVisible();
  await page.keyboard.press("7");
  await expect(page.getByRole("tab", { name: "Burr" })).toHaveAttribute("aria-selected", "true");
  await expect(page.locator("pre").first()).toContainText("trackway import ~/.burr");
  await expect(page.locator("pre").first()).toContainText("trackway serve --watch ~/.burr");
  await expect(page.locator("pre").last()).toContainText('.with_tracker("local", project="hello")');
  const tabs = page.getByRole("tablist");
  expect(await tabs.evaluate((it) => it.scrollWidth - it.clientWidth)).toBeLessThanOrEqual(0);
  await page.screenshot({ path: test.info().outputPath("snippet.png") });
});

watching("the system page says how far a watched directory is read", async ({ page, tracked, request }) => {
  await page.goto("/system");
  const card = page.getByRole("region", { name: "Watched directories" });
  await expect(card).toContainText(tracked);
  await expect(card).toContainText("No application in it yet.");

  await cp(join(STORE, "fx_counter"), join(tracked, "fx_counter"), { recursive: true });
  await expect(card).toContainText("2 applications, all read");
  await expect(card).toContainText("watching");
  const { apps } = await (await request.get("/api/v1/projects/fx_counter/apps")).json();
  expect(apps).toHaveLength(2);

  await page.goto("/start");
  await expect(page.getByRole("region", { name: "Listening" })).toContainText("watching");
});

test("a directory that is being read shows how much is left; one that cannot be says why", async ({ page }) => {
  const troubles = Array.from({ length: 20 }, (_, i) => ({
    path: `/home/ada/.burr/shop/app-${i}/log.jsonl`,
    what: "cannot be read: Permission denied (os error 13)",
  }));
  const plain = { message: null, troubles: [], trouble_count: 0 };
  await tell(page, {
    burr_store: { path: "/home/ada/.burr", projects: 3 },
    watched: [
      { ...plain, path: "/srv/burr", state: "reading", applications: 1000, read: 412 },
      { ...plain, path: "/srv/later", state: "waiting", applications: 0, read: 0 },
      { ...plain, path: "/srv/none", state: "failed", message: "This is a file.", applications: 0, read: 0 },
      { path: "/srv/shop", state: "watching", message: null, applications: 40, read: 19, troubles, trouble_count: 21 },
    ],
  });
  for (const theme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme: theme });
    await page.goto("/system");
    const card = page.getByRole("region", { name: "Watched directories" });
    await expect(card).toContainText("412 of 1,000 applications read");
    await expect(card.getByRole("progressbar", { name: "Reading /srv/burr" })).toHaveAttribute("aria-valuenow", "412");
    await expect(card).toContainText("It is not there yet, and is read as soon as it is.");
    await expect(card).toContainText("This is a file.");
    await card.getByText("21 files cannot be read; each is tried again").click();
    await expect(card.getByRole("listitem").first()).toContainText("Permission denied");
    await expect(card).toContainText("and 1 more");
    await expect(card).toContainText("trackway serve --watch /home/ada/.burr");
    await page.screenshot({ path: test.info().outputPath(`system-${theme}.png`) });
    expect(await faults(page)).toEqual([]);
  }
});
