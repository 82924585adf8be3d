/** The server's counters, for the eye. */

import type { Stats } from "../api/types";

export type Counter = Stats["counters"][number];

/** Words in the names of counters that should stay at zero. */
const UNWANTED = /(refused|rejected|dropped|failed|errors|lost|truncated|invalid|corrupt)/;

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

const sum = (counters: Counter[], named: RegExp) =>
  counters.reduce((total, { name, value }) => (named.test(name) ? total + value : total), 0);

export function received({ counters }: Stats): number {
  return sum(counters, /^ingest\.(spans|.*\.spans)(\.accepted|_accepted|\.received|_received)?$/);
}

export function refused({ counters }: Stats): number {
  return sum(counters, /^ingest\..*(refused|rejected)/);
}
