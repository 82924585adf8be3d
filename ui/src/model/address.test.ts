import { expect, test } from "vitest";
import {
  around,
  askedFor,
  chips,
  filtersOf,
  groupPath,
  isHalf,
  NO_FILTERS,
  parametersOf,
  placeOf,
  tracePath,
  viewOf,
} from "./address";

test("paths name places", () => {
  expect(placeOf("/")).toEqual({ page: "traces" });
  expect(placeOf("/system")).toEqual({ page: "system" });
  expect(placeOf("/start")).toEqual({ page: "start" });
  expect(placeOf("/trace/4BF92F3577B34DA6A3CE929D0E0E4736")).toEqual({
    page: "trace",
    id: "4bf92f3577b34da6a3ce929d0e0e4736",
  });
  expect(placeOf("/trace/a3ce929d0e0e4736")).toEqual({ page: "trace", id: "0000000000000000a3ce929d0e0e4736" });
  expect(placeOf("/trace/a/b")).toEqual({ page: "nowhere" });
  expect(placeOf("/trace/%zz")).toEqual({ page: "nowhere" });
});

test("a trace can be named by the id that its client gave it", () => {
  const hex = "4bf92f3577b34da6a3ce929d0e0e4736";
  expect(placeOf(`/trace/trace_${hex}`)).toEqual({ page: "trace", id: hex });
  expect(placeOf("/trace/my%20trace%20id")).toEqual({ page: "original", id: "my trace id" });
  expect(placeOf("/trace/javascript:alert(1)")).toEqual({ page: "original", id: "javascript:alert(1)" });
});

test("a conversation's id is safe in a path", () => {
  expect(groupPath("a/b?c", "shop")).toBe("/group/a%2Fb%3Fc?project=shop");
  expect(placeOf("/group/a%2Fb%3Fc")).toEqual({ page: "group", id: "a/b?c" });
});

test("filters go into the address and back", () => {
  const filters = {
    ...NO_FILTERS,
    service: "a&b",
    status: "error" as const,
    group: "g 1",
    minDuration: "5ms",
    start: "-1h",
  };
  expect(filtersOf(parametersOf(filters))).toEqual(filters);
  expect(parametersOf(filters).toString()).toBe("service=a%26b&status=error&group=g+1&min_duration=5ms&start=-1h");
});

test("what begins with a brace is a filter, anything else a name", () => {
  expect(askedFor("pay")).toEqual({ name: "pay", filter: null });
  expect(askedFor(" { status = error } ")).toEqual({ name: null, filter: "{ status = error }" });
  expect(askedFor(null)).toEqual({ name: null, filter: null });
  expect(["pay", "{ kind =", "{ kind = server } "].map(isHalf)).toEqual([false, true, false]);
});

test("a filter is kept in the address, in braces", () => {
  const filters = { ...NO_FILTERS, filter: '{ name =~ "a&b" }' };
  expect(filtersOf(parametersOf(filters))).toEqual(filters);
  expect(filtersOf(new URLSearchParams("filter=status = error")).filter).toBe("{ status = error }");
});

test("a place in a filter counts characters", () => {
  expect(around("{ 🐙 = 1 }", { start: 2, end: 3 })).toEqual(["{ ", "🐙", " = 1 }"]);
  expect(around("{ a", { start: 3, end: 3 })).toEqual(["{ a", "", ""]);
});

test("an unknown status filters nothing", () => {
  expect(filtersOf(new URLSearchParams("status=odd")).status).toBeNull();
});

test("active filters are told in words, the project aside", () => {
  const filters = { ...NO_FILTERS, project: "shop", name: "pay", minDuration: "1500ms", start: "-15m" };
  expect(chips(filters).map(({ text }) => text)).toEqual(["name contains “pay”", "at least 1.50 s", "last 15 min"]);
});

test("a span's key is safe in a link", () => {
  expect(tracePath("ab", "cd~2&x")).toBe("/trace/ab?span=cd~2%26x");
});

test("a trace's address says how it is looked at", () => {
  const address = tracePath("ab", "cd", "conversation");
  expect(address).toBe("/trace/ab?view=conversation&span=cd");
  expect(viewOf(new URLSearchParams(address.split("?")[1]))).toBe("conversation");
  expect(viewOf(new URLSearchParams("view=odd"))).toBe("trace");
  expect(tracePath("ab", undefined, "trace")).toBe("/trace/ab");
});
