/** Where things stand in a waterfall: which rows are shown, and where a time falls between left and right. */

import type { Nanoseconds } from "../api/types";
import type { Node, Tree } from "./tree";

/** The rows that no folded ancestor hides, in order. */
export function visibleRows(tree: Tree, folded: ReadonlySet<string>): Node[] {
  if (folded.size === 0) return tree.nodes;
  const rows: Node[] = [];
  for (let i = 0; i < tree.nodes.length; i++) {
    const node = tree.nodes[i]!;
    rows.push(node);
    if (folded.has(node.key)) i += node.descendants;
  }
  return rows;
}

/** Every node that has children: folding these folds all. */
export function foldable(tree: Tree): Set<string> {
  return new Set(tree.nodes.filter((node) => node.children.length > 0).map((node) => node.key));
}

/** What must be unfolded for a node to be seen. */
export function ancestors(node: Node): Node[] {
  const above: Node[] = [];
  for (let at = node.parent; at; at = at.parent) above.push(at);
  return above;
}

/** The part of the trace's time that is shown. */
export interface TimeRange {
  from: Nanoseconds;
  to: Nanoseconds;
}

const SHORTEST: Nanoseconds = 10;

export function clampRange(range: TimeRange, whole: TimeRange): TimeRange {
  const length = Math.min(whole.to - whole.from, Math.max(SHORTEST, range.to - range.from));
  const from = Math.min(Math.max(range.from, whole.from), whole.to - length);
  return { from, to: from + length };
}

export function zoom(
  range: TimeRange,
  whole: TimeRange,
  factor: number,
  around = (range.from + range.to) / 2,
): TimeRange {
  const from = around - (around - range.from) * factor;
  const to = around + (range.to - around) * factor;
  return clampRange({ from, to }, whole);
}

export function pan(range: TimeRange, whole: TimeRange, share: number): TimeRange {
  const by = (range.to - range.from) * share;
  return clampRange({ from: range.from + by, to: range.to + by }, whole);
}

/** Space at the sides of the time column: on the right, the longest bar's duration stands beside it. */
export const LEFT_MARGIN = 4;
export const RIGHT_MARGIN = 64;

export function xOf(time: Nanoseconds, range: TimeRange, width: number): number {
  const share = (time - range.from) / (range.to - range.from);
  return LEFT_MARGIN + share * (width - LEFT_MARGIN - RIGHT_MARGIN);
}

export function timeAt(x: number, range: TimeRange, width: number): Nanoseconds {
  const share = (x - LEFT_MARGIN) / (width - LEFT_MARGIN - RIGHT_MARGIN);
  return range.from + share * (range.to - range.from);
}

export interface Bar {
  left: number;
  width: number;
}

const NARROWEST = 2;
/** How far a bar may reach out of sight: enough to hide its ends, not so far that browsers round. */
const BEYOND = 8;

/** Where a span's bar stands; null when it is out of the shown range. */
export function bar(start: Nanoseconds, end: Nanoseconds, range: TimeRange, width: number): Bar | null {
  const [from, to] = end < start ? [end, start] : [start, end];
  const left = Math.max(-BEYOND, xOf(from, range, width));
  const right = Math.min(width + BEYOND, Math.max(xOf(to, range, width), left + NARROWEST));
  return right < 0 || left > width ? null : { left, width: Math.max(NARROWEST, right - left) };
}

/** The step of the ruler's ticks: 1, 2 or 5 times a power of ten, at least `apart` pixels from each other. */
export function ticks(range: TimeRange, width: number, apart = 76): { step: Nanoseconds; at: Nanoseconds[] } {
  const length = range.to - range.from;
  const usable = width - LEFT_MARGIN - RIGHT_MARGIN;
  if (length <= 0 || usable <= 0) return { step: 1, at: [] };
  const least = (length * apart) / usable;
  const power = 10 ** Math.floor(Math.log10(least));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= least) ?? least;
  const at: Nanoseconds[] = [];
  for (let n = Math.ceil(range.from / step); n * step <= range.to; n++) at.push(n * step);
  return { step, at };
}

/** The deepest row that stands further right; below it the depth is told by a number. */
export const DEEPEST_INDENT = 9;

/** The span's end as it is drawn: an open one reaches to now, a lost one to the last news of it or of its trace. */
export function shownEnd(node: Node, now: Nanoseconds, lastNews: Nanoseconds): Nanoseconds {
  if (node.end !== null) return node.end;
  return Math.max(node.start, node.span?.state === "lost" ? (node.announced ?? lastNews) : now);
}
