import { expect, test } from "vitest";
import type { Step } from "../api/runs";
import { placeOf, runPath, stepOf } from "./address";
import { indexAt, marksOfTrail, prints, rootShare, STEPS_PAGE, type StepPages, whereabouts } from "./run";

const step = (sequence: number, attempt = 0) => ({ sequence, attempt }) as Step;
const page = (first: number) => Array.from({ length: STEPS_PAGE }, (_, i) => step(first + i));

test("a link names a run, a step of it and its attempt", () => {
  const link = runPath("support desk", "a/b", "user?1", { step: { sequence: 3, attempt: 1 }, tab: "diff" });
  expect(link).toBe("/run/support%20desk/a%2Fb?partition=user%3F1&step=3&attempt=1&tab=diff");
  expect(placeOf("/run/support%20desk/a%2Fb")).toEqual({ page: "run", project: "support desk", app: "a/b" });
  expect(placeOf("/run/only")).toEqual({ page: "nowhere" });
  expect(stepOf(new URLSearchParams("step=3&attempt=1"))).toEqual({ sequence: 3, attempt: 1 });
  expect(stepOf(new URLSearchParams("step=3"))).toEqual({ sequence: 3, attempt: 0 });
  expect(stepOf(new URLSearchParams("step=x"))).toBeNull();
});

test("a step of a long run is found by asking for the pages around it", () => {
  const pages = new Map([[0, page(0)]]);
  const count = STEPS_PAGE * 50;
  expect(whereabouts(pages, count, 0, step(7))).toEqual({ at: 7 });
  expect(whereabouts(pages, count, 0, step(4321))).toEqual({ page: 21 });
  // Repeated steps before it have moved it one page further.
  pages.set(21, page(4100));
  expect(whereabouts(pages, count, 0, step(4321))).toEqual({ page: 22 });
  pages.set(22, page(4300));
  expect(whereabouts(pages, count, 0, step(4321))).toEqual({ at: 22 * STEPS_PAGE + 21 });
});

test("a step that a run has not is absent once all of the run is known", () => {
  const pages: StepPages = new Map([[0, [step(0), step(1), step(1, 1)]]]);
  expect(whereabouts(pages, 3, 0, step(1, 1))).toEqual({ at: 2 });
  expect(whereabouts(pages, 3, 0, step(9))).toBe("absent");
});

test("a run that begins anew has numbers that fall back, and every page of it is looked at", () => {
  const pages = new Map([
    [0, page(1000)],
    [1, page(0)],
  ]);
  expect(whereabouts(pages, STEPS_PAGE * 3, 1000, step(600))).toEqual({ page: 2 });
});

test("prints are as wide as the root of their time, and fill the line at most", () => {
  const trail = [1e6, 4e6, 100e6].map((duration_ns, sequence) => ({
    sequence,
    attempt: 0,
    duration_ns,
    failed: sequence === 1,
  }));
  const all = prints(marksOfTrail(trail, 3, "ok"), 300, 0, 300);
  expect(all.map(({ width }) => Math.round(width))).toEqual([23, 46, 231]);
  expect(all.map(({ side, failed }) => [side, failed])).toEqual([
    ["left", false],
    ["right", true],
    ["left", false],
  ]);
  expect(prints(marksOfTrail(trail, 3, "ok"), 6).reduce((sum, { width }) => sum + width, 0)).toBeCloseTo(6);
  expect(prints([], 300)).toEqual([]);
});

test("a place on a short trail of a long run is one of its many steps", () => {
  const trail = Array.from({ length: 24 }, (_, sequence) => ({ sequence, attempt: 0, duration_ns: 1, failed: false }));
  const all = prints(marksOfTrail(trail, 10_000, "running"), 240, 8);
  expect(all.at(-1)).toMatchObject({ index: 9999, running: true });
  expect(indexAt(all, 0, 10_000)).toBe(0);
  expect(indexAt(all, 15, 10_000)).toBeGreaterThan(435);
  expect(indexAt(all, 10_000, 10_000)).toBe(9999);
});

test("a bar has no length without a time, and clocks may jump", () => {
  expect(rootShare(25, 100)).toBe(0.5);
  expect(rootShare(null, 100)).toBe(0);
  expect(rootShare(-5, 100)).toBe(0);
});
