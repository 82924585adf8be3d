/** The server's counters, for the eye. */

import type { Stats } from "../api/types";

export type Counter = Stats["counters"][number];

/** Words in the names of counters that should stay at zero. */
const UNWANTED = /(refused|rejected|dropped|failed|errors|lost|truncated|invalid|corrupt|damaged)/;

export function isUnwanted({ name, value }: Counter): boolean {
  return value > 0 && UNWANTED.test(name);
}

/** By what stands before the first dot, in the server's order. */
export function groups({ counters }: Stats): { name: string; counters: Counter[] }[] {
  const byPrefix = new Map<string, Counter[]>();
  for (const counter of counters) {
    const prefix = counter.name.split(".", 1)[0] ?? "";
    const group = byPrefix.get(prefix);
    if (group) group.push(counter);
    else byPrefix.set(prefix, [counter]);
  }
  return [...byPrefix].map(([name, group]) => ({ name, counters: group }));
}

export function received({ counters }: Stats): number {
  return counters.find(({ name }) => name === "ingest.spans_accepted")?.value ?? 0;
}

/** Spans and requests that came and were not taken. */
export function refused({ counters }: Stats): number {
  return counters.reduce(
    (sum, { name, value }) => sum + (/^ingest\.(refused_|spans_rejected|items_rejected)/.test(name) ? value : 0),
    0,
  );
}
