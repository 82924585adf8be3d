import { expect, test } from "vitest";
import type { TreeSpan } from "../api/types";
import { addNews, mergeSpans, type SpanNews } from "./spans";

function span(id: string, duration: number | null, name = id): TreeSpan {
  return {
    span_id: id,
    parent_id: null,
    name,
    kind: "internal",
    category: "function",
    service: "shop",
    start: "2026-01-01T00:00:00.000000000Z",
    duration_ns: duration,
    state: duration === null ? "open" : "finished",
    announced: null,
    status: { code: "unset", message: "" },
    attribute_count: 0,
    event_count: 0,
    link_count: 0,
    data: null,
  };
}

const news = (...spans: TreeSpan[]): SpanNews[] =>
  spans.map((span) => ({ change: span.duration_ns === null ? "new" : "finished", span }));

/** A span that was announced at a second. */
const announced = (second: number, state: "open" | "lost" = "open"): TreeSpan => ({
  ...span("a", null, `${state}@${second}`),
  announced: `2026-01-01T00:00:${String(second).padStart(2, "0")}.000000000Z`,
  state,
});

const told = (spans: TreeSpan[]) => spans.map(({ name, duration_ns }) => `${name} ${duration_ns ?? "open"}`);

test("a finished span takes the place of the open one", () => {
  expect(told(mergeSpans([span("a", null), span("b", 1)], news(span("a", 5), span("c", null))))).toEqual([
    "a 5",
    "b 1",
    "c open",
  ]);
});

test("an old announcement does not open a finished span again", () => {
  expect(told(mergeSpans([span("a", 5)], news(span("a", null), announced(1))))).toEqual(["a 5"]);
});

test("the same span told twice is there once, another with its id stays beside it", () => {
  expect(told(mergeSpans([span("a", 5)], news(span("a", 5), span("a", 7, "other"))))).toEqual(["a 5", "other 7"]);
});

const lost = (second: number): SpanNews => ({ change: "lost", span: announced(second, "lost") });
const gone = (second: number): SpanNews => ({ change: "gone", span: announced(second, "lost") });

test("the newest announcement is shown, and a loss takes the place of the announcement before it", () => {
  expect(told(mergeSpans([announced(1)], news(announced(11))))).toEqual(["open@11 open"]);
  expect(told(mergeSpans([announced(11)], news(announced(1))))).toEqual(["open@11 open"]);
  expect(told(mergeSpans([announced(1)], [lost(1)]))).toEqual(["lost@1 open"]);
  expect(told(mergeSpans([announced(1, "lost")], news(announced(1))))).toEqual(["lost@1 open"]);
  expect(told(mergeSpans([], [...news(announced(1)), lost(1), ...news(announced(11))]))).toEqual(["open@11 open"]);
  expect(told(mergeSpans([announced(1)], [lost(1), ...news(span("a", 5))]))).toEqual(["a 5"]);
});

test("what is gone is shown no more, unless it was announced again or stored", () => {
  expect(told(mergeSpans([announced(1), span("b", 1)], [gone(1)]))).toEqual(["b 1"]);
  expect(told(mergeSpans([announced(11)], [gone(1)]))).toEqual(["open@11 open"]);
  expect(told(mergeSpans([announced(1)], [gone(1), ...news(announced(11))]))).toEqual(["open@11 open"]);
  expect(told(mergeSpans([span("a", 5)], [gone(1)]))).toEqual(["a 5"]);
  expect(told(mergeSpans([span("a", null)], [gone(1)]))).toEqual(["a open"]);
});

test("news of a span that runs take the place of older ones, so that they do not pile up", () => {
  const kept = addNews(news(announced(1), span("b", null), span("c", 3)), news(announced(11), span("c", 3)));
  expect(told(kept.map(({ span }) => span))).toEqual(["b open", "c 3", "open@11 open", "c 3"]);
});
