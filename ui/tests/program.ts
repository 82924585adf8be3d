import { type ChildProcess, spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { BINARY, type Server } from "./server";

/** A running example of our tracing library; `cargo build --package trackway --examples` makes it. */
export class Program {
  /** What it printed, a text for each line. */
  readonly lines: string[] = [];
  private readonly process: ChildProcess;
  private readonly ended: Promise<number | NodeJS.Signals | null>;

  constructor(name: string, server: Server, ...args: string[]) {
    this.process = spawn(join(dirname(BINARY), "examples", name), args, {
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: server.url },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let rest = "";
    this.process.stdout?.setEncoding("utf8").on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      this.lines.push(...lines);
    });
    this.ended = new Promise((done, failed) => {
      this.process.once("error", failed);
      this.process.once("close", (code, signal) => done(code ?? signal));
    });
  }

  /** Waits for its end; returns its exit code, or what killed it. */
  end(): Promise<number | NodeJS.Signals | null> {
    return this.ended;
  }

  /** Ends it without asking, as `kill -9` does. */
  kill(): Promise<number | NodeJS.Signals | null> {
    this.process.kill("SIGKILL");
    return this.ended;
  }
}
