import AxeBuilder from "@axe-core/playwright";
import { ingest } from "./agents";
import { supportDesk } from "./desk";
import { expect, rows, spans, test } from "./fixture";

/** The rules of WCAG 2.2 AA that a program can check. */
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

for (const theme of ["light", "dark"] as const) {
  test(`every page can be used by everybody in the ${theme} theme`, async ({ page, request, server }) => {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
    const faults: string[] = [];
    const look = async (place: string) => {
      const { violations } = await new AxeBuilder({ page }).withTags(RULES).analyze();
      for (const { id, nodes } of violations)
        faults.push(...nodes.map((node) => `${place}: ${id} at ${node.target}: ${node.failureSummary}`));
    };

    await page.goto("/");
    await expect(page.getByRole("button", { name: /Load the demo/ })).toBeVisible();
    await look("first page");

    await request.post("/api/v1/demo");
    await expect(rows(page).first()).toBeVisible();
    await look("list");

    const { traces } = await (await request.get("/api/v1/traces?status=error&limit=1")).json();
    await page.goto(`/trace/${traces[0].trace_id}`);
    await expect(spans(page).first()).toBeVisible();
    await page.keyboard.press("e");
    await expect(page.getByRole("tab", { name: /Attributes/ })).toBeVisible();
    await look("trace");

    await page.keyboard.press("?");
    await expect(page.getByRole("dialog")).toBeVisible();
    await look("keys");

    await page.keyboard.press("Escape");

    const { group, refund, items } = supportDesk();
    await ingest(server, { data: items });
    await page.goto(`/trace/${refund}`);
    await spans(page).filter({ hasText: "gpt-4.1" }).last().click();
    await expect(page.getByRole("region", { name: "Answer" })).toBeVisible();
    await look("model call");
    await spans(page).filter({ hasText: "lookup_order" }).first().click();
    await expect(page.getByRole("region", { name: "Arguments" })).toBeVisible();
    await look("tool call");
    await page.goto(`/?group=${group}`);
    await expect(rows(page)).toHaveCount(3);
    await look("list with agents");
    await page.goto(`/group/${group}`);
    await expect(rows(page)).toHaveCount(3);
    await look("group");
    await page.goto("/group/none");
    await expect(page.getByRole("heading", { name: "No trace of this group here" })).toBeVisible();
    await look("empty group");

    await page.goto("/system");
    await expect(page.getByRole("region", { name: "ingest" })).toBeVisible();
    await look("system");
    expect(faults).toEqual([]);
  });
}
