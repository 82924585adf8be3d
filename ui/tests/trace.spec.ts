import { expect, spanNames, spans, test } from "./fixture";
import { type SpanInput, spanId, type TraceInput, traceId } from "./otlp";

const checkout: TraceInput = {
  id: traceId(7),
  spans: [
    { id: spanId(1), name: "POST /checkout", service: "gateway", lasts: 1000 },
    { id: spanId(2), parent: spanId(1), name: "reserve", service: "checkout", start: 10, lasts: 300 },
    { id: spanId(3), parent: spanId(2), name: "SELECT stock", service: "inventory", start: 20, lasts: 200 },
    { id: spanId(4), parent: spanId(1), name: "charge", service: "checkout", start: 320, lasts: 600 },
    {
      id: spanId(5),
      parent: spanId(4),
      name: "POST acquirer",
      service: "payments",
      start: 330,
      lasts: 500,
      error: "deadline exceeded",
      dropped: 3,
      attributes: new Map<string, string | number | string[] | { amount: number }>([
        ["http.request.method", "POST"],
        ["body", "x".repeat(5000)],
        ["tags", ["gold", "prod"]],
        ["payment", { amount: 8940 }],
      ]),
      events: [
        { name: "sent", at: 331 },
        {
          name: "exception",
          at: 830,
          attributes: new Map([
            ["exception.type", "Timeout"],
            ["exception.message", "connection reset"],
            ["exception.stacktrace", "Timeout\n  at charge (pay.rs:12)"],
          ]),
        },
      ],
      links: [{ trace: traceId(8), span: spanId(1) }],
    },
  ],
};

test.beforeEach(({ send }) => send(checkout));

test("shows the tree in order, with errors marked", async ({ page }) => {
  await page.goto(`/trace/${checkout.id}`);
  await expect(spans(page)).toHaveCount(5);
  expect(await spanNames(page)).toEqual(["POST /checkout", "reserve", "SELECT stock", "charge", "POST acquirer"]);
  await expect(page).toHaveTitle(/^POST \/checkout .* · Trackway$/);
  await expect(spans(page).nth(2)).toHaveAttribute("aria-level", "3");
  const failed = page.locator(`[data-span="${spanId(5)}"]`);
  await expect(failed.getByRole("img", { name: "error" })).toBeVisible();
  await expect(failed).toContainText("deadline exceeded");
  await expect(page.locator(".tag.e")).toHaveText("1 error");
  await expect(page.locator(".bar-failed")).toHaveCount(1);
});

test("folds and unfolds by keys", async ({ page }) => {
  await page.goto(`/trace/${checkout.id}`);
  await expect(spans(page)).toHaveCount(5);
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await expect(page).toHaveURL(new RegExp(`span=${spanId(2)}$`));
  await page.keyboard.press("ArrowLeft");
  await expect(spans(page)).toHaveCount(4);
  await expect(page.locator(`[data-span="${spanId(2)}"]`)).toHaveAttribute("aria-expanded", "false");
  await expect(page.locator(`[data-span="${spanId(2)}"]`)).toContainText("+1");
  await page.keyboard.press("ArrowRight");
  await expect(spans(page)).toHaveCount(5);
  await page.keyboard.press("]");
  await expect(spans(page)).toHaveCount(1);
  await page.keyboard.press("[");
  await expect(spans(page)).toHaveCount(5);
  await page.keyboard.press("End");
  await expect(page.locator(`[data-span="${spanId(5)}"]`)).toBeFocused();
  await page.keyboard.press("ArrowLeft");
  await expect(page.locator(`[data-span="${spanId(4)}"]`)).toBeFocused();
});

test("folding what holds the selection selects what was folded", async ({ page }) => {
  await page.goto(`/trace/${checkout.id}?span=${spanId(3)}`);
  await expect(spans(page)).toHaveCount(5);
  await page.keyboard.press("]");
  await expect(spans(page)).toHaveCount(1);
  await expect(spans(page).first()).toHaveAttribute("aria-selected", "true");
});

test("finds, goes from match to match, and unfolds what hides one", async ({ page }) => {
  await page.goto(`/trace/${checkout.id}`);
  await expect(spans(page)).toHaveCount(5);
  await page.keyboard.press("]");
  await page.keyboard.press("/");
  await page.keyboard.type("checkout");
  await expect(page.getByText("3 matches")).toBeVisible();
  await page.keyboard.press("Enter");
  await expect(page.getByText("1 of 3")).toBeVisible();
  await page.keyboard.press("Enter");
  await expect(page.getByText("2 of 3")).toBeVisible();
  await expect(page.locator(`[data-span="${spanId(2)}"]`)).toHaveAttribute("aria-selected", "true");
  await page.keyboard.press("Escape");
  await expect(page.getByLabel(/^Find by name/)).toHaveValue("");
});

test("e goes to the error and opens what was recorded of it", async ({ page }) => {
  await page.goto(`/trace/${checkout.id}`);
  await expect(spans(page)).toHaveCount(5);
  await page.keyboard.press("e");
  const detail = page.getByRole("complementary", { name: "Span" });
  await expect(detail.getByRole("heading", { name: "POST acquirer" })).toBeVisible();
  await expect(detail.locator(".errorblock")).toContainText("deadline exceeded");
  await expect(detail.locator(".errorblock")).toContainText("Timeout: connection reset");
  await detail.getByText("Stack trace").click();
  await expect(detail.getByText("at charge (pay.rs:12)")).toBeVisible();

  await expect(detail.getByRole("tab", { name: "Attributes 4" })).toHaveAttribute("aria-selected", "true");
  await expect(detail.getByText("3 attributes dropped by the client.")).toBeVisible();
  await expect(detail.getByRole("button", { name: "5 kB, show" })).toBeVisible();
  await detail.getByText("payment", { exact: true }).click();
  await expect(detail.getByText("amount", { exact: true })).toBeVisible();

  await detail.getByRole("tab", { name: "Events 2" }).click();
  await expect(detail.locator(".event")).toHaveCount(2);
  await detail.getByRole("tab", { name: "Resource" }).click();
  await expect(detail.getByText("service.name")).toBeVisible();
  await detail.getByRole("tab", { name: "Raw" }).click();
  await expect(detail.locator("pre").last()).toContainText('"span_id"');
  await detail.getByRole("tab", { name: "Links 1" }).click();
  await detail.getByRole("link").click();
  await expect(page).toHaveURL(new RegExp(`/trace/${traceId(8)}\\?span=${spanId(1)}$`));
});

test("escape closes the details, then goes back to the list", async ({ page }) => {
  await page.goto(`/trace/${checkout.id}?span=${spanId(4)}`);
  const detail = page.getByRole("complementary", { name: "Span" });
  await expect(detail.getByRole("heading", { name: "charge" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(detail).toBeHidden();
  await page.keyboard.press("Escape");
  await expect(page).toHaveURL(/\/$/);
});

test("zooms by keys and by dragging, and 0 shows all", async ({ page }) => {
  await page.goto(`/trace/${checkout.id}`);
  await expect(spans(page)).toHaveCount(5);
  const label = page.locator(".minimap-label b");
  await expect(label).toHaveText("0 – 1.00 s");
  await page.keyboard.press("+");
  await expect(label).toHaveText("250 ms – 750 ms");
  await page.keyboard.press("d");
  await expect(label).toHaveText("375 ms – 875 ms");
  await page.keyboard.press("0");
  await expect(label).toHaveText("0 – 1.00 s");
  const map = await page.locator(".minimap-picture").boundingBox();
  if (!map) throw new Error("the minimap has no place");
  await page.mouse.move(map.x + map.width / 4, map.y + 20);
  await page.mouse.down();
  await page.mouse.move(map.x + map.width / 2, map.y + 20);
  await page.mouse.up();
  await expect(label).not.toHaveText("0 – 1.00 s");
});

test("an open span is hatched up to now, and ends while one looks", async ({ page, send }) => {
  const job: SpanInput = { id: spanId(1), name: "job", lasts: null };
  const open: TraceInput = {
    id: traceId(9),
    origin: Date.now() - 2000,
    spans: [job, { id: spanId(2), parent: spanId(1), name: "part", start: 100, lasts: 50 }],
  };
  await send(open);
  await page.goto(`/trace/${open.id}`);
  await expect(page.locator(".bar-open")).toHaveCount(1);
  await expect(page.locator(".tag.l")).toContainText("1 open");
  await expect(page.locator(".wf-now")).toBeVisible();
  await page.keyboard.press("End");

  await send({ ...open, spans: [{ id: spanId(3), parent: spanId(1), name: "later part", start: 50, lasts: 20 }] });
  await expect(spans(page)).toHaveCount(3);
  expect(await spanNames(page)).toEqual(["job", "later part", "part"]);
  await expect(page.locator(`[data-span="${spanId(2)}"]`)).toHaveAttribute("aria-selected", "true");

  await send({ ...open, spans: [{ ...job, lasts: 1500 }] });
  await expect(page.locator(".bar-open")).toHaveCount(0);
  await expect(page.locator(".tag.l")).toHaveCount(0);
  await expect(page.locator(`[data-span="${spanId(1)}"]`)).toContainText("1.50 s");
});

test("odd spans are all there and say what is odd", async ({ page, send }) => {
  await send({
    id: traceId(10),
    spans: [
      { id: spanId(1), name: "root", lasts: 100 },
      { id: spanId(2), parent: spanId(1), name: "late child", start: 50, lasts: 100 },
      { id: spanId(3), parent: spanId(99), name: "orphan", start: 60, lasts: 10 },
      { id: spanId(4), parent: spanId(5), name: "hen", start: 70, lasts: 20 },
      { id: spanId(5), parent: spanId(4), name: "egg", start: 71, lasts: 5 },
      { id: spanId(6), parent: spanId(1), name: "backwards", start: 20, lasts: -5 },
    ],
  });
  await page.goto(`/trace/${traceId(10)}`);
  await expect(spans(page)).toHaveCount(7);
  const row = (name: string) => spans(page).filter({ hasText: name });
  await expect(row("late child")).toContainText("outlives parent");
  await expect(row("missing parent")).toContainText(spanId(99));
  await expect(row("orphan")).toHaveAttribute("aria-level", "2");
  await expect(row("hen")).toContainText("parents in a circle");
  await expect(row("egg")).toHaveAttribute("aria-level", "2");
  await expect(row("backwards")).toContainText("ends before it starts");
});

test("records that share an id are all shown, each with its own details", async ({ page, send }) => {
  await send({
    id: traceId(11),
    spans: [
      { id: spanId(1), name: "root", lasts: 100 },
      { id: spanId(2), parent: spanId(1), name: "first use", start: 10, lasts: 10 },
      { id: spanId(2), parent: spanId(1), name: "second use", start: 30, lasts: 10 },
    ],
  });
  await page.goto(`/trace/${traceId(11)}`);
  await expect(spans(page)).toHaveCount(3);
  await spans(page).filter({ hasText: "second use" }).click();
  const detail = page.getByRole("complementary", { name: "Span" });
  await expect(detail.getByText("2 records share this id")).toBeVisible();
});

test("a trace that is not here says so, and shows itself when it comes", async ({ page, send }) => {
  await page.goto(`/trace/${traceId(12)}`);
  await expect(page.getByRole("heading", { name: /^No trace aaaaaaaa… here$/ })).toBeVisible();
  await send({ id: traceId(12), spans: [{ id: spanId(1), name: "here at last" }] });
  await expect(page.getByRole("heading", { name: "here at last" })).toBeVisible();
  await expect(spans(page)).toHaveCount(1);
});

test("a trace that is deleted elsewhere says so, and comes back with new spans", async ({ page, send, request }) => {
  await page.goto(`/trace/${checkout.id}`);
  await expect(spans(page)).toHaveCount(5);
  await request.delete(`/api/v1/traces/${checkout.id}`);
  await expect(page.getByRole("heading", { name: /was deleted$/ })).toBeVisible();
  await send({ id: checkout.id, spans: [{ id: spanId(1), name: "again" }] });
  await expect(page.getByRole("heading", { name: "again" })).toBeVisible();
  await expect(spans(page)).toHaveCount(1);
});

test("deleting asks first, and goes back to the list", async ({ page, request }) => {
  await page.goto(`/trace/${checkout.id}`);
  await page.getByRole("button", { name: "Delete the trace" }).click();
  const dialog = page.getByRole("dialog", { name: "Delete this trace" });
  await dialog.getByRole("button", { name: "Keep it" }).click();
  await expect(dialog).toBeHidden();
  expect((await request.get(`/api/v1/traces/${checkout.id}`)).status()).toBe(200);

  await page.getByRole("button", { name: "Delete the trace" }).click();
  await dialog.getByRole("button", { name: "Delete the trace" }).click();
  await expect(page).toHaveURL(/\/$/);
  await expect.poll(async () => (await request.get(`/api/v1/traces/${checkout.id}`)).status()).toBe(404);
});
