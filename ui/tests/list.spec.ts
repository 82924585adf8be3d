import { expect, rows, test } from "./fixture";
import { single, traceId } from "./otlp";

const three = [
  single(1, "oldest", { ago: 90_000, service: "gateway" }),
  single(2, "middle", { ago: 60_000, service: "mail", error: "no" }),
  single(3, "newest", { ago: 30_000, service: "gateway", lasts: 2000 }),
];

test("lists the newest first", async ({ page, send }) => {
  await send(...three);
  await page.goto("/");
  await expect(rows(page)).toContainText(["newest", "middle", "oldest"]);
  await expect(rows(page).nth(1).getByRole("img", { name: "error" })).toBeVisible();
  await expect(rows(page).nth(0)).toContainText("2.00 s");
});

test("filters are in the address, and back undoes them", async ({ page, send }) => {
  await send(...three);
  await page.goto("/");
  await expect(rows(page)).toHaveCount(3);

  await page.getByRole("button", { name: "error", exact: true }).click();
  await expect(page).toHaveURL(/\?status=error$/);
  await expect(rows(page)).toContainText(["middle"]);

  await page.goBack();
  await expect(rows(page)).toHaveCount(3);

  await page.keyboard.press("/");
  await page.keyboard.type("OLD");
  await expect(page).toHaveURL(/\?name=OLD$/);
  await expect(rows(page)).toContainText(["oldest"]);

  await page.goto("/?service=gateway&min_duration=1s");
  await expect(rows(page)).toContainText(["newest"]);
  await expect(page.getByLabel("Least duration")).toHaveValue("1s");
  await expect(page.getByRole("combobox", { name: "Service" })).toHaveValue("gateway");
});

test("a duration that is none is marked and filters nothing", async ({ page, send }) => {
  await send(...three);
  await page.goto("/");
  await page.getByLabel("Least duration").fill("soon");
  await page.getByLabel("Least duration").press("Enter");
  await expect(page.getByLabel("Least duration")).toHaveAttribute("aria-invalid", "true");
  await expect(rows(page)).toHaveCount(3);
});

test("no match names the filters and offers to remove each", async ({ page, send }) => {
  await send(...three);
  await page.goto("/?service=mail&name=oldest");
  await expect(page.getByRole("heading", { name: "Nothing matches" })).toBeVisible();
  const notice = page.locator(".notice");
  await expect(notice.getByRole("button", { name: /name contains “oldest”.*1 match/ })).toBeVisible();
  await notice.getByRole("button", { name: /service is mail/ }).click();
  await expect(rows(page)).toContainText(["oldest"]);
});

test("a new trace appears above for one who only looks", async ({ page, send }) => {
  await send(...three);
  await page.goto("/");
  await expect(rows(page)).toHaveCount(3);
  await send(single(4, "arrived", { ago: 0 }));
  await expect(rows(page)).toContainText(["arrived", "newest", "middle", "oldest"]);
});

test("a new trace waits while a row is selected, and l lets it in", async ({ page, send }) => {
  await send(...three);
  await page.goto("/");
  await expect(rows(page)).toHaveCount(3);
  await page.keyboard.press("j");
  await expect(rows(page).first()).toHaveAttribute("aria-selected", "true");

  await send(single(4, "arrived", { ago: 0 }));
  await expect(page.getByRole("button", { name: /paused while you read · 1 new/ })).toBeVisible();
  await expect(rows(page)).toContainText(["newest", "middle", "oldest"]);

  await page.keyboard.press("l");
  await expect(rows(page)).toContainText(["arrived", "newest", "middle", "oldest"]);
});

test("a new trace waits while the pointer is on the rows, and comes when it leaves", async ({ page, send }) => {
  await send(...three);
  await page.goto("/");
  await rows(page).nth(1).hover();
  await send(single(4, "arrived", { ago: 0 }));
  await expect(page.getByRole("button", { name: /paused while you read · 1 new/ })).toBeVisible();
  await expect(rows(page)).toHaveCount(3);
  await page.mouse.move(5, 5);
  await expect(rows(page)).toContainText(["arrived", "newest", "middle", "oldest"]);
});

test("with live off, a trace that is shown still changes in its place", async ({ page, send }) => {
  await send(single(1, "work", { lasts: null, ago: 1000 }), single(2, "other", { ago: 500 }));
  await page.goto("/");
  await expect(rows(page).nth(1).getByRole("img", { name: "running" })).toBeVisible();
  await page.getByRole("button", { name: "Live" }).click();

  await send(single(3, "arrived", { ago: 0 }), single(1, "work", { lasts: 700, ago: 1000, error: "late" }));
  await expect(page.getByRole("button", { name: /live is off · 1 new/ })).toBeVisible();
  await expect(rows(page)).toHaveCount(2);
  await expect(rows(page).nth(1)).toContainText("work");
});

test("keys move, open, and come back to the row's place", async ({ page, send }) => {
  await send(...three);
  await page.goto("/?service=gateway");
  await expect(rows(page)).toHaveCount(2);
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await expect(rows(page).nth(1)).toHaveAttribute("aria-selected", "true");
  await expect(rows(page).nth(1)).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(new RegExp(`/trace/${traceId(1)}$`));
  await expect(page.getByRole("heading", { name: "oldest" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page).toHaveURL(/\?service=gateway$/);
});

test("a long list is read page by page, with few rows in the document", async ({ page, send }) => {
  const many = Array.from({ length: 250 }, (_, i) => single(i + 1, `work ${i + 1}`, { ago: 300_000 - i * 1000 }));
  await send(...many);
  await page.goto("/");
  await expect(rows(page).first()).toContainText("work 250");
  await expect(async () => {
    await page.locator(".tracetable-scroll").evaluate((element) => element.scrollTo({ top: element.scrollHeight }));
    await expect(page.locator(`[data-trace="${traceId(1)}"]`)).toBeVisible({ timeout: 500 });
  }).toPass();
  expect(await rows(page).count()).toBeLessThan(80);
});

test("an API that fails says why and offers to try again", async ({ page, send }) => {
  await send(...three);
  await page.goto("/?start=yesterday-ish");
  await expect(page.getByRole("heading", { name: "The runs and traces cannot be listed" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Try again" })).toBeVisible();
});

test("the palette goes to a trace by its id", async ({ page, send }) => {
  await send(...three);
  await page.goto("/");
  await expect(rows(page)).toHaveCount(3);
  await page.keyboard.press("Control+k");
  await page.keyboard.type(traceId(2));
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "middle" })).toBeVisible();
});

test("the sheet of keys keeps the focus and gives it back", async ({ page, send }) => {
  await send(...three);
  await page.goto("/");
  await page.getByRole("button", { name: "Live" }).focus();
  await page.keyboard.press("?");
  const sheet = page.getByRole("dialog", { name: "Keys" });
  await expect(sheet).toBeVisible();
  await page.keyboard.press("Tab");
  expect(
    await sheet.evaluate(
      (dialog) => dialog.contains(document.activeElement) || document.activeElement === document.body,
    ),
  ).toBe(true);
  await page.keyboard.press("Escape");
  await expect(sheet).toBeHidden();
  await expect(page.getByRole("button", { name: "Live" })).toBeFocused();
});
