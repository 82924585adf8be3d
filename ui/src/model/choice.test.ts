import { expect, test } from "vitest";
import type { Choice } from "../api/runs";
import { judged, nextByHand, verdictWord, whyNowhere } from "./choice";

const way = (to: string, condition = "default") => ({ to, condition });
const ways = [way("answer", "safe"), way("refuse", "!safe"), way("answer", "tries > 3"), way("give_up")];
const tried = (to: string, condition: string, held: boolean | null, error: string | null = null) => ({
  to,
  condition,
  held,
  error,
});
const told = (choice: Choice) =>
  judged(ways, choice).map(({ to, condition, verdict, way: found }) =>
    [to, condition, verdict, ways.indexOf(found ?? way(""))].join(" "),
  );

test("every way says what came of it, in the order in which they were tried", () => {
  const choice = { next: "refuse", tried: [tried("answer", "safe", false), tried("refuse", "!safe", true)] };
  expect(told(choice)).toEqual([
    "answer safe false 0",
    "refuse !safe chosen 1",
    "answer tries > 3 untried 2",
    "give_up  untried 3",
  ]);
  expect(whyNowhere(choice)).toBeNull();
});

test("a condition that failed is told with its error, and nothing was chosen", () => {
  const choice = { next: null, tried: [tried("answer", "safe", null, "the state has no field safe")] };
  expect(told(choice)[0]).toBe("answer safe error 0");
  expect(judged(ways, choice)[0]?.error).toBe("the state has no field safe");
  expect(whyNowhere(choice)).toBe("Nothing was chosen: a condition failed.");
});

test("a way that the recorded graph does not have is told all the same", () => {
  const choice = { next: "elsewhere", tried: [tried("elsewhere", "default", true)] };
  expect(told(choice)[0]).toBe("elsewhere  chosen -1");
  expect(verdictWord("chosen", "")).toBe("chosen");
  expect(verdictWord("chosen", "safe")).toBe("true, chosen");
});

test("where the machine ends nothing was tried, or nothing held", () => {
  expect(whyNowhere({ next: null, tried: [] })).toBe("No way leads on from here.");
  expect(whyNowhere({ next: null, tried: [tried("answer", "safe", false)] })).toBe(
    "Nothing was chosen: no condition held.",
  );
});

test("what was set to come next is told where it is another action", () => {
  const after = { seq: 2, attempt: 0 };
  const placed = [{ after, next: "ask", time: null }];
  const step = { sequence: 2, attempt: 0, action: "answer", state: "done" as const, choice: null };
  expect(nextByHand(placed, step)).toBe("ask");
  expect(nextByHand(placed, { ...step, choice: { next: "ask", tried: [] } })).toBeNull();
  expect(nextByHand(placed, { ...step, action: "ask", state: "failed" })).toBeNull();
  expect(nextByHand(placed, { ...step, attempt: 1 })).toBeNull();
});
