/**
 * The rows of the list while runs and traces keep coming.
 *
 * Nothing moves under the reader: what is shown changes in its place, what is new waits until the reader follows.
 */

import type { ActivityItem, App } from "../api/runs";
import type { LiveEvents, TraceSummary } from "../api/types";
import type { Filters } from "./address";
import { milliseconds, parseDuration } from "./time";

/** A row: a run, or a trace that is not wholly of one. */
export type Listed = App | TraceSummary;

export const isRun = (item: Listed): item is App => "run_id" in item;

/** The trace of an imported run has the run's own id: one row stands for both. */
export const idOf = (item: Listed): string => (isRun(item) ? item.run_id : item.trace_id);

export const listedOf = (item: ActivityItem): Listed => (item.kind === "run" ? item.run : item.trace);

export interface News {
  /** Came after the list was asked for and is shown above it. */
  arrived: Map<string, Listed>;
  /** Came while the reader was reading. */
  waiting: Map<string, Listed>;
  /** Newer summaries of rows that the list has. */
  updated: Map<string, Listed>;
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

/** What becomes of a row; `item` is null for one that is gone. */
export interface ListEvent {
  change: LiveEvents["trace"]["change"] | LiveEvents["run"]["change"];
  id: string;
  item: Listed | null;
}

/** What the list makes of a batch of events; `listed` are the rows that the asked pages hold, by their ids. */
export function hear(
  news: News,
  events: ListEvent[],
  listed: ReadonlyMap<string, Listed>,
  reader: Reader,
  belongs: (item: Listed) => boolean,
): News {
  const next: News = {
    arrived: new Map(news.arrived),
    waiting: new Map(news.waiting),
    updated: new Map(news.updated),
    deleted: new Set(news.deleted),
    overflowed: news.overflowed,
  };
  for (const { change, id, item } of events) {
    if (item !== null && !isRun(item) && standsForRun(next, listed, id)) continue;
    if (change === "deleted" || item === null) {
      next.deleted.add(id);
      for (const kept of [next.arrived, next.waiting, next.updated]) kept.delete(id);
      continue;
    }
    next.deleted.delete(id);
    if (next.arrived.has(id)) next.arrived.set(id, item);
    else if (listed.has(id)) next.updated.set(id, item);
    else if (belongs(item)) (reader === "following" ? next.arrived : next.waiting).set(id, item);
    else next.waiting.delete(id);
  }
  return bounded(next);
}

/** Whether the row of this id is a run already: its trace is no row of its own. */
function standsForRun(news: News, listed: ReadonlyMap<string, Listed>, id: string): boolean {
  const known = news.arrived.get(id) ?? news.waiting.get(id) ?? news.updated.get(id) ?? listed.get(id);
  return known !== undefined && isRun(known);
}

function bounded(news: News): News {
  if (news.arrived.size <= MOST && news.waiting.size <= MOST) return news;
  return { ...news, arrived: newest(news.arrived), waiting: newest(news.waiting), overflowed: true };
}

function newest(items: Map<string, Listed>): Map<string, Listed> {
  const sorted = [...items].sort(([, a], [, b]) => newestFirst(a, b));
  return new Map(sorted.slice(0, MOST));
}

/** What is still news once the list was asked for again. */
export function settle(news: News, listed: ReadonlyMap<string, unknown>): News {
  const arrived = new Map(news.arrived);
  const updated = new Map(news.updated);
  for (const [id, item] of news.arrived) {
    if (!listed.has(id) && !news.overflowed) continue;
    arrived.delete(id);
    if (listed.has(id)) updated.set(id, item);
  }
  return { ...news, arrived, updated, overflowed: false };
}

/** Lets in what waited. */
export function follow(news: News): News {
  if (news.waiting.size === 0) return news;
  return bounded({ ...news, arrived: new Map([...news.arrived, ...news.waiting]), waiting: new Map() });
}

/** The rows in their order: what arrived, by start, above the pages as they were asked for. */
export function rows(pages: Listed[], news: News): Listed[] {
  const arrived = [...news.arrived.values()].sort(newestFirst);
  const seen = new Set(arrived.map(idOf));
  const all = [...arrived];
  for (const item of pages) {
    const id = idOf(item);
    if (seen.has(id)) continue;
    seen.add(id);
    all.push(news.updated.get(id) ?? item);
  }
  return news.deleted.size === 0 ? all : all.filter((item) => !news.deleted.has(idOf(item)));
}

const newestFirst = (a: Listed, b: Listed) => (a.start < b.start ? 1 : a.start > b.start ? -1 : 0);

/**
 * Whether the server would list this. A name may be any span's, and a filter asks for a span, which a row does not tell;
 * `null` means that only the server knows.
 */
export function fits(item: Listed, filters: Filters, nowMs: number): boolean | null {
  if (filters.project !== null && item.project !== filters.project) return false;
  if (filters.status !== null && item.status !== filters.status) return false;
  const { service, group } = filters;
  if (isRun(item) ? service !== null || group !== null : !isOf(item, service, group)) return false;
  const least = filters.minDuration === null ? null : parseDuration(filters.minDuration);
  if (least !== null && (item.duration_ns ?? 0) < least) return false;
  const start = milliseconds(item.start);
  if (filters.start !== null && start < pointInTime(filters.start, nowMs)) return false;
  if (filters.end !== null && start >= pointInTime(filters.end, nowMs)) return false;
  if (filters.filter !== null) return isRun(item) ? false : null;
  const name = isRun(item) ? item.app_id : item.root_name;
  if (filters.name !== null && !name.toLowerCase().includes(filters.name.toLowerCase())) return null;
  return true;
}

function isOf(trace: TraceSummary, service: string | null, group: string | null): boolean {
  if (group !== null && trace.group_id !== group) return false;
  return service === null || trace.services.some(({ name }) => name === service);
}

function pointInTime(text: string, nowMs: number): number {
  const back = text.startsWith("-") ? parseDuration(text.slice(1)) : null;
  return back === null ? Date.parse(text) : nowMs - back / 1e6;
}
