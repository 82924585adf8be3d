// A server on a temporary directory, the UI with live reload, and demo traces that keep coming.

import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const data = mkdtempSync(join(tmpdir(), "trackway-dev-"));
const children = [];

function start(command, args, options) {
  const child = spawn(command, args, { cwd: ROOT, stdio: "inherit", ...options });
  children.push(child);
  child.on("exit", () => end());
  return child;
}

function end() {
  for (const child of children.splice(0)) child.kill("SIGTERM");
  rmSync(data, { recursive: true, force: true });
  process.exit(0);
}
process.on("SIGINT", end);
process.on("SIGTERM", end);

if (spawnSync("cargo", ["build", "--package", "trackway-cli"], { cwd: ROOT, stdio: "inherit" }).status !== 0) process.exit(1);
const binary = join(process.env.CARGO_TARGET_DIR ?? join(ROOT, "target"), "debug", "trackway");
const flags = ["--json", "--listen", "127.0.0.1:0", "--otlp-http", "127.0.0.1:0", "--otlp-grpc", "127.0.0.1:0"];
const server = start(binary, [...flags, "--data-dir", data], { stdio: ["ignore", "pipe", "inherit"] });
for await (const line of createInterface({ input: server.stdout })) {
  const { ui, otlp_http, otlp_grpc } = JSON.parse(line);
  console.log(`server ${ui}   OTLP/HTTP ${otlp_http}   OTLP/gRPC ${otlp_grpc}`);
  const load = () => fetch(`${ui}/api/v1/demo`, { method: "POST" }).catch((error) => console.error(`demo: ${error.message}`));
  await load();
  setInterval(load, 30_000);
  start("npx", ["vite"], { cwd: join(ROOT, "ui"), env: { ...process.env, TRACKWAY_URL: ui } });
  break;
}
