/** The one connection through which the server tells what is new; it comes back by itself and says when. */

import { useEffect, useEffectEvent, useSyncExternalStore } from "react";
import type { LiveEvents } from "./types";

type Kind = keyof LiveEvents;

export type Connection =
  | { state: "connecting" }
  | { state: "connected" }
  | { state: "reconnecting" /** Milliseconds since 1970. */; retryAt: number };

/** Which events are wanted: of one trace with its spans, of one run with its steps, or of all of them (of a project). */
export interface Scope {
  project: string | null;
  traceId: string | null;
  /** Only this run with its steps, by its 32 hexadecimal digits. */
  run?: string | null;
}

export type LiveHandlers = { [K in Kind]?: (event: LiveEvents[K]) => void } & {
  /** The connection was lost and is back: ask again for what is shown. */
  resumed?: () => void;
};

/** Browsers hold few connections to one server: a page that nobody looks at gives its own back after this long. */
const HIDDEN_MS = 60_000;
const WAITS = [1000, 2000, 5000, 10000];
const KINDS: Kind[] = ["trace", "span", "run", "step", "stats", "lagged"];

function addressOf({ project, traceId, run = null }: Scope): string {
  const search = new URLSearchParams();
  if (traceId !== null) search.set("trace_id", traceId);
  else if (project !== null) search.set("project", project);
  if (run !== null) search.set("run", run);
  search.set("kinds", traceId !== null ? "trace,span,stats" : run !== null ? "run,step,stats" : "trace,run,stats");
  return `/api/v1/live?${search}`;
}

class LiveConnection {
  connection: Connection = { state: "connecting" };
  /** The address from which events come, or would come if the server could be reached. */
  settled: string | null = null;
  private source: EventSource | null = null;
  private address: string | null = null;
  private failures = 0;
  private timer = 0;
  private hiding = 0;
  private readonly handlers = new Set<() => LiveHandlers>();
  private readonly watchers = new Set<() => void>();

  watch = (watcher: () => void) => {
    this.watchers.add(watcher);
    return () => void this.watchers.delete(watcher);
  };

  listen(handlers: () => LiveHandlers) {
    this.handlers.add(handlers);
    return () => void this.handlers.delete(handlers);
  }

  open(address: string) {
    if (address === this.address) return;
    this.address = address;
    this.connect(address, "first");
  }

  visibility = () => {
    clearTimeout(this.hiding);
    if (document.hidden) {
      this.hiding = window.setTimeout(() => this.rest(), HIDDEN_MS);
    } else if (this.source === null && this.address !== null) {
      this.connect(this.address, "again");
    }
  };

  private rest() {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
  }

  private connect(address: string, attempt: "first" | "again") {
    clearTimeout(this.timer);
    this.source?.close();
    const source = new EventSource(address);
    this.source = source;
    source.onopen = () => {
      this.failures = 0;
      this.become({ state: "connected" }, address);
      if (attempt === "again") for (const handlers of this.handlers) handlers().resumed?.();
    };
    source.onerror = () => {
      source.close();
      const wait = WAITS[Math.min(this.failures, WAITS.length - 1)] ?? 1000;
      this.failures++;
      this.timer = window.setTimeout(() => this.connect(address, "again"), wait);
      this.become({ state: "reconnecting", retryAt: Date.now() + wait }, address);
    };
    for (const kind of KINDS) {
      source.addEventListener(kind, (message: MessageEvent<string>) => this.tell(kind, JSON.parse(message.data)));
    }
  }

  private tell<K extends Kind>(kind: K, event: LiveEvents[K]) {
    for (const handlers of this.handlers) {
      const handle = handlers()[kind] as ((event: LiveEvents[K]) => void) | undefined;
      handle?.(event);
    }
  }

  private become(connection: Connection, address: string) {
    this.connection = connection;
    this.settled = address;
    for (const watcher of this.watchers) watcher();
  }
}

const live = new LiveConnection();
document.addEventListener("visibilitychange", live.visibility);

export function useConnection(): Connection {
  return useSyncExternalStore(live.watch, () => live.connection);
}

/**
 * Points the connection at what the page shows, and says when it listens there: what is asked for afterwards misses
 * nothing.
 */
export function useLiveScope(scope: Scope): "listening" | "not yet" {
  const address = addressOf(scope);
  useEffect(() => live.open(address), [address]);
  const settled = useSyncExternalStore(live.watch, () => live.settled);
  return settled === address ? "listening" : "not yet";
}

export function useLive(handlers: LiveHandlers) {
  const current = useEffectEvent(() => handlers);
  useEffect(() => live.listen(() => current()), []);
}
