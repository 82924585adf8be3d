/** Numbers and times as people read them: a space before the unit, three figures where they help. */

import type { Nanoseconds, Time } from "../api/types";
import { milliseconds } from "./time";

const two = (n: number) => String(n).padStart(2, "0");

export function duration(ns: Nanoseconds): string {
  if (ns < 0) return `−${duration(-ns)}`;
  if (ns < 1e3) return `${ns} ns`;
  if (ns < 1e6) return `${figures(ns / 1e3)} µs`;
  if (ns < 999.5e6) return `${figures(ns / 1e6)} ms`;
  if (ns < 59.995e9) return `${(ns / 1e9).toFixed(2)} s`;
  const seconds = Math.round(ns / 1e9);
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${two(seconds % 60)}s`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)}h ${two(Math.floor((seconds % 3600) / 60))}m`;
  return `${Math.floor(seconds / 86400)}d ${two(Math.floor((seconds % 86400) / 3600))}h`;
}

function figures(n: number): string {
  return n < 10 && n % 1 >= 0.05 && n % 1 < 0.95 ? n.toFixed(1) : String(Math.round(n));
}

/** A tick of the ruler: as few digits as tell it from its neighbour, which is `step` away. */
export function tick(ns: Nanoseconds, step: Nanoseconds): string {
  if (ns === 0) return "0";
  if ((ns >= 60e9 && step >= 1e9 && ns < 3600e9) || step >= 60e9) return duration(ns);
  const [unit, name] = ns >= 1e9 ? [1e9, "s"] : ns >= 1e6 ? [1e6, "ms"] : ns >= 1e3 ? [1e3, "µs"] : [1, "ns"];
  const decimals = Math.min(9, Math.max(0, Math.ceil(-Math.log10(step / unit) - 1e-9)));
  return `${(ns / unit).toFixed(Math.max(decimals, unit === 1e9 && ns < 60e9 && step < 1e9 ? 1 : 0))} ${name}`;
}

export function count(n: number): string {
  return n.toLocaleString("en");
}

export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

export function bytes(n: number): string {
  if (n < 1000) return `${n} B`;
  for (const [unit, name] of [
    [1e9, "GB"],
    [1e6, "MB"],
  ] as const) {
    if (n >= unit) return `${(n / unit).toFixed(1)} ${name}`;
  }
  return `${Math.round(n / 1e3)} kB`;
}

/** US dollars, `$0.0418`: four decimals below a dollar, since a model call costs parts of a cent. */
export function dollars(usd: number): string {
  if (usd === 0) return "$0";
  if (usd < 0.00005) return "< $0.0001";
  return usd < 0.99995
    ? `$${usd.toFixed(4)}`
    : `$${usd.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
}

export function percent(part: number, whole: number): string {
  if (whole <= 0) return "–";
  const p = (part / whole) * 100;
  return `${p >= 99.95 || p === 0 ? Math.round(p) : p.toFixed(1)} %`;
}

/** How long ago, in one unit: `now`, `12 s`, `3 min`, `5 h`, `2 d`. */
export function ago(time: Time, nowMs: number): string {
  const seconds = (nowMs - milliseconds(time)) / 1000;
  if (seconds < -60) return `in ${span(-seconds)}`;
  return seconds < 5 ? "now" : span(seconds);
}

/** How long nothing was heard since then, in one unit. */
export function silence(time: Time, nowMs: number): string {
  return span(Math.max(0, nowMs - milliseconds(time)) / 1000);
}

function span(seconds: number): string {
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86400)} d`;
}

/** The reader's own clock, `14:32:07.418`. */
export function clock(time: Time): string {
  const date = new Date(milliseconds(time));
  const ms = String(date.getMilliseconds()).padStart(3, "0");
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${ms}`;
}

/** The reader's own calendar and clock, `2026-11-21 14:32:07.418`. */
export function dateAndClock(time: Time): string {
  const date = new Date(milliseconds(time));
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${clock(time)}`;
}

export function shortId(id: string): string {
  return id.slice(0, 8);
}

const LONGEST_LINE = 300;

/** As much of a recorded text as one line can show: browsers lay out all they are given, however little is seen. */
export function line(text: string): string {
  return text.length > LONGEST_LINE ? `${text.slice(0, LONGEST_LINE)}…` : text;
}
