import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

export const BINARY = resolve(process.env.TRACKWAY_BIN ?? "../target/debug/trackway");
const ARGUMENTS = [
  "serve",
  "--json",
  "--no-open",
  "--listen",
  "127.0.0.1:0",
  "--otlp-http",
  "off",
  "--otlp-grpc",
  "off",
];

/** A real server with a directory of its own. */
export class Server {
  readonly url: string;
  private readonly process: ChildProcess;
  /** Where it keeps what it is told. */
  readonly dataDir: string;
  /** What it takes for the home of whoever started it. */
  readonly home: string;
  private readonly directory: string;

  private constructor(process: ChildProcess, directory: string, url: string) {
    this.process = process;
    this.directory = directory;
    this.dataDir = join(directory, "data");
    this.home = join(directory, "home");
    this.url = url;
  }

  static async start(settings: string[]): Promise<Server> {
    const directory = await mkdtemp(join(tmpdir(), "trackway-ui-"));
    const home = join(directory, "home");
    await mkdir(home);
    const child = spawn(BINARY, [...ARGUMENTS, ...settings, "--data-dir", join(directory, "data")], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, HOME: home },
    });
    const url = await readyUrl(child);
    return new Server(child, directory, url);
  }

  async post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<void> {
    const response = await fetch(this.url + path, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
  }

  async stop(): Promise<void> {
    if (this.process.exitCode === null) {
      const ended = new Promise((done) => this.process.once("exit", done));
      this.process.kill();
      await ended;
    }
    await rm(this.directory, { recursive: true, force: true });
  }
}

function readyUrl(process: ChildProcess): Promise<string> {
  return new Promise((found, failed) => {
    process.once("error", failed);
    process.once("exit", (code) => failed(new Error(`${BINARY} ended with ${code} before it was ready`)));
    if (!process.stdout) return failed(new Error(`${BINARY} has no output`));
    createInterface(process.stdout).on("line", (line) => {
      if (!line.startsWith("{")) return;
      const ready = JSON.parse(line);
      if (ready.ready) found(ready.ui);
    });
  });
}
