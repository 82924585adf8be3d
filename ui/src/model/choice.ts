/** What was chosen after a step: every way from its action with what came of its condition. */

import type { Choice, StatePlacement, Step } from "../api/runs";
import { conditionText } from "./runGraph";

/** `untried`: an earlier way was taken, or an earlier condition failed. */
export type Verdict = "chosen" | "false" | "error" | "untried";

export interface WayOut {
  to: string;
  /** Empty where it is always taken. */
  condition: string;
}

export interface JudgedWay<W extends WayOut> {
  to: string;
  condition: string;
  verdict: Verdict;
  /** Why nobody could say whether the condition holds. */
  error: string | null;
  /** Null for a way that the recorded graph does not have. */
  way: W | null;
}

/** The ways that were tried, in their order, and then those that were not. */
export function judged<W extends WayOut>(ways: W[], { next, tried }: Choice): JudgedWay<W>[] {
  const left = [...ways];
  const take = (to: string, condition: string): W | null => {
    const at = left.findIndex((way) => way.to === to && conditionText(way.condition) === condition);
    return at < 0 ? null : (left.splice(at, 1)[0] ?? null);
  };
  const known = tried.map(({ to, condition: name, held, error }): JudgedWay<W> => {
    const condition = conditionText(name);
    const verdict = held === null || error !== null ? "error" : held && to === next ? "chosen" : "false";
    return { to, condition, verdict, error, way: take(to, condition) };
  });
  const rest = left.map(
    (way): JudgedWay<W> => ({
      to: way.to,
      condition: conditionText(way.condition),
      verdict: "untried",
      error: null,
      way,
    }),
  );
  return [...known, ...rest];
}

/** What came of a condition, in a word. */
export function verdictWord(verdict: Verdict, condition: string): string {
  switch (verdict) {
    case "chosen":
      return condition === "" ? "chosen" : "true, chosen";
    case "false":
      return "false";
    case "error":
      return "error";
    case "untried":
      return "not tried";
  }
}

/** Where nothing was chosen: why. */
export function whyNowhere({ next, tried }: Choice): string | null {
  if (next !== null) return null;
  if (tried.length === 0) return "No way leads on from here.";
  return tried.some(({ held }) => held === null)
    ? "Nothing was chosen: a condition failed."
    : "Nothing was chosen: no condition held.";
}

/** The action that was set by hand to come after a step, where it is another one than would have come anyway. */
export function nextByHand(
  placements: StatePlacement[],
  { sequence, attempt, action, state, choice }: Pick<Step, "sequence" | "attempt" | "action" | "state" | "choice">,
): string | null {
  const placed = placements.findLast(({ after }) => after?.seq === sequence && after.attempt === attempt);
  // What did not end well is tried again.
  const otherwise = state === "done" ? (choice?.next ?? null) : action;
  return placed === undefined || placed.next === otherwise ? null : placed.next;
}
