import { ingest } from "./agents";
import { supportDesk } from "./desk";
import { expect, rows, spans, test } from "./fixture";
import { single, spanId, traceId } from "./otlp";

/** Where the README's pictures lie; written only when asked, since they differ from run to run. */
const SCREENSHOT = "../docs/screenshot.png";
const PICTURES = "../docs/pictures";

for (const theme of ["light", "dark"] as const) {
  test(`pages are painted in the ${theme} theme`, async ({ page, send }, info) => {
    await send(single(1, "work", { service: "gateway" }), {
      id: traceId(2),
      spans: [
        { id: spanId(1), name: "POST /checkout", service: "gateway", lasts: 900 },
        {
          id: spanId(2),
          parent: spanId(1),
          name: "charge",
          service: "payments",
          start: 100,
          lasts: 500,
          error: "declined",
        },
      ],
    });
    await page.emulateMedia({ colorScheme: theme });
    const pages = [
      ["/", rows(page).first()],
      [`/trace/${traceId(2)}?span=${spanId(2)}`, spans(page).first()],
      ["/system", page.getByRole("region", { name: "ingest" })],
    ] as const;
    const background = theme === "light" ? "rgb(246, 245, 242)" : "rgb(15, 16, 14)";
    for (const [i, [address, shown]] of pages.entries()) {
      await page.goto(address);
      await expect(shown).toBeVisible();
      await expect(page.locator("body")).toHaveCSS("background-color", background);
      await page.screenshot({ path: info.outputPath(`${i}-${theme}.png`) });
    }
  });
}

test("the picture of the README can be taken", async ({ page, request }, info) => {
  await request.post("/api/v1/demo");
  const { traces } = await (await request.get("/api/v1/traces?status=error&limit=100")).json();
  const busiest = traces.toSorted(
    (a: { span_count: number }, b: { span_count: number }) => b.span_count - a.span_count,
  )[0];
  await page.goto(`/trace/${busiest.trace_id}`);
  await expect(spans(page).first()).toBeVisible();
  await page.keyboard.press("e");
  await expect(page.getByRole("tab", { name: /Attributes/ })).toBeVisible();
  await expect(page.getByText(/on disk$/)).toBeVisible();
  await page.mouse.move(0, 0);
  const path = process.env.UPDATE_SCREENSHOT === "1" ? SCREENSHOT : info.outputPath("screenshot.png");
  await page.screenshot({ path });
});

for (const theme of ["light", "dark"] as const) {
  test(`the pictures of agents can be taken in the ${theme} theme`, async ({ page, server }, info) => {
    const { group, refund, items } = supportDesk();
    await ingest(server, { data: items });
    await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
    const call = spans(page).filter({ hasText: "gpt-4.1" }).last();
    const pages = [
      ["conversation", `/trace/${refund}?view=conversation`, page.getByText("I was charged twice").first()],
      ["agents", `/trace/${refund}`, call],
      ["group", `/group/${group}`, rows(page).last()],
    ] as const;
    for (const [name, address, shown] of pages) {
      await page.goto(address);
      await expect(shown).toBeVisible();
      if (name === "agents") {
        await call.click();
        await expect(page.getByRole("region", { name: "Answer" })).toBeVisible();
      }
      await expect(page.getByText(/on disk$/)).toBeVisible();
      await page.mouse.move(0, 0);
      const picture = `${name}-${theme}.png`;
      const path = process.env.UPDATE_SCREENSHOT === "1" ? `${PICTURES}/${picture}` : info.outputPath(picture);
      await page.screenshot({ path });
    }
  });
}
