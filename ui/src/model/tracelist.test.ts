import { expect, test } from "vitest";
import type { App } from "../api/runs";
import type { TraceSummary } from "../api/types";
import { NO_FILTERS } from "./address";
import { fits, follow, hear, idOf, type ListEvent, type Listed, NO_NEWS, rows, settle } from "./tracelist";

function trace(id: string, second: number, more: Partial<TraceSummary> = {}): TraceSummary {
  return {
    trace_id: id,
    root_name: `work ${id}`,
    has_root: true,
    service: "shop",
    project: "default",
    start: `2026-01-01T00:00:0${second}.000000000Z`,
    duration_ns: 5e6,
    status: "ok",
    span_count: 1,
    error_count: 0,
    open_count: 0,
    original_id: null,
    group_id: null,
    metadata: [],
    failure: null,
    agents: null,
    services: [{ name: "shop", span_count: 1 }],
    outline: [],
    ...more,
  };
}

const event = (change: ListEvent["change"], subject: Listed): ListEvent => ({
  change,
  id: idOf(subject),
  item: change === "deleted" ? null : subject,
});
const ids = (list: Listed[]) => list.map(idOf).join("");
const listed = (...items: Listed[]) => new Map(items.map((item) => [idOf(item), item]));
const all = () => true;

test("what is new arrives above for one who follows, by start", () => {
  const pages = [trace("b", 2), trace("a", 1)];
  const news = hear(
    NO_NEWS,
    [event("new", trace("d", 4)), event("new", trace("c", 3))],
    listed(trace("a", 1), trace("b", 2)),
    "following",
    all,
  );
  expect(ids(rows(pages, news))).toBe("dcba");
});

test("what is new waits for one who reads, and comes when followed", () => {
  const pages = [trace("a", 1)];
  const news = hear(NO_NEWS, [event("new", trace("b", 2))], listed(trace("a", 1)), "reading", all);
  expect(ids(rows(pages, news))).toBe("a");
  expect(news.waiting.size).toBe(1);
  expect(ids(rows(pages, follow(news)))).toBe("ba");
});

test("what is shown changes in its place, also while reading and when it no longer fits", () => {
  const pages = [trace("b", 2), trace("a", 1)];
  const failed = trace("a", 1, { status: "error" });
  const shown = rows(
    pages,
    hear(NO_NEWS, [event("updated", failed)], listed(trace("a", 1), trace("b", 2)), "reading", () => false),
  );
  expect(shown.map((one) => one.status)).toEqual(["ok", "error"]);
});

test("what is deleted goes, and what was deleted may come back", () => {
  const pages = [trace("a", 1)];
  const gone = hear(NO_NEWS, [event("deleted", trace("a", 1))], listed(trace("a", 1)), "reading", all);
  expect(rows(pages, gone)).toEqual([]);
  expect(ids(rows(pages, hear(gone, [event("new", trace("a", 1))], listed(trace("a", 1)), "following", all)))).toBe(
    "a",
  );
});

test("a trace that was asked for after it arrived is there once", () => {
  const news = hear(NO_NEWS, [event("new", trace("b", 2))], listed(trace("a", 1)), "following", all);
  expect(ids(rows([trace("b", 2), trace("a", 1)], news))).toBe("ba");
});

test("a flood is kept up to a bound, the newest of it, and asks for what is between", () => {
  const flood = Array.from({ length: 2000 }, (_, i) => {
    const start = new Date(Date.UTC(2026, 0, 1) + i).toISOString().replace("Z", "000000Z");
    return event("new", trace(`n${i}`, 1, { start }));
  });
  const news = hear(NO_NEWS, flood, listed(), "following", all);
  expect(news.overflowed).toBe(true);
  expect(rows([], news)).toHaveLength(500);
  expect(rows([], news).map(idOf)[0]).toBe("n1999");
  expect(settle(news, listed(trace("n1999", 1)))).toMatchObject({ overflowed: false, arrived: new Map() });
});

test("news that the pages now hold are no longer above them, and stay as new as they were", () => {
  const failed = trace("b", 2, { status: "error" });
  const news = hear(
    NO_NEWS,
    [event("new", failed), event("new", trace("c", 3))],
    listed(trace("a", 1)),
    "following",
    all,
  );
  const settled = settle(news, listed(trace("a", 1), trace("b", 2)));
  expect([...settled.arrived.keys()]).toEqual(["c"]);
  expect(rows([trace("b", 2), trace("a", 1)], settled).map((one) => one.status)).toEqual(["ok", "error", "ok"]);
});

test("filters are decided here but for names inside a trace", () => {
  const now = Date.parse("2026-01-01T00:10:00Z");
  const one = trace("a", 1);
  expect(fits(one, NO_FILTERS, now)).toBe(true);
  expect(fits(one, { ...NO_FILTERS, service: "other" }, now)).toBe(false);
  expect(fits(one, { ...NO_FILTERS, minDuration: "6ms" }, now)).toBe(false);
  expect(fits(one, { ...NO_FILTERS, start: "-5m" }, now)).toBe(false);
  expect(fits(one, { ...NO_FILTERS, start: "-15m" }, now)).toBe(true);
  expect(fits(one, { ...NO_FILTERS, group: "thread_1" }, now)).toBe(false);
  expect(fits({ ...one, group_id: "thread_1" }, { ...NO_FILTERS, group: "thread_1" }, now)).toBe(true);
  expect(fits(one, { ...NO_FILTERS, name: "WORK" }, now)).toBe(true);
  expect(fits(one, { ...NO_FILTERS, name: "inner" }, now)).toBeNull();
  expect(fits(one, { ...NO_FILTERS, filter: "{ }" }, now)).toBeNull();
  expect(fits(run("a", 1), { ...NO_FILTERS, filter: "{ }" }, now)).toBe(false);
});

function run(id: string, second: number, more: Partial<App> = {}): App {
  const time = `2026-01-01T00:00:0${second}.000000000Z`;
  return {
    project: "default",
    app_id: `app ${id}`,
    partition_key: null,
    run_id: id,
    start: time,
    first_written: time,
    last_written: time,
    duration_ns: 5e6,
    step_count: 1,
    error_count: 0,
    status: "ok",
    last_action: "count",
    last_sequence: 0,
    last_attempt: 0,
    parent: null,
    spawned_by: null,
    child_count: 0,
    fork_count: 0,
    suspect_count: 0,
    remark_count: 0,
    annotation_count: 0,
    trail: [],
    ...more,
  };
}

test("a run and its own trace are one row, whichever is told of first", () => {
  const own = trace("b", 2);
  const traceFirst = hear(NO_NEWS, [event("new", own), event("new", run("b", 2))], listed(), "following", all);
  const runFirst = hear(NO_NEWS, [event("new", run("b", 2)), event("new", own)], listed(), "following", all);
  for (const news of [traceFirst, runFirst]) expect(rows([trace("a", 1)], news)).toMatchObject([{ run_id: "b" }, {}]);
  const later = hear(NO_NEWS, [event("updated", own)], listed(run("b", 2)), "reading", all);
  expect(rows([run("b", 2)], later)).toMatchObject([{ run_id: "b" }]);
});

test("a run is of no service and no group, and is called by its own id", () => {
  const now = Date.parse("2026-01-01T00:10:00Z");
  expect(fits(run("a", 1), NO_FILTERS, now)).toBe(true);
  expect(fits(run("a", 1), { ...NO_FILTERS, service: "shop" }, now)).toBe(false);
  expect(fits(run("a", 1), { ...NO_FILTERS, group: "g" }, now)).toBe(false);
  expect(fits(run("a", 1), { ...NO_FILTERS, name: "APP" }, now)).toBe(true);
  expect(fits(run("a", 1), { ...NO_FILTERS, name: "inner" }, now)).toBeNull();
});
