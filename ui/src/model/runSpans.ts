/** The spans of a step as lines of a small waterfall. */

import type { Time, TreeSpan } from "../api/types";
import { grouped } from "./grouped";
import { instant, nanosecondsBetween } from "./time";

export interface SpanLine {
  span: TreeSpan;
  depth: number;
  /** Parts of the step's time. */
  from: number;
  to: number;
  hasChildren: boolean;
}

/** The span of the step and all below it, each under its parent in order of start. */
export function spanLines(spans: TreeSpan[], root: string, start: Time | null, end: Time | null): SpanLine[] {
  const children = grouped(spans, ({ parent_id }) => parent_id ?? "");
  const top = spans.find(({ span_id }) => span_id === root);
  if (!top) return [];
  const zero = instant(start ?? top.start);
  const since = (time: Time) => nanosecondsBetween(zero, instant(time));
  const lines: SpanLine[] = [];
  const seen = new Set<string>();
  const stack: { span: TreeSpan; depth: number }[] = [{ span: top, depth: 0 }];
  for (let next = stack.pop(); next; next = stack.pop()) {
    const { span, depth } = next;
    if (seen.has(span.span_id)) continue;
    seen.add(span.span_id);
    const below = children.get(span.span_id) ?? [];
    lines.push({ span, depth, from: since(span.start), to: 0, hasChildren: below.length > 0 });
    for (const child of below.toReversed()) stack.push({ span: child, depth: depth + 1 });
  }
  const known = lines.map(({ span, from }) => from + (span.duration_ns ?? 0));
  const whole = Math.max(1, end === null ? Math.max(...known) : Math.max(since(end), 1));
  const part = (ns: number) => Math.max(0, Math.min(1, ns / whole));
  return lines.map((line, i) => {
    const isOpen = line.span.duration_ns === null;
    return { ...line, from: part(line.from), to: isOpen ? 1 : part(known[i] ?? 0) };
  });
}
