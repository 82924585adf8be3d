import { expect, test } from "vitest";
import { ago, bytes, dollars, duration, percent, tick } from "./format";

test.each([
  [0, "0 ns"],
  [850, "850 ns"],
  [1500, "1.5 µs"],
  [2_000_000, "2 ms"],
  [2_450_000, "2.5 ms"],
  [312_000_000, "312 ms"],
  [999_700_000, "1.00 s"],
  [1_284_000_000, "1.28 s"],
  [59_999_000_000, "1m 00s"],
  [128_000_000_000, "2m 08s"],
  [3_725_000_000_000, "1h 02m"],
  [-5_000_000, "−5 ms"],
])("%d ns reads %s", (ns, text) => expect(duration(ns)).toBe(text));

test.each([
  [0, 1e8, "0"],
  [2e8, 2e8, "200 ms"],
  [1e9, 2e8, "1.0 s"],
  [1.25e9, 5e7, "1.25 s"],
  [120e9, 20e9, "2m 00s"],
  [121.5e9, 5e8, "121.5 s"],
  [1500, 500, "1.5 µs"],
])("a tick at %d with %d between", (at, step, text) => expect(tick(at, step)).toBe(text));

test("sizes, shares and ages", () => {
  expect([bytes(12), bytes(12_300), bytes(4_100_000_000)]).toEqual(["12 B", "12 kB", "4.1 GB"]);
  expect([percent(234, 1000), percent(1, 1), percent(0, 0)]).toEqual(["23.4 %", "100 %", "–"]);
  const now = Date.UTC(2026, 0, 1, 12);
  expect(["11:59:58", "11:59:30", "11:57:00", "07:00:00"].map((t) => ago(`2026-01-01T${t}.000000000Z`, now))).toEqual([
    "now",
    "30 s",
    "3 min",
    "5 h",
  ]);
});

test("parts of a cent are shown, and what is less says so", () => {
  expect([0, 0.00000015, 0.0418, 0.99999, 1234.5].map(dollars)).toEqual([
    "$0",
    "< $0.0001",
    "$0.0418",
    "$1.00",
    "$1,234.50",
  ]);
});
