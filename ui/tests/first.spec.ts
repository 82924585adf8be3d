import { expect, rows, test } from "./fixture";
import { single } from "./otlp";

test("the first page teaches, and turns into the list by itself when a span comes", async ({ page, send, server }) => {
  await page.goto("/");
  await expect(page.getByRole("heading", { name: "Waiting for the first span…" })).toBeVisible();
  await expect(page).toHaveTitle("Waiting for the first span · Trackway");
  await expect(page.getByText("0 spans received, 0 refused")).toBeVisible();
  await expect(page.getByText(`OTEL_EXPORTER_OTLP_ENDPOINT=${server.url}`)).toBeVisible();

  await page.keyboard.press("2");
  await expect(page.getByRole("tab", { name: "OpenAI Agents SDK" })).toHaveAttribute("aria-selected", "true");
  for (const program of ["BackendSpanExporter", "OpenAITracingExporter"]) {
    await expect(page.locator("pre").filter({ hasText: program }).first()).toContainText(
      `${server.url}/v1/traces/ingest`,
    );
  }
  await page.keyboard.press("3");
  await expect(page.getByText("OpenAIAgentsInstrumentor().instrument")).toBeVisible();
  await page.keyboard.press("4");
  await expect(page.getByText("OpenAIInstrumentor().instrument")).toBeVisible();
  await page.keyboard.press("5");
  await expect(page.getByRole("tab", { name: "Rust" })).toHaveAttribute("aria-selected", "true");
  await expect(page.getByText("let _trackway = trackway::init();")).toBeVisible();
  await expect(page.getByText(`OTEL_EXPORTER_OTLP_ENDPOINT=${server.url}`)).toBeVisible();
  await page.keyboard.press("6");
  await expect(page.getByText(`curl ${server.url}/v1/traces`)).toBeVisible();

  await page.keyboard.press("8");
  await expect(page.getByRole("tab", { name: "State machine" })).toHaveAttribute("aria-selected", "true");
  await expect(page.getByText(".otherwise(increment, tell)")).toBeVisible();

  await send(single(1, "hello"));
  await expect(rows(page)).toHaveCount(1);
  await expect(rows(page)).toContainText("hello");
});

test("a test span comes from the browser itself", async ({ page }) => {
  await page.goto("/");
  await page.getByRole("button", { name: "Send a test span" }).click();
  await expect(rows(page)).toHaveCount(1);
  await expect(rows(page)).toContainText("test span");
});

test("the demo fills the list", async ({ page, request }) => {
  const demo = await (await request.post("/api/v1/demo")).json();
  test.skip(demo.traces === 0, "this binary carries no demo");
  const projects = (await (await request.get("/api/v1/projects")).json()).projects;
  for (const { name } of projects) await request.delete(`/api/v1/projects/${encodeURIComponent(name)}`);

  await page.goto("/");
  await page.getByRole("button", { name: "Load the demo" }).click();
  await expect(rows(page).first()).toBeVisible();
  expect((await (await request.get("/api/v1/traces?limit=100")).json()).traces.length).toBe(demo.traces);
});
