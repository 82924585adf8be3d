/** A server of its own and a browser to look at it with. TRACKWAY_BIN and TRACKWAY_CHROMIUM name the programs. */

import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "@playwright/test";

export const BINARY = process.env.TRACKWAY_BIN ?? "../target/debug/trackway";
const CHROMIUM = process.env.TRACKWAY_CHROMIUM ?? "/usr/bin/chromium";

export const VIEWPORT = { width: 1440, height: 900 };

export const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

async function startServer(directory) {
  const quiet = ["--no-open", "--listen", "127.0.0.1:0", "--otlp-http", "off", "--otlp-grpc", "off"];
  const server = spawn(BINARY, ["serve", "--json", ...quiet, "--data-dir", directory], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const url = await new Promise((found, failed) => {
    server.once("error", failed);
    server.once("exit", (code) => failed(new Error(`${BINARY} ended with ${code}`)));
    createInterface(server.stdout).on("line", (line) => line.startsWith("{") && found(JSON.parse(line).ui));
  });
  return { url, server };
}

/** Does the work with both, and leaves nothing behind. */
export async function bench(work) {
  const directory = await mkdtemp(join(tmpdir(), "trackway-bench-"));
  const dataDir = join(directory, "data");
  const { url, server } = await startServer(dataDir);
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
  });
  try {
    const machine = `${cpus().length} cores, Chromium ${browser.version()}`;
    await work({ url, browser, directory, dataDir, machine });
  } finally {
    await browser.close();
    server.kill();
    await new Promise((ended) => server.once("exit", ended));
    await rm(directory, { recursive: true, force: true });
  }
}
