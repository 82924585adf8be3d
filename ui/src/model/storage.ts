/** What the server's counters say of the store, put together for the eye. */

import type { Stats } from "../api/types";
import { bytes, count } from "./format";

/** From this part of the disk on it is worth a word. */
const NEARLY_FULL = 800;

export interface Fact {
  name: string;
  value: string;
  meaning: string;
}

/** What the store takes on the disk and in memory; what a server does not count is left out. */
export function facts(stats: Stats): Fact[] {
  const of = reader(stats);
  const facts: Fact[] = [];
  const tell = (name: string, value: string | undefined, meaning: string) => {
    if (value !== undefined) facts.push({ name, value, meaning });
  };
  tell("On disk", shown(of("bytes_on_disk"), bytes), "All files of the data directory that the store writes");
  tell("Segments", shown(of("segments"), count), "Files of spans that do not change any more");
  tell("Segment size", shown(of("segment_bytes"), bytes), "All segments with their indexes");
  tell("Per span", perSpan(of("segment_bytes"), of("segment_spans")), "Bytes of segments that a span takes");
  tell("In memory", shown(of("memory_bytes"), bytes), "Records that are not in segments yet, about");
  tell(
    "Merged",
    shown(of("compactions"), (n) => `${count(n)} times`),
    "Segments merged into larger ones since the start",
  );
  return facts;
}

export interface Warning {
  title: string;
  detail: string;
}

/** What somebody should do something about. */
export function warnings(stats: Stats): Warning[] {
  const of = reader(stats);
  const warnings: Warning[] = [];
  const used = of("disk_used_permille") ?? 0;
  if (used >= NEARLY_FULL) {
    const title = `The disk is ${Math.round(used / 10)} % full`;
    warnings.push({ title, detail: "When it has no room left, nothing more is taken: make some." });
  }
  const damaged = of("segments_damaged") ?? 0;
  if (damaged > 0) {
    const title = damaged === 1 ? "A segment is damaged" : `${count(damaged)} segments are damaged`;
    warnings.push({ title, detail: "Answers lack its spans. Run trackway store check, then trackway store repair." });
  }
  return warnings;
}

function reader({ counters }: Stats): (name: string) => number | undefined {
  const values = new Map(counters.map(({ name, value }) => [name, value]));
  return (name) => values.get(`store.${name}`);
}

function shown(value: number | undefined, write: (value: number) => string): string | undefined {
  return value === undefined ? undefined : write(value);
}

function perSpan(size: number | undefined, spans: number | undefined): string | undefined {
  return size && spans ? `${Math.round(size / spans)} B` : undefined;
}
