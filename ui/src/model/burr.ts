/** What to type to see what Burr's tracker writes, and how the reading of it goes. */

import type { Watched } from "../api/types";
import { count, plural } from "./format";

/** Characters that no shell takes for anything but themselves. */
const PLAIN = /^[\w@%+=:,./-]+$/;

const quoted = (path: string) => (PLAIN.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`);

export const importCommand = (path: string) => `trackway import ${quoted(path)}`;

export const watchCommand = (path: string) => `trackway serve --watch ${quoted(path)}`;

/** How much of a watched directory has been read, in words. */
export function reading({ state, applications, read }: Pick<Watched, "state" | "applications" | "read">): string {
  if (state === "waiting") return "It is not there yet, and is read as soon as it is.";
  if (applications === 0) return state === "reading" ? "Looking for applications…" : "No application in it yet.";
  if (read < applications) return `${count(read)} of ${plural(applications, "application")} read`;
  return `${plural(applications, "application")}, all read`;
}
