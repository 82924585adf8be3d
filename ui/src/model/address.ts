/** What the address bar says: which page, and what of it is shown. A link shows the next reader the same view. */

import type { Nanoseconds, TraceStatus } from "../api/types";
import { duration, line } from "./format";
import { parseDuration } from "./time";

export type Place =
  | { page: "traces" }
  | { page: "trace"; id: string }
  /** A trace by the id that its client gave it, which the server knows. */
  | { page: "original"; id: string }
  | { page: "group"; id: string }
  | { page: "run"; project: string; app: string }
  | { page: "system" }
  /** How to send traces, for whoever has some already. */
  | { page: "start" }
  | { page: "nowhere" };

export function placeOf(path: string): Place {
  if (path === "/" || path === "/traces") return { page: "traces" };
  if (path === "/system") return { page: "system" };
  if (path === "/start") return { page: "start" };
  const run = /^\/run\/([^/]+)\/([^/]+)$/.exec(path);
  if (run) {
    const [project, app] = [decoded(run[1] ?? ""), decoded(run[2] ?? "")];
    return project === null || app === null ? { page: "nowhere" } : { page: "run", project, app };
  }
  const [, kind, segment] = /^\/(trace|group)\/([^/]+)$/.exec(path) ?? [];
  const id = segment === undefined ? null : decoded(segment);
  if (id === null) return { page: "nowhere" };
  if (kind === "group") return { page: "group", id };
  const own = ownId(id);
  return own === null ? { page: "original", id } : { page: "trace", id: own };
}

function decoded(segment: string): string | null {
  try {
    return decodeURIComponent(segment);
  } catch {
    return null;
  }
}

/** The trace's id as it is known here, where the text says it: hexadecimal, alone or as `trace_…`. */
export function ownId(text: string): string | null {
  const id = /^(?:0x)?([0-9a-f]{1,32})$/i.exec(text)?.[1] ?? /^trace_([0-9a-f]{32})$/i.exec(text)?.[1];
  return id?.toLowerCase().padStart(32, "0") ?? null;
}

export const STATUSES: TraceStatus[] = ["ok", "error", "running", "lost"];

export interface Filters {
  project: string | null;
  name: string | null;
  /** What some one span must be like: `{ status = error }`. */
  filter: string | null;
  service: string | null;
  status: TraceStatus | null;
  /** The id of a conversation. */
  group: string | null;
  minDuration: string | null;
  /** `-15m`, or a time of RFC 3339. */
  start: string | null;
  end: string | null;
}

export const NO_FILTERS: Filters = {
  project: null,
  name: null,
  filter: null,
  service: null,
  status: null,
  group: null,
  minDuration: null,
  start: null,
  end: null,
};

const PARAMETERS: Record<keyof Filters, string> = {
  project: "project",
  name: "name",
  filter: "filter",
  service: "service",
  status: "status",
  group: "group",
  minDuration: "min_duration",
  start: "start",
  end: "end",
};

const FIELDS = Object.keys(PARAMETERS) as (keyof Filters)[];

export function filtersOf(search: URLSearchParams): Filters {
  const read = (field: keyof Filters) => search.get(PARAMETERS[field]) || null;
  return {
    project: read("project"),
    name: read("name"),
    filter: inBraces(read("filter")),
    service: read("service"),
    status: STATUSES.find((status) => status === read("status")) ?? null,
    group: read("group"),
    minDuration: read("minDuration"),
    start: read("start"),
    end: read("end"),
  };
}

/** The server takes a filter without its braces too; in the search box they are what makes it one. */
function inBraces(filter: string | null): string | null {
  return filter === null || isFilter(filter) ? filter : `{ ${filter} }`;
}

const isFilter = (text: string) => text.trimStart().startsWith("{");

/** What the search box asks for: a filter where its text begins with a brace, else a part of a name. */
export function askedFor(text: string | null): Pick<Filters, "name" | "filter"> {
  return text !== null && isFilter(text) ? { name: null, filter: text.trim() } : { name: text, filter: null };
}

/** Whether a text looks as if more of it were still to be typed. */
export const isHalf = (text: string) => isFilter(text) && !text.trimEnd().endsWith("}");

/** The text around a place in it, and what stands there; places count characters, as the server does. */
export function around(text: string, { start, end }: { start: number; end: number }): [string, string, string] {
  const characters = [...text];
  const piece = (from: number, to?: number) => characters.slice(from, to).join("");
  return [piece(0, start), piece(start, end), piece(end)];
}

/** The same names in the page's address and in the API's, so that one can be pasted into the other. */
export function parametersOf(filters: Filters): URLSearchParams {
  const search = new URLSearchParams();
  for (const field of FIELDS) {
    const value = filters[field];
    if (value) search.set(PARAMETERS[field], value);
  }
  return search;
}

export interface Chip {
  field: keyof Filters;
  text: string;
}

/** What narrows the list, without the project, which has its own switch. */
export function chips(filters: Filters): Chip[] {
  return FIELDS.flatMap((field) => {
    const value = filters[field];
    return value && field !== "project" ? [{ field, text: describe(field, value) }] : [];
  });
}

function describe(field: keyof Filters, value: string): string {
  switch (field) {
    case "name":
      return `name contains “${line(value)}”`;
    case "filter":
      return `spans ${line(value)}`;
    case "minDuration":
      return `at least ${inWords(parseDuration(value), value)}`;
    case "start":
      return RANGES.find((range) => range.start === value)?.name.toLowerCase() ?? `since ${value}`;
    case "end":
      return `before ${value}`;
    default:
      return `${field} is ${line(value)}`;
  }
}

const inWords = (ns: Nanoseconds | null, typed: string) => (ns === null ? typed : duration(ns));

export const RANGES: { name: string; start: string | null }[] = [
  { name: "Last 15 min", start: "-15m" },
  { name: "Last hour", start: "-1h" },
  { name: "Last 24 h", start: "-24h" },
  { name: "Last 7 days", start: "-168h" },
  { name: "All time", start: null },
];

/** How a trace is looked at. */
export type View = "trace" | "conversation";

export function viewOf(search: URLSearchParams): View {
  return search.get("view") === "conversation" ? "conversation" : "trace";
}

export function otherView(view: View): View {
  return view === "trace" ? "conversation" : "trace";
}

export function tracePath(id: string, span?: string | undefined, view: View = "trace"): string {
  const parts = [view === "trace" ? "" : `view=${view}`, span ? `span=${encodeURIComponent(span)}` : ""];
  const search = parts.filter(Boolean).join("&");
  return `/trace/${id}${search === "" ? "" : `?${search}`}`;
}

/** A trace by the id that its client gave it. */
export function originalPath(id: string): string {
  return `/trace/${encodeURIComponent(id)}`;
}

/** All traces of a conversation. */
export function groupPath(id: string, project?: string | null): string {
  const search = project ? `?${new URLSearchParams({ project })}` : "";
  return `/group/${encodeURIComponent(id)}${search}`;
}

/** What of a run a link shows. */
export interface RunView {
  /** The step; its last attempt where none is said. */
  step?: { sequence: number; attempt: number | null } | null;
  tab?: string | null;
}

/** A run by its names. */
export function runPath(project: string, app: string, partition: string | null, view: RunView = {}): string {
  const search = new URLSearchParams();
  if (partition !== null) search.set("partition", partition);
  if (view.step) {
    search.set("step", String(view.step.sequence));
    if (view.step.attempt !== null && view.step.attempt > 0) search.set("attempt", String(view.step.attempt));
  }
  if (view.tab) search.set("tab", view.tab);
  const query = search.toString();
  return `/run/${encodeURIComponent(project)}/${encodeURIComponent(app)}${query === "" ? "" : `?${query}`}`;
}

/** The step that a link to a run names; an attempt that is not said is the first, which is 0. */
export function stepOf(search: URLSearchParams): { sequence: number; attempt: number } | null {
  const sequence = whole(search.get("step"));
  return sequence === null ? null : { sequence, attempt: whole(search.get("attempt")) ?? 0 };
}

function whole(text: string | null): number | null {
  return text !== null && /^-?\d{1,15}$/.test(text) ? Number(text) : null;
}
