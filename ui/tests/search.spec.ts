import { expect, rows, test } from "./fixture";
import { single } from "./otlp";

const three = [
  single(1, "oldest", { ago: 90_000, service: "gateway" }),
  single(2, "middle", { ago: 60_000, service: "mail", error: "no" }),
  single(3, "newest", { ago: 30_000, service: "gateway", lasts: 2000 }),
];

test("the search box takes a filter of spans, which the address keeps", async ({ page, send }) => {
  await send(...three);
  await page.goto("/");
  await expect(rows(page)).toHaveCount(3);

  await page.keyboard.press("/");
  await page.keyboard.type('{ service = "gateway" && duration > 1s }');
  await expect(rows(page)).toContainText(["newest"]);
  await expect(rows(page)).toHaveCount(1);
  await expect(page).toHaveURL(/\?filter=%7B\+service/);

  await page.reload();
  await expect(page.getByLabel("Name of a run or span")).toHaveValue('{ service = "gateway" && duration > 1s }');
  await expect(rows(page)).toHaveCount(1);

  await page.getByLabel("Name of a run or span").fill("middle");
  await expect(page).toHaveURL(/\?name=middle$/);
  await expect(rows(page)).toContainText(["middle"]);
});

test("a filter that cannot be read says so at the place", async ({ page, send }) => {
  await send(...three);
  await page.goto("/");
  const box = page.getByLabel("Name of a run or span");
  await box.fill("{ 🐙 = 1 && status = error }");
  const mistake = page.locator(".filterbar-mistake");
  await expect(mistake.locator("mark")).toHaveText("🐙");
  await expect(mistake).toContainText("at character 3: 🐙 is no field");
  await expect(box).toHaveAttribute("aria-invalid", "true");

  await box.fill("{ status = error }");
  await expect(mistake).toHaveCount(0);
  await expect(rows(page)).toContainText(["middle"]);
});

test("half a filter is not asked for before it is done", async ({ page, send }) => {
  await send(...three);
  await page.goto("/");
  const box = page.getByLabel("Name of a run or span");
  await box.pressSequentially("{ status =");
  await expect(rows(page)).toHaveCount(3);
  await expect(page.locator(".filterbar-mistake")).toHaveCount(0);
  await box.press("Enter");
  await expect(page.locator(".filterbar-mistake")).toContainText("a value is missing behind =");
});
