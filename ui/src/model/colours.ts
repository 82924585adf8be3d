/** Which of the palette's colours stands for a service. */

export type Colour = "c1" | "c2" | "c3" | "c4" | "c5" | "c6" | "c7" | "c8";

const ALL: Colour[] = ["c1", "c2", "c3", "c4", "c5", "c6", "c7"];
const BUSIEST: Colour[] = ["c1", "c2", "c3", "c4"];
const REST: Colour[] = ["c5", "c6", "c7"];

/** FNV-1a over UTF-16 units: the same name has the same colour on every page and every day. */
function hash(name: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) h = Math.imul(h ^ name.charCodeAt(i), 0x01000193) >>> 0;
  return h;
}

const pick = (name: string, palette: Colour[]) => palette[hash(name) % palette.length] ?? "c8";

export function serviceColour(name: string): Colour {
  return pick(name, ALL);
}

/**
 * The colours inside one trace. The four busiest services take the four that everybody can tell apart, each its own
 * when it has one of them; the others share the rest.
 */
export function traceColours(busiestFirst: string[]): Map<string, Colour> {
  const colours = new Map<string, Colour>();
  const free = new Set(BUSIEST);
  const busiest = busiestFirst.slice(0, BUSIEST.length);
  for (const name of busiest) {
    const own = serviceColour(name);
    if (free.delete(own)) colours.set(name, own);
  }
  for (const name of busiest) {
    if (colours.has(name)) continue;
    const [next] = free;
    if (next === undefined) break;
    free.delete(next);
    colours.set(name, next);
  }
  for (const name of busiestFirst.slice(BUSIEST.length)) colours.set(name, pick(name, REST));
  return colours;
}

export function colourVariable(colour: Colour): string {
  return `var(--${colour})`;
}
