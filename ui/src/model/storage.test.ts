import { expect, test } from "vitest";
import { facts, warnings } from "./storage";

function stats(values: Record<string, number>) {
  const counter = ([name, value]: [string, number]) => ({ name: `store.${name}`, value, unit: "", help: "" });
  return { counters: Object.entries(values).map(counter) };
}

test("the store's size is told by its parts, and by the span", () => {
  const told = facts(stats({ bytes_on_disk: 2_500_000, segments: 3, segment_bytes: 940_000, segment_spans: 10_000 }));
  expect(told.map(({ name, value }) => `${name} ${value}`)).toEqual([
    "On disk 2.5 MB",
    "Segments 3",
    "Segment size 940 kB",
    "Per span 94 B",
  ]);
});

test("nothing is divided by no spans", () => {
  expect(facts(stats({ segment_bytes: 0, segment_spans: 0 })).map(({ name }) => name)).toEqual(["Segment size"]);
});

test("a disk that fills up and damage are worth a word", () => {
  expect(warnings(stats({ disk_used_permille: 799, segments_damaged: 0 }))).toEqual([]);
  const told = warnings(stats({ disk_used_permille: 834, segments_damaged: 2 }));
  expect(told[0]?.title).toContain("83 % full");
  expect(told[1]?.title).toContain("2 segments are damaged");
});
