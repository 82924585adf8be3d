/** Recorded times keep their nanoseconds: a `Time` becomes whole nanoseconds after another one, exact up to 104 days. */

import type { Nanoseconds, Time } from "../api/types";

export const MICROSECOND = 1e3;
export const MILLISECOND = 1e6;
export const SECOND = 1e9;

/** A point in time as seconds since 1970 and nanoseconds within the second. */
export interface Instant {
  seconds: number;
  nanoseconds: number;
}

/** Reads `2026-11-21T07:00:00.123456789Z`; any number of decimals. */
export function instant(time: Time): Instant {
  const seconds = Date.parse(`${time.slice(0, 19)}Z`) / 1000;
  const decimals = time.charCodeAt(19) === 46 ? time.slice(20, -1) : "";
  return { seconds, nanoseconds: Number(decimals.padEnd(9, "0").slice(0, 9)) };
}

export function nanosecondsBetween(from: Instant, to: Instant): Nanoseconds {
  return (to.seconds - from.seconds) * SECOND + (to.nanoseconds - from.nanoseconds);
}

export function milliseconds(time: Time): number {
  const { seconds, nanoseconds } = instant(time);
  return seconds * 1000 + nanoseconds / MILLISECOND;
}

export function instantOfMilliseconds(ms: number): Instant {
  const seconds = Math.floor(ms / 1000);
  return { seconds, nanoseconds: Math.round((ms - seconds * 1000) * MILLISECOND) };
}

const UNITS: Record<string, Nanoseconds> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };

/** Reads what people type for a duration, `5ms`, `1.5 s`, `2m`; null when it is none. */
export function parseDuration(text: string): Nanoseconds | null {
  const parts = /^\s*(\d+(?:\.\d+)?)\s*(ns|us|µs|ms|s|m|h)\s*$/i.exec(text);
  const unit = UNITS[parts?.[2]?.toLowerCase() ?? ""];
  return parts?.[1] && unit ? Math.round(Number(parts[1]) * unit) : null;
}
