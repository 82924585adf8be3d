import { expect, test } from "vitest";
import type { TreeSpan } from "../api/types";
import { mergeSpans } from "./spans";

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
    status: { code: "unset", message: "" },
    attribute_count: 0,
    event_count: 0,
    link_count: 0,
  };
}

const told = (spans: TreeSpan[]) => spans.map(({ name, duration_ns }) => `${name} ${duration_ns ?? "open"}`);

test("a finished span takes the place of the open one", () => {
  expect(told(mergeSpans([span("a", null), span("b", 1)], [span("a", 5), span("c", null)]))).toEqual([
    "a 5",
    "b 1",
    "c open",
  ]);
});

test("an old announcement does not open a finished span again", () => {
  expect(told(mergeSpans([span("a", 5)], [span("a", null)]))).toEqual(["a 5"]);
});

test("the same span told twice is there once, another with its id stays beside it", () => {
  expect(told(mergeSpans([span("a", 5)], [span("a", 5), span("a", 7, "other")]))).toEqual(["a 5", "other 7"]);
});
