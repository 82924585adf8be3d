import { expect, test } from "vitest";
import { chips, filtersOf, NO_FILTERS, parametersOf, placeOf, tracePath } from "./address";

test("paths name places", () => {
  expect(placeOf("/")).toEqual({ page: "traces" });
  expect(placeOf("/system")).toEqual({ page: "system" });
  expect(placeOf("/trace/4BF92F3577B34DA6A3CE929D0E0E4736")).toEqual({
    page: "trace",
    id: "4bf92f3577b34da6a3ce929d0e0e4736",
  });
  expect(placeOf("/trace/a3ce929d0e0e4736")).toEqual({ page: "trace", id: "0000000000000000a3ce929d0e0e4736" });
  expect(placeOf("/trace/javascript:alert(1)")).toEqual({ page: "nowhere" });
});

test("filters go into the address and back", () => {
  const filters = { ...NO_FILTERS, service: "a&b", status: "error" as const, minDuration: "5ms", start: "-1h" };
  expect(filtersOf(parametersOf(filters))).toEqual(filters);
  expect(parametersOf(filters).toString()).toBe("service=a%26b&status=error&min_duration=5ms&start=-1h");
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
