import { ingest, spanItem, traceIds, traceItem } from "./agents";
import { expect, test } from "./fixture";

test("a text that is too long to come twice says so, and where it is whole", async ({ page, server }) => {
  const { id, ...trace } = traceItem(`trace_${"6".repeat(32)}`, "Long");
  const input = [{ role: "user", content: "x".repeat(2 << 20) }];
  const call = { type: "generation", input, output: [{ role: "assistant", content: "ok" }], model: "m" };
  const body = { data: [{ id, ...trace }, spanItem(id, "span_1", null, call)] };
  await ingest(server, body);
  await page.goto(`/trace/${traceIds([body])[0]}?span=span_1`);
  await page.getByRole("treeitem").first().click();
  await expect(page.getByRole("note")).toContainText("Texts longer than 1 MiB are cut here, of 2.1 MB in all");
});
