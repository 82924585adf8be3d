/** Asks the server. Everything that goes wrong becomes a `RequestFailed` whose message is a sentence for the reader. */

import type { Story } from "./story";
import type {
  Deleted,
  Demo,
  Group,
  Health,
  Problem,
  ProjectList,
  ServiceList,
  SpanList,
  Stats,
  TextPlace,
  TraceList,
  TraceTree,
  Watches,
} from "./types";

const ROOT = "/api/v1/";

export class RequestFailed extends Error {
  override name = "RequestFailed";
  /** The HTTP status; 0 when the server could not be reached. */
  readonly status: number;
  /** Where a run was named that there are several of: their partitions. */
  readonly partitions: (string | null)[];
  /** Where the filter that was asked with cannot be read. */
  readonly place: TextPlace | null;

  constructor(status: number, detail: string, { partitions, place }: Partial<Problem> = {}) {
    super(detail);
    this.status = status;
    this.partitions = partitions ?? [];
    this.place = place ?? null;
  }
}

type Method = "GET" | "POST" | "PUT" | "DELETE";

/** Asks for `path` below the root of the API; a `body` goes as JSON. */
export async function request<T>(
  method: Method,
  path: string,
  signal?: AbortSignal,
  body?: unknown,
  read: (answer: string) => T = JSON.parse,
): Promise<T> {
  let response: Response;
  try {
    const headers: Record<string, string> = { accept: "application/json" };
    if (body !== undefined) headers["content-type"] = "application/json";
    const sent = body === undefined ? null : JSON.stringify(body);
    response = await fetch(ROOT + path, { method, headers, body: sent, signal: signal ?? null });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new RequestFailed(0, "The server cannot be reached. Start trackway again; this page tries on by itself.");
  }
  if (!response.ok) throw await failure(response);
  return response.status === 204 ? (undefined as T) : read(await response.text());
}

async function failure(response: Response): Promise<RequestFailed> {
  const problem: Partial<Problem> | null = await response.json().catch(() => null);
  const detail = problem?.detail || problem?.title || `The server answered ${response.status}.`;
  return new RequestFailed(response.status, detail, problem ?? {});
}

const segment = encodeURIComponent;

export interface PageOf {
  limit: number;
  cursor: string | null;
}

export function withPage(search: URLSearchParams, { limit, cursor }: PageOf): URLSearchParams {
  const all = new URLSearchParams(search);
  all.set("limit", String(limit));
  if (cursor !== null) all.set("cursor", cursor);
  return all;
}

export const api = {
  traces: (search: URLSearchParams, page: PageOf, signal?: AbortSignal) =>
    request<TraceList>("GET", `traces?${withPage(search, page)}`, signal),
  tree: (id: string, page: PageOf, signal?: AbortSignal) =>
    request<TraceTree>(
      "GET",
      `traces/${segment(id)}?${withPage(new URLSearchParams({ fields: "tree" }), page)}`,
      signal,
    ),
  span: (traceId: string, spanId: string, signal?: AbortSignal) =>
    request<SpanList>("GET", `traces/${segment(traceId)}/spans/${segment(spanId)}`, signal),
  story: (traceId: string, signal?: AbortSignal) => request<Story>("GET", `traces/${segment(traceId)}/story`, signal),
  group: (id: string, project: string | null, page: PageOf, signal?: AbortSignal) => {
    const search = new URLSearchParams(project === null ? {} : { project });
    return request<Group>("GET", `groups/${segment(id)}?${withPage(search, page)}`, signal);
  },
  services: (project: string | null, signal?: AbortSignal) =>
    request<ServiceList>("GET", `services${project ? `?${new URLSearchParams({ project })}` : ""}`, signal),
  projects: (signal?: AbortSignal) => request<ProjectList>("GET", "projects", signal),
  health: (signal?: AbortSignal) => request<Health>("GET", "health", signal),
  stats: (signal?: AbortSignal) => request<Stats>("GET", "stats", signal),
  state: (signal?: AbortSignal) => request<Watches>("GET", "state", signal),
  loadDemo: () => request<Demo>("POST", "demo"),
  deleteTrace: (id: string) => request<Deleted>("DELETE", `traces/${segment(id)}`),
  // In the query, since a browser makes a way up of the path segment `..`, however it is written.
  deleteProject: (name: string) => request<Deleted>("DELETE", `projects?project=${segment(name)}`),
};

/** Sends one span through the same door that programs use. */
export async function sendTestSpan(): Promise<void> {
  const id = (bytes: number) =>
    Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const end = Date.now();
  const attribute = (key: string, stringValue: string) => ({ key, value: { stringValue } });
  const span = {
    traceId: id(16),
    spanId: id(8),
    name: "test span",
    kind: 1,
    startTimeUnixNano: `${end - 120}000000`,
    endTimeUnixNano: `${end}000000`,
    attributes: [attribute("sent.by", "the first page")],
  };
  const body = {
    resourceSpans: [
      { resource: { attributes: [attribute("service.name", "browser")] }, scopeSpans: [{ spans: [span] }] },
    ],
  };
  const headers = { "content-type": "application/json" };
  const response = await fetch("/v1/traces", { method: "POST", headers, body: JSON.stringify(body) });
  if (!response.ok) throw await failure(response);
}
