/** States of a run for the eye: fields on a line each, and what changed between two of them. */

import type { Json, StateChange } from "../api/runs";
import { isExactNumber } from "./exact";
import { bytes } from "./format";
import { grouped } from "./grouped";
import { isOwnField } from "./run";
import { textBytes } from "./value";

/** A field that the server cut because of its size. */
export function cutBytes(value: Json): number | null {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return null;
  return value.$cut === true && typeof value.bytes === "number" ? value.bytes : null;
}

/** Longer values are folded, with their size. */
export const FOLDED_BYTES = 2_000;

/** The value on one line, as short as `most`; objects and lists by their beginning. */
export function preview(value: Json, most = 60): string {
  if (Array.isArray(value)) {
    if (value.length === 0) return "[]";
    const all = JSON.stringify(value);
    return all.length <= most ? spaced(all) : `[ … ${value.length} ${value.length === 1 ? "item" : "items"} ]`;
  }
  const cut = cutBytes(value);
  if (cut !== null) return bytes(cut);
  const all = JSON.stringify(value);
  if (isExactNumber(value)) return all;
  if (all.length <= most) return typeof value === "object" && value !== null ? spaced(all) : all;
  if (value !== null && typeof value === "object") {
    const keys = Object.keys(value);
    const first = keys[0] === undefined ? "" : `${keys[0]}: …`;
    return `{ ${first}${keys.length > 1 ? `, ${keys.length - 1} more` : ""} }`;
  }
  return `${all.slice(0, most)}…`;
}

function spaced(json: string): string {
  return json.length < 3
    ? json
    : json.replace(/"(?:[^"\\]|\\.)*"|[:,]/g, (piece) => (piece.length === 1 ? `${piece} ` : piece));
}

export const jsonBytes = (value: Json): number => cutBytes(value) ?? textBytes(JSON.stringify(value));

/** The fields of a state; one that is no object has a single field without a name. */
export function fieldsOf(state: Json): [key: string, value: Json][] {
  if (state === null || typeof state !== "object" || Array.isArray(state) || isExactNumber(state)) return [["", state]];
  return Object.entries(state);
}

export type DiffSign = "same" | "add" | "remove";

/** A line of the difference between two states. */
export interface DiffLine {
  sign: DiffSign;
  key: string;
  /** Where in the field, when not the whole of it changed. */
  path: string;
  value: Json;
  /** Where these are new items at the end of a list: how many there were before. */
  appended: number | null;
}

/** The state after, its changed fields as what went and what came. */
export function diffLines(after: Json, changes: StateChange[]): DiffLine[] {
  const byKey = grouped(changes, ({ key }) => key);
  const lines: DiffLine[] = [];
  const told = new Set<string>();
  for (const [key, value] of fieldsOf(after)) {
    const changed = byKey.get(key);
    told.add(key);
    if (changed) lines.push(...changed.flatMap(linesOf));
    else lines.push({ sign: "same", key, path: "", value, appended: null });
  }
  for (const [key, changed] of byKey) if (!told.has(key)) lines.push(...changed.flatMap(linesOf));
  return lines;
}

function linesOf({ key, path: names = [], op, before = null, after = null, at = 0 }: StateChange): DiffLine[] {
  const path = names.map((name) => `.${name}`).join("");
  const came: DiffLine = { sign: "add", key, path, value: after, appended: op === "append" ? at : null };
  const went: DiffLine = { sign: "remove", key, path, value: before, appended: null };
  switch (op) {
    case "add":
    case "append":
      return [came];
    case "remove":
      return [went];
    case "replace":
      return [went, came];
  }
}

/** What differs between two states that the server does not compare. */
export function changesBetween(before: Json, after: Json): StateChange[] {
  const [was, is] = [new Map(fieldsOf(before)), new Map(fieldsOf(after))];
  return [...new Set([...is.keys(), ...was.keys()])].flatMap((key) => changesIn(key, was.get(key), is.get(key)));
}

function changesIn(key: string, before: Json | undefined, after: Json | undefined): StateChange[] {
  if (before === undefined) return after === undefined ? [] : [{ key, op: "add", after }];
  if (after === undefined) return [{ key, op: "remove", before }];
  if (isSame(before, after)) return [];
  if (Array.isArray(before) && Array.isArray(after) && before.every((item, i) => isSame(item, after[i]))) {
    return [{ key, op: "append", after: after.slice(before.length), at: before.length }];
  }
  if (!isRecord(before) || !isRecord(after)) return [{ key, op: "replace", before, after }];
  return changesBetween(before, after).map(({ key: name, path = [], ...change }) => ({
    key,
    path: [name, ...path],
    ...change,
  }));
}

const isSame = (a: Json | undefined, b: Json | undefined) => JSON.stringify(a) === JSON.stringify(b);

const isRecord = (value: Json): boolean =>
  value !== null &&
  typeof value === "object" &&
  !Array.isArray(value) &&
  !isExactNumber(value) &&
  cutBytes(value) === null;

/** The fields that are cut in both states: their sizes do not say whether they differ. */
export function cutInBoth(before: Json, after: Json): string[] {
  const was = new Map(fieldsOf(before));
  return fieldsOf(after).flatMap(([key, value]) =>
    cutBytes(value) !== null && cutBytes(was.get(key) ?? null) === cutBytes(value) ? [key] : [],
  );
}

/** How many fields of the reader's own came and went. */
export function counts(lines: DiffLine[]): { added: number; removed: number } {
  const of = (sign: DiffSign) => lines.filter((line) => line.sign === sign && isOwnField(line.key)).length;
  return { added: of("add"), removed: of("remove") };
}

/** A Python traceback, its deepest frame first. */
export interface Traceback {
  /** The exception's type, without its module. */
  type: string;
  message: string;
  /** What caused it, the nearest first. */
  causes: string[];
  frames: Frame[];
}

export interface Frame {
  file: string;
  line: number;
  where: string;
  code: string;
}

const FRAME = /^ {2}File "(.*)", line (\d+)(?:, in (.*))?$/;
const RAISED = /^([A-Za-z_][\w.]*)(?::\s?(.*))?$/;
/** Between the parts of a chain of exceptions. */
const CHAIN = /^(?:The above exception was the direct cause|During handling of the above exception)/;

/** Reads a traceback; null when the text is none. */
export function traceback(text: string): Traceback | null {
  const parts: { frames: Frame[]; raised: string[] }[] = [{ frames: [], raised: [] }];
  const isTraceback = text.includes("Traceback (most recent call last)");
  if (!isTraceback) return null;
  let frame: Frame | null = null;
  for (const line of text.split("\n")) {
    const part = parts.at(-1) as { frames: Frame[]; raised: string[] };
    const [, file, number, where] = FRAME.exec(line) ?? [];
    if (CHAIN.test(line)) {
      parts.push({ frames: [], raised: [] });
      frame = null;
    } else if (file !== undefined) {
      frame = { file, line: Number(number), where: where ?? "", code: "" };
      part.frames.push(frame);
    } else if (line.startsWith("    ") && frame && part.raised.length === 0) {
      if (!/^[\s^~]+$/.test(line)) frame.code = frame.code === "" ? line.trim() : frame.code;
    } else if (line !== "" && !line.startsWith("Traceback (") && part.frames.length > 0) {
      part.raised.push(line);
    }
  }
  const last = parts.findLast(({ raised }) => raised.length > 0);
  if (!last) return null;
  const { type, message } = raisedBy(last.raised);
  const causes = parts.filter((part) => part !== last && part.raised.length > 0).map(({ raised }) => raised.join("\n"));
  return { type, message, causes: causes.reverse(), frames: last.frames.reverse() };
}

function raisedBy(lines: string[]): { type: string; message: string } {
  const [, name, rest] = RAISED.exec(lines[0] ?? "") ?? [];
  if (name === undefined) return { type: "", message: lines.join("\n") };
  return { type: name.split(".").at(-1) ?? name, message: [rest ?? "", ...lines.slice(1)].join("\n").trim() };
}

/** A text in three parts, of which the middle one differs from another text. */
export function differing(text: string, other: string): [head: string, differs: string, tail: string] {
  let start = 0;
  while (start < text.length && text[start] === other[start]) start++;
  let end = 0;
  const most = Math.min(text.length, other.length) - start;
  while (end < most && text.at(-1 - end) === other.at(-1 - end)) end++;
  return [text.slice(0, start), text.slice(start, text.length - end), text.slice(text.length - end)];
}
