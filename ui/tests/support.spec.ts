import { readFileSync } from "node:fs";
import { ingest } from "./agents";
import { expect, rows, spanNames, spans, test } from "./fixture";
import { Program } from "./program";

/** What `examples/support.py` sent with the OpenAI Agents SDK. */
const recorded = JSON.parse(readFileSync("../fixtures/openai-agents/support.json", "utf8"));

const TREE = [
  "Customer support",
  "Triage agent",
  "turn 1",
  "no_secrets",
  "gpt-4.1",
  "handoff to Billing agent",
  "Billing agent",
  "turn 1",
  "gpt-4.1",
  "get_invoice",
  "db.query",
  "get_invoice",
  "db.query",
  "turn 2",
  "gpt-4.1",
];

const ways: [string, (server: import("./server").Server) => Promise<unknown>][] = [
  ["the OpenAI Agents SDK", (server) => ingest(server, recorded)],
  ["our library over OTLP", (server) => new Program("support", server).end()],
  [
    "our library in the form of the SDK",
    (server) => new Program("support", server, `${server.url}/v1/traces/ingest`).end(),
  ],
];

for (const [name, send] of ways) {
  test(`two agents are one tree, sent by ${name}`, async ({ page, server }) => {
    await send(server);
    await page.goto("/");
    await expect(rows(page)).toHaveCount(1);
    await expect(rows(page)).toContainText("Customer support");
    await expect(rows(page)).toContainText("Triage agent, Billing agent");
    await expect(rows(page).getByRole("link", { name: "thread_123" })).toBeVisible();
    await rows(page).getByRole("link").first().click();
    await expect(spans(page)).toHaveCount(TREE.length);
    expect(await spanNames(page)).toEqual(TREE);
    const failed = spans(page).filter({ hasText: "get_invoice" });
    await expect(failed.first().getByRole("img", { name: /error/ })).toHaveCount(1);
    await expect(failed.last().getByRole("img", { name: /error/ })).toHaveCount(0);
  });
}
