import { test as base, expect, type Page } from "@playwright/test";
import { otlp, type TraceInput } from "./otlp";
import { Server } from "./server";

interface Fixtures {
  /** What the server is told beside the usual. */
  settings: string[];
  server: Server;
  send: (...traces: TraceInput[]) => Promise<void>;
  /** Announces the spans of a trace that have no end, as a program does while they run. */
  announce: (trace: TraceInput) => Promise<void>;
  /** What the browser complained about; checked after every test. */
  complaints: string[];
}

/** Messages of the browser about answers that a test provokes. */
const EXPECTED = /Failed to load resource: (the server responded with a status of 4(00|04|09)|net::ERR_FAILED)/;

export const test = base.extend<Fixtures>({
  settings: [[], { option: true }],
  server: async ({ settings }, use) => {
    const server = await Server.start(settings);
    await use(server);
    await server.stop();
  },
  baseURL: async ({ server }, use) => use(server.url),
  send: async ({ server }, use) => {
    await use(async (...traces) => {
      for (const trace of traces) await server.post("/v1/traces", otlp(trace));
    });
  },
  announce: async ({ server }, use) => {
    await use((trace) => server.post("/v1/traces", otlp(trace), { "trackway-open-spans": "1" }));
  },
  complaints: [
    async ({ page, server }, use) => {
      const complaints: string[] = [];
      page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
      page.on("dialog", (dialog) => {
        complaints.push(`dialog: ${dialog.message()}`);
        void dialog.dismiss();
      });
      page.on("console", (message) => {
        if (!["error", "warning"].includes(message.type()) || EXPECTED.test(message.text())) return;
        complaints.push(`console: ${message.text()}`);
      });
      page.on("request", (request) => {
        if (!request.url().startsWith(server.url)) complaints.push(`request: ${request.url()}`);
      });
      await page.addInitScript(() => {
        document.addEventListener("securitypolicyviolation", (event) => {
          console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`);
        });
      });
      await use(complaints);
      expect(complaints).toEqual([]);
    },
    { auto: true },
  ],
});

export const rows = (page: Page) => page.locator("[data-trace]");
export const spans = (page: Page) => page.getByRole("treeitem");

/** The names of the spans in sight, in their order. */
export async function spanNames(page: Page): Promise<string[]> {
  return page.locator("[data-span]").evaluateAll((all) =>
    all
      .map((row) => ({ top: row.getBoundingClientRect().top, name: row.querySelector(".el")?.textContent ?? "" }))
      .sort((a, b) => a.top - b.top)
      .map(({ name }) => name),
  );
}

export { expect };
