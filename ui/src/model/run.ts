/** What is to be said of a run and its steps, and where in a long run a step stands. */

import type { App, AppDetail, RunState, Step, StepName, TrailStep } from "../api/runs";
import type { Nanoseconds } from "../api/types";
import { plural } from "./format";
import { instant, nanosecondsBetween } from "./time";

/** So many steps are asked for at once. */
export const STEPS_PAGE = 200;

export const isStep = (step: StepName, { sequence, attempt }: StepName): boolean =>
  step.sequence === sequence && step.attempt === attempt;

/** Whether the run told of the state before its first step. */
export const hasStart = ({ placements }: AppDetail): boolean => placements.some(({ after }) => after === null);

/** A step by its number; a repeated one with its attempt, which people count from 1. */
export const nameOf = ({ sequence, attempt }: StepName): string =>
  attempt > 0 ? `${sequence}, attempt ${attempt + 1}` : `${sequence}`;

/** What became of a run, in words. */
export function runWord({ status, error_count, step_count, last_sequence }: App): string {
  const failures = error_count > 0 ? `, ${plural(error_count, "failed step")}` : "";
  return {
    ok: step_count === 0 ? "no step yet" : `finished${failures}`,
    error: error_count > 1 ? `failed, ${plural(error_count, "failed step")}` : "failed",
    running: `running step ${last_sequence ?? 0}${failures}`,
    lost: `lost: process ended in step ${last_sequence ?? 0}`,
  }[status];
}

/** How many of the state's own fields there are; Burr keeps its place in the state, under names that begin with `__`. */
export const isOwnField = (key: string): boolean => !key.startsWith("__");

/** Pages of steps by their number, as far as they were asked for. */
export type StepPages = ReadonlyMap<number, Step[]>;

/** The steps that are known, each under its place in the run. */
export function stepAt(pages: StepPages, index: number): Step | null {
  return pages.get(Math.floor(index / STEPS_PAGE))?.[index % STEPS_PAGE] ?? null;
}

/** Where a step stands, or which page to ask for to come nearer to it; `absent` when it is nowhere. */
export type Whereabouts = { at: number } | { page: number } | "absent";

/** Finds a step. Mostly one number follows the other, so that the right page is guessed at once. */
export function whereabouts(pages: StepPages, count: number, first: number, wanted: StepName): Whereabouts {
  for (const [page, steps] of pages) {
    const within = steps.findIndex((step) => isStep(step, wanted));
    if (within >= 0) return { at: page * STEPS_PAGE + within };
  }
  const last = Math.max(0, Math.ceil(count / STEPS_PAGE) - 1);
  let guess = Math.floor((wanted.sequence - first) / STEPS_PAGE);
  let [least, most] = [0, last];
  for (const [page, steps] of pages) {
    const [head, tail] = [steps[0]?.sequence, steps.at(-1)?.sequence];
    if (head === undefined || tail === undefined) continue;
    if (wanted.sequence < head) most = Math.min(most, page - 1);
    else if (wanted.sequence > tail) least = Math.max(least, page + 1);
  }
  if (least > most) return nearestUnknown(pages, last) ?? "absent";
  guess = Math.max(least, Math.min(most, guess));
  if (!pages.has(guess)) return { page: guess };
  return nearestUnknown(pages, last) ?? "absent";
}

function nearestUnknown(pages: StepPages, last: number): { page: number } | null {
  for (let page = 0; page <= last; page++) if (!pages.has(page)) return { page };
  return null;
}

/** How wide something that took this long is, in parts of what took longest: by the square root, and never nothing. */
export function rootShare(ns: Nanoseconds | null, longest: Nanoseconds): number {
  return ns === null || longest <= 0 ? 0 : Math.sqrt(Math.max(0, ns) / longest);
}

/** From a run's first time to a step's beginning. */
export function sinceStart(step: Step, app: App): Nanoseconds | null {
  if (step.start === null || app.first_written === null) return null;
  return nanosecondsBetween(instant(app.first_written), instant(step.start));
}

/** A print of the trail: a step as a mark left or right of the line. */
export interface Print {
  /** The step's place in the run. */
  index: number;
  sequence: number;
  x: number;
  width: number;
  side: "left" | "right";
  failed: boolean;
  running: boolean;
  lost: boolean;
  /** The action, where the mark is wide enough for its name. */
  label: string | null;
}

export interface Mark {
  index: number;
  sequence: number;
  duration: Nanoseconds | null;
  state: Step["state"];
  action: string | null;
}

/** Steps that are known one by one. */
export const marksOfSteps = (steps: Step[]): Mark[] =>
  steps.map(({ sequence, duration_ns, state, action }, index) => ({
    index,
    sequence,
    duration: duration_ns,
    state,
    action,
  }));

/** Some of a long run's steps, evenly. */
export function marksOfTrail(trail: TrailStep[], count: number, status: RunState): Mark[] {
  return trail.map(({ sequence, duration_ns, failed }, i) => {
    const isLast = i === trail.length - 1;
    const open = isLast && (status === "running" || status === "lost") ? status : "done";
    return {
      index: trail.length < 2 ? 0 : Math.round((i * (count - 1)) / (trail.length - 1)),
      sequence,
      duration: duration_ns,
      state: failed ? "failed" : open,
      action: null,
    };
  });
}

const LEAST_PRINT = 3;
const MOST_PRINT = 168;

/** Lays the prints along a line of this width; each is as wide as the square root of its time. */
export function prints(marks: Mark[], width: number, least = LEAST_PRINT, most = MOST_PRINT): Print[] {
  if (marks.length === 0 || width <= 0) return [];
  const roots = marks.map(({ duration }) => Math.sqrt(Math.max(0, duration ?? 0)));
  const sum = roots.reduce((all, root) => all + root, 0);
  const floor = Math.min(least, width / marks.length);
  const free = Math.max(0, width - floor * marks.length);
  // Few steps do not fill the line: the longest is as wide as a print may be, and the others keep their share.
  const perRoot = sum > 0 ? Math.min(free / sum, Math.max(0, most - floor) / Math.max(...roots)) : 0;
  let x = 0;
  return marks.map((mark, i) => {
    const wide = sum > 0 ? floor + (roots[i] ?? 0) * perRoot : Math.min(most, width / marks.length);
    const print: Print = {
      index: mark.index,
      sequence: mark.sequence,
      x,
      width: wide,
      side: mark.index % 2 === 0 ? "left" : "right",
      failed: mark.state === "failed",
      running: mark.state === "running",
      lost: mark.state === "lost",
      label: mark.action,
    };
    x += wide;
    return print;
  });
}

/** The print at or before a place of the run. */
export function printOf(all: Print[], index: number): Print | null {
  return all.findLast((print) => print.index <= index) ?? null;
}

/** The place of the run under a point of the trail. */
export function indexAt(all: Print[], x: number, count: number): number {
  const at = all.findLastIndex((print) => print.x <= x);
  const print = all[Math.max(0, at)];
  if (!print) return 0;
  const next = all[at + 1]?.index ?? count;
  const within = Math.max(0, Math.min(1, (x - print.x) / print.width));
  return Math.min(count - 1, Math.floor(print.index + within * (next - print.index)));
}
