import { expect, test } from "vitest";
import { bar, clampRange, pan, ticks, timeAt, xOf, zoom } from "./waterfall";

const whole = { from: 0, to: 1000 };

test("a point goes to the screen and back", () => {
  for (const time of [0, 250, 1000]) expect(timeAt(xOf(time, whole, 600), whole, 600)).toBeCloseTo(time);
});

test("zooming and panning never leave the trace", () => {
  expect(zoom(whole, whole, 2)).toEqual(whole);
  expect(zoom({ from: 0, to: 100 }, whole, 0.5)).toEqual({ from: 25, to: 75 });
  expect(pan({ from: 800, to: 1000 }, whole, 1)).toEqual({ from: 800, to: 1000 });
  expect(clampRange({ from: -50, to: 50 }, whole)).toEqual({ from: 0, to: 100 });
});

test("a bar out of sight is none, and one across the edge is cut close to it", () => {
  const part = { from: 400, to: 500 };
  expect(bar(0, 100, part, 600)).toBeNull();
  const cut = bar(0, 1000, part, 600);
  expect(cut?.left).toBe(-8);
  expect(cut?.width).toBe(616);
});

test("the shortest span is seen, and one that ends before it starts too", () => {
  expect(bar(500, 500, whole, 600)?.width).toBe(2);
  expect(bar(500, 400, whole, 600)).toEqual(bar(400, 500, whole, 600));
});

test("ticks are round and as many as fit", () => {
  expect(ticks(whole, 600)).toEqual({ step: 200, at: [0, 200, 400, 600, 800, 1000] });
  expect(ticks({ from: 0, to: 0 }, 600).at).toEqual([]);
  expect(ticks(whole, 0).at).toEqual([]);
});
