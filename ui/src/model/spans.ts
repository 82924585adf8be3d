/** Live news of a trace's spans, put into those that were asked for. */

import type { LiveEvents, TreeSpan } from "../api/types";

export type SpanNews = Pick<LiveEvents["span"], "change" | "span">;

/**
 * The spans with the news applied. A finished span takes the place of the open one with its id, and a newer announcement
 * that of an older one; other spans with an equal id stay beside each other, since clients use ids twice.
 */
export function mergeSpans(spans: TreeSpan[], news: SpanNews[]): TreeSpan[] {
  if (news.length === 0) return spans;
  const merged: (TreeSpan | null)[] = [...spans];
  const byId = new Map<string, number[]>();
  for (const [i, span] of spans.entries()) remember(byId, span.span_id, i);
  for (const { change, span } of news) {
    const known = byId.get(span.span_id) ?? [];
    const at = known.find((i) => isSame(merged[i] ?? null, span));
    if (change === "gone") {
      if (at !== undefined && isHeld(merged[at] ?? null, span)) merged[at] = null;
    } else if (at === undefined) remember(byId, span.span_id, merged.push(span) - 1);
    else if (overtakes(span, merged[at]!)) merged[at] = span;
  }
  return merged.filter((span) => span !== null);
}

/** The news with more behind them, without those that the new ones make worthless. */
export function addNews(news: SpanNews[], more: SpanNews[]): SpanNews[] {
  const ids = new Set(more.map(({ span }) => span.span_id));
  return [...news.filter(({ span }) => span.duration_ns !== null || !ids.has(span.span_id)), ...more];
}

function remember(byId: Map<string, number[]>, id: string, at: number) {
  const known = byId.get(id);
  if (known) known.push(at);
  else byId.set(id, [at]);
}

function isSame(known: TreeSpan | null, span: TreeSpan): boolean {
  if (known === null) return false;
  if (known.duration_ns === null || span.duration_ns === null) return true;
  return known.start === span.start && known.duration_ns === span.duration_ns && known.name === span.name;
}

/** Whether what is known is still the announcement that is told to be gone. */
function isHeld(known: TreeSpan | null, gone: TreeSpan): boolean {
  return known !== null && known.announced !== null && known.announced <= (gone.announced ?? "");
}

/** Whether news are newer than what is known: a record than an announcement, a loss than the announcement before it. */
function overtakes(news: TreeSpan, known: TreeSpan): boolean {
  if (known.duration_ns !== null || news.duration_ns !== null) return news.duration_ns !== null;
  if (known.announced === null || news.announced === null) return news.announced === null;
  if (known.announced !== news.announced) return known.announced < news.announced;
  return known.state === "open" || news.state === "lost";
}
