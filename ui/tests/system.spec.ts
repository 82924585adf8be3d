import { expect, rows, test } from "./fixture";
import { single, spanId } from "./otlp";

test("counters are grouped, and refusals stand out", async ({ page, send, request }) => {
  await send(single(1, "work"));
  await request.post("/v1/traces", { headers: { "content-type": "application/json" }, data: "no json" });
  await page.goto("/system");
  const ingest = page.getByRole("region", { name: "ingest" });
  await expect(ingest.getByRole("row", { name: /^ingest\.spans_accepted 1 spans/ })).toBeVisible();
  await expect(ingest.locator(".counters-unwanted")).toHaveCount(1);
  await expect(ingest.locator(".counters-unwanted")).toContainText("ingest.refused_malformed");
  await expect(page.getByRole("region", { name: "Listening" })).toContainText("ready");
  await expect(page.getByRole("region", { name: "Data directory" })).toContainText("On disk");
  await page.getByRole("link", { name: "1 dropped" }).click();
  await expect(page).toHaveURL(/\/system$/);
});

test("a project is deleted once its name is typed", async ({ page, send, request }) => {
  await send(single(1, "work"), { id: "c".repeat(32), spans: [{ id: spanId(1), name: "more" }] });
  await page.goto("/system");
  await page.getByRole("button", { name: "Delete the project default" }).click();
  const dialog = page.getByRole("dialog", { name: "Delete a project" });
  await expect(dialog).toContainText("2 traces with 2 spans");
  const confirm = dialog.getByRole("button", { name: "Delete the project" });
  await expect(confirm).toBeDisabled();
  await dialog.getByRole("textbox").fill("default");
  await confirm.click();
  await expect(dialog).toBeHidden();
  await expect(page.getByText("None yet.")).toBeVisible();
  expect((await (await request.get("/api/v1/traces")).json()).traces).toEqual([]);
});

test("the theme follows the system until one is chosen, and is remembered", async ({ page, send }) => {
  await send(single(1, "work"));
  await page.emulateMedia({ colorScheme: "dark" });
  await page.goto("/");
  await expect(rows(page)).toHaveCount(1);
  const html = page.locator("html");
  await expect(html).toHaveAttribute("data-theme", "dark");
  await page.emulateMedia({ colorScheme: "light" });
  await expect(html).toHaveAttribute("data-theme", "light");
  await page.keyboard.press("t");
  await page.keyboard.press("t");
  await expect(html).toHaveAttribute("data-theme", "dark");
  await page.reload();
  await expect(html).toHaveAttribute("data-theme", "dark");
});

test("the status bar says when the server is gone and when it tries again", async ({ page, send }) => {
  await send(single(1, "work"));
  await page.goto("/");
  await expect(page.getByText("connected", { exact: true })).toBeVisible();
  await page.route("**/api/v1/live*", (route) => route.abort());
  await page.goto("/system");
  await expect(page.getByText(/^reconnecting/)).toBeVisible();
  await page.unroute("**/api/v1/live*");
  await expect(page.getByText("connected", { exact: true })).toBeVisible();
});
