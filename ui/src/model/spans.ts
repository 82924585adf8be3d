/** Live news of a trace's spans, put into those that were asked for. */

import type { TreeSpan } from "../api/types";

/**
 * The spans with the news applied. A finished span takes the place of the open one with its id; other spans with an
 * equal id stay beside each other, since clients use ids twice.
 */
export function mergeSpans(spans: TreeSpan[], news: TreeSpan[]): TreeSpan[] {
  if (news.length === 0) return spans;
  const merged = [...spans];
  const byId = new Map<string, number[]>();
  for (const [i, span] of merged.entries()) remember(byId, span.span_id, i);
  for (const span of news) {
    const known = byId.get(span.span_id) ?? [];
    const at = known.find((i) => isSame(merged[i]!, span));
    if (at === undefined) remember(byId, span.span_id, merged.push(span) - 1);
    else if (merged[at]!.duration_ns === null || span.duration_ns !== null) merged[at] = span;
  }
  return merged;
}

function remember(byId: Map<string, number[]>, id: string, at: number) {
  const known = byId.get(id);
  if (known) known.push(at);
  else byId.set(id, [at]);
}

function isSame(known: TreeSpan, span: TreeSpan): boolean {
  if (known.duration_ns === null || span.duration_ns === null) return true;
  return known.start === span.start && known.duration_ns === span.duration_ns && known.name === span.name;
}
