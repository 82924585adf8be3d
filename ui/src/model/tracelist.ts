/**
 * The rows of the trace list while traces keep coming.
 *
 * Nothing moves under the reader: a trace that is shown changes in its place, one that is new waits until the reader
 * follows.
 */

import type { LiveEvents, TraceSummary } from "../api/types";
import type { Filters } from "./address";
import { milliseconds, parseDuration } from "./time";

export interface News {
  /** Came after the list was asked for and is shown above it. */
  arrived: Map<string, TraceSummary>;
  /** Came while the reader was reading. */
  waiting: Map<string, TraceSummary>;
  /** Newer summaries of rows that the list has. */
  updated: Map<string, TraceSummary>;
  deleted: Set<string>;
  /** More came than is kept here: what is missing between the news and the pages must be asked for. */
  overflowed: boolean;
}

/** As many news as are kept; the newest. */
const MOST = 500;

export const NO_NEWS: News = {
  arrived: new Map(),
  waiting: new Map(),
  updated: new Map(),
  deleted: new Set(),
  overflowed: false,
};

export type Reader = "following" | "reading";

export type TraceEvent = Pick<LiveEvents["trace"], "change" | "trace"> & { trace_id: string };

/** What the list makes of a batch of events; `listed` are the ids that the asked pages hold. */
export function hear(
  news: News,
  events: TraceEvent[],
  listed: ReadonlySet<string>,
  reader: Reader,
  belongs: (trace: TraceSummary) => boolean,
): News {
  const next: News = {
    arrived: new Map(news.arrived),
    waiting: new Map(news.waiting),
    updated: new Map(news.updated),
    deleted: new Set(news.deleted),
    overflowed: news.overflowed,
  };
  for (const { change, trace_id: id, trace } of events) {
    if (change === "deleted" || trace === null) {
      next.deleted.add(id);
      for (const kept of [next.arrived, next.waiting, next.updated]) kept.delete(id);
      continue;
    }
    next.deleted.delete(id);
    if (next.arrived.has(id)) next.arrived.set(id, trace);
    else if (listed.has(id)) next.updated.set(id, trace);
    else if (belongs(trace)) (reader === "following" ? next.arrived : next.waiting).set(id, trace);
    else next.waiting.delete(id);
  }
  return bounded(next);
}

function bounded(news: News): News {
  if (news.arrived.size <= MOST && news.waiting.size <= MOST) return news;
  return { ...news, arrived: newest(news.arrived), waiting: newest(news.waiting), overflowed: true };
}

function newest(traces: Map<string, TraceSummary>): Map<string, TraceSummary> {
  const sorted = [...traces].sort(([, a], [, b]) => newestFirst(a, b));
  return new Map(sorted.slice(0, MOST));
}

/** What is still news once the list was asked for again. */
export function settle(news: News, listed: ReadonlySet<string>): News {
  const arrived = new Map(news.arrived);
  const updated = new Map(news.updated);
  for (const [id, trace] of news.arrived) {
    if (!listed.has(id) && !news.overflowed) continue;
    arrived.delete(id);
    if (listed.has(id)) updated.set(id, trace);
  }
  return { ...news, arrived, updated, overflowed: false };
}

/** Lets in what waited. */
export function follow(news: News): News {
  if (news.waiting.size === 0) return news;
  return bounded({ ...news, arrived: new Map([...news.arrived, ...news.waiting]), waiting: new Map() });
}

/** The rows in their order: what arrived, by start, above the pages as they were asked for. */
export function rows(pages: TraceSummary[], news: News): TraceSummary[] {
  const arrived = [...news.arrived.values()].sort(newestFirst);
  const seen = new Set(arrived.map((trace) => trace.trace_id));
  const all = [...arrived];
  for (const trace of pages) {
    if (seen.has(trace.trace_id)) continue;
    seen.add(trace.trace_id);
    all.push(news.updated.get(trace.trace_id) ?? trace);
  }
  return news.deleted.size === 0 ? all : all.filter((trace) => !news.deleted.has(trace.trace_id));
}

const newestFirst = (a: TraceSummary, b: TraceSummary) => (a.start < b.start ? 1 : a.start > b.start ? -1 : 0);

/**
 * Whether the server would list this trace. A name may be any span's, which a summary does not tell; `null` means that
 * only the server knows.
 */
export function fits(trace: TraceSummary, filters: Filters, nowMs: number): boolean | null {
  if (filters.project !== null && trace.project !== filters.project) return false;
  if (filters.status !== null && trace.status !== filters.status) return false;
  if (filters.group !== null && trace.group_id !== filters.group) return false;
  const { service } = filters;
  if (service !== null && !trace.services.some(({ name }) => name === service)) return false;
  const least = filters.minDuration === null ? null : parseDuration(filters.minDuration);
  if (least !== null && trace.duration_ns < least) return false;
  const start = milliseconds(trace.start);
  if (filters.start !== null && start < pointInTime(filters.start, nowMs)) return false;
  if (filters.end !== null && start >= pointInTime(filters.end, nowMs)) return false;
  if (filters.name !== null && !trace.root_name.toLowerCase().includes(filters.name.toLowerCase())) return null;
  return true;
}

function pointInTime(text: string, nowMs: number): number {
  const back = text.startsWith("-") ? parseDuration(text.slice(1)) : null;
  return back === null ? Date.parse(text) : nowMs - back / 1e6;
}
