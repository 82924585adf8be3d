import { expect, test } from "vitest";
import type { TraceSummary, TreeSpan } from "../api/types";
import { aboveFailure, matches, neighbour } from "./search";
import { buildTree } from "./tree";

const spans = ["pay", "load", "Pay again"].map(
  (name, i): TreeSpan => ({
    span_id: `0${i}`,
    parent_id: i === 0 ? null : "00",
    name,
    kind: "internal",
    category: "function",
    service: i === 1 ? "ledger" : "shop",
    start: `2026-01-01T00:00:0${i}.000000000Z`,
    duration_ns: 1,
    state: "finished",
    announced: null,
    status: { code: i === 1 ? "error" : "unset", message: i === 1 ? "timed out" : "" },
    attribute_count: 0,
    event_count: 0,
    link_count: 0,
    data: null,
    ...(i === 0 ? {} : { ordinal: `3:0.${i}` }),
  }),
);
const tree = buildTree(spans);
const keys = (text: string) => matches(tree, text).map((node) => node.key);

test("finds by name, service, message and id, whatever the case", () => {
  expect(keys("PAY")).toEqual(["00", "02"]);
  expect(keys("ledger")).toEqual(["01"]);
  expect(keys("timed")).toEqual(["01"]);
  expect(keys("02")).toEqual(["02"]);
  expect(keys("3:0.1")).toEqual(["01"]);
  expect(keys("3:0")).toEqual(["01", "02"]);
  expect(keys("  ")).toEqual([]);
});

test("goes round among the matches from wherever the selection is", () => {
  const among = matches(tree, "pay");
  expect(neighbour(tree, among, null, "next")?.key).toBe("00");
  expect(neighbour(tree, among, null, "previous")?.key).toBe("02");
  expect(neighbour(tree, among, "01", "next")?.key).toBe("02");
  expect(neighbour(tree, among, "02", "next")?.key).toBe("00");
  expect(neighbour(tree, among, "00", "previous")?.key).toBe("02");
  expect(neighbour(tree, [], "00", "next")).toBeNull();
});

test("what is above the failure of a run is known, and nothing where no agent was at work", () => {
  const failure = { span_id: "01", name: "load", message: "timed out" };
  const above = (trace: unknown) => [...aboveFailure(tree, trace as TraceSummary | null)].map(({ key }) => key);
  expect(above({ failure, agents: {} })).toEqual(["00"]);
  expect(above({ failure, agents: null })).toEqual([]);
  expect(above({ failure: { ...failure, span_id: "99" }, agents: {} })).toEqual([]);
  expect(above(null)).toEqual([]);
});
