/** A story as the rows of a conversation, and how to move among them. */

import type { CallEntry, Entry, FoldEntry, MessageEntry, Story, StoryCall, StoryNode } from "../api/story";
import type { Content, Part, Usage } from "../api/types";
import { KINDS } from "./agents";
import { textBytes } from "./value";

/** Something that is shown as one, and can be selected. */
export interface Row {
  /** Stays the same when the story grows. */
  key: string;
  /** What it is of; of a tool that has not begun, the call of the model that asks for it. */
  span: string | null;
  entry: Entry;
  /** Of a message: what is left to show when calls and results that have a pair of their own are taken out. */
  parts: Part[];
  /** The tools that the message calls, which have pairs of their own. */
  asks: string[];
  /** The call whose line stands below. */
  call: StoryCall | null;
}

export interface Conversation {
  rows: Row[];
  /** For every entry the row that shows it. */
  rowOfEntry: number[];
}

/** Lays the entries out: the line of a call belongs to its answer, and what is said twice is shown once. */
export function conversation(story: Story): Conversation {
  const paired = new Set(
    story.entries.flatMap((entry) => (entry.type === "tool" && entry.call_id ? [entry.call_id] : [])),
  );
  const seen = new Map<string, number>();
  const rows: Row[] = [];
  const shownBy: (Row | undefined)[] = [];
  let asking: string | null = null;
  for (const entry of story.entries) {
    if ("call" in entry) asking = entry.span_id;
    const answer = entry.type === "call" ? answerOf(entry, rows) : null;
    if (answer?.row) {
      answer.row.call = story.calls[answer.call - 1] ?? null;
      shownBy.push(answer.row);
      continue;
    }
    const plain = rowOf(entry, paired, story.calls);
    if (plain) {
      const row = { ...plain, span: plain.span ?? asking, key: unique(`${entry.type} ${plain.span ?? ""}`, seen) };
      if (answer) row.asks = rows.slice(answer.at).map(({ entry }) => nameOfUse(entry));
      rows.splice(answer?.at ?? rows.length, 0, row);
    }
    shownBy.push(plain ? rows[answer?.at ?? rows.length - 1] : rows.at(-1));
  }
  const places = new Map(rows.map((row, at) => [row, at]));
  return { rows, rowOfEntry: shownBy.map((row) => (row ? (places.get(row) ?? 0) : 0)) };
}

/** The row that the line of a call belongs to, or the place for a row of its own: before the tools that it calls. */
function answerOf(entry: CallEntry, rows: Row[]): { row: Row | null; at: number; call: number } {
  let at = rows.length;
  while (at > 0 && isUse(rows[at - 1]?.entry)) at--;
  const before = rows[at - 1];
  return { row: before && answers(before.entry, entry) ? before : null, at, call: entry.call };
}

function isUse(entry: Entry | undefined): boolean {
  return entry?.type === "tool" || entry?.type === "handoff";
}

function nameOfUse(entry: Entry): string {
  if (entry.type === "handoff") return `a handoff to ${entry.to ?? "another agent"}`;
  return entry.type === "tool" ? entry.name : "";
}

/** Whether the entry is what came of the call: its answer, its failure, or that neither is known. */
function answers(entry: Entry, { call, span_id }: CallEntry): boolean {
  switch (entry.type) {
    case "message":
      return entry.is_output && entry.call === call;
    case "missing":
      return entry.call === call;
    default:
      return entry.type === "error" && entry.span_id === span_id;
  }
}

function rowOf(entry: Entry, paired: ReadonlySet<string>, calls: StoryCall[]): Omit<Row, "key"> | null {
  const plain = { span: entry.span_id, entry, parts: [], asks: [], call: null };
  if (entry.type === "call") return { ...plain, call: calls[entry.call - 1] ?? null };
  if (entry.type !== "message") return plain;
  const isPaired = (part: Part) =>
    (part.type === "tool_call" || part.type === "tool_result") && part.id !== null && paired.has(part.id);
  const parts = entry.parts.filter((part) => !isPaired(part));
  const asks = entry.parts.flatMap((part) => (part.type === "tool_call" && isPaired(part) ? [part.name] : []));
  const isToldElsewhere = parts.length === 0 && asks.length === 0 && entry.parts.length > 0;
  return isToldElsewhere ? null : { ...plain, parts, asks };
}

function unique(key: string, seen: Map<string, number>): string {
  const nth = (seen.get(key) ?? 0) + 1;
  seen.set(key, nth);
  return nth === 1 ? key : `${key} ${nth}`;
}

/** The row to look at for a span: its answer where it is a model's, else where the story says it begins. */
export function rowOfSpan({ rows, rowOfEntry }: Conversation, nodes: StoryNode[], span: string): number {
  const answer = rows.findIndex((row) => row.span === span && row.call !== null);
  if (answer >= 0) return answer;
  const own = rows.findIndex((row) => row.span === span);
  if (own >= 0) return own;
  const entry = nodes.find(({ span_id }) => span_id === span)?.entry ?? null;
  return entry === null ? -1 : (rowOfEntry[entry] ?? -1);
}

/** The call that the row is about, or else the one before it; before all calls the first. */
export function callOfRow(rows: Row[], at: number, calls: StoryCall[]): StoryCall | null {
  const row = rows[at];
  if (!row) return null;
  if (row.call) return row.call;
  if ("call" in row.entry && row.entry.call !== null) return calls[row.entry.call - 1] ?? null;
  const before = rows.slice(0, at).findLast(({ call }) => call !== null);
  return before?.call ?? calls[0] ?? null;
}

export function isFailure({ entry }: Row): boolean {
  return entry.type === "error" || (entry.type === "tool" && entry.state === "failed");
}

/** The next failure after the row, from the start again when there is none; -1 when nothing failed. */
export function nextFailure(rows: Row[], at: number): number {
  const after = rows.findIndex((row, i) => i > at && isFailure(row));
  return after >= 0 ? after : rows.findIndex(isFailure);
}

/** How many messages the call was asked with that nobody had before. */
export function newSince(entries: Entry[], fold: FoldEntry): number {
  return entries.filter((entry) => entry.type === "message" && entry.call === fold.call && !entry.is_output).length;
}

/** Who speaks or acts in a row. */
export function speaker(entry: Entry): {
  name: string;
  icon: "user" | "agent" | "note" | "alert" | "tool" | (typeof KINDS)[keyof typeof KINDS]["icon"];
} {
  switch (entry.type) {
    case "message":
      return messageSpeaker(entry);
    case "tool":
      return { name: "tool", icon: "tool" };
    case "guardrail":
      return { name: entry.name || "guardrail", icon: "guard" };
    case "handoff":
      return { name: "handoff", icon: "handoff" };
    case "error":
      return { name: entry.name || "error", icon: "alert" };
    case "work":
      return { name: KINDS[entry.kind]?.word ?? entry.kind, icon: KINDS[entry.kind]?.icon ?? "note" };
    default:
      return { name: "model", icon: "gen_ai" };
  }
}

function messageSpeaker({ role, agent, is_output }: MessageEntry): ReturnType<typeof speaker> {
  if (role === "user") return { name: "user", icon: "user" };
  if (role === "system" || role === "developer") return { name: "instructions", icon: "note" };
  if (role === "tool") return { name: "tool", icon: "tool" };
  if (role === "assistant") return { name: (is_output && agent) || agent || "assistant", icon: "agent" };
  return { name: role, icon: "note" };
}

/** A line of the story, as it is read. */
export interface Line {
  node: StoryNode;
  name: string;
  /** From 1; more where a tool was tried before. */
  attempt: number;
}

/**
 * The lines of the story under the names of what was at work: of the agent, the tool, the model. Clients differ in what
 * they call such spans, and a title of one client would say twice what the icon says.
 */
export function storyLines({ nodes, entries, calls }: Story): Line[] {
  const known = new Map<string, { name: string; attempt?: number }>();
  for (const { span_id, model } of calls) if (model) known.set(span_id, { name: model });
  for (const entry of entries) {
    if (entry.type === "tool" && entry.span_id) known.set(entry.span_id, entry);
    if (entry.type === "guardrail" && entry.name) known.set(entry.span_id, { name: entry.name });
    if (entry.type === "handoff" && entry.to) known.set(entry.span_id, { name: `to ${entry.to}` });
  }
  return nodes.map((node) => {
    const { name, attempt = 1 } = known.get(node.span_id) ?? { name: node.title };
    return { node, name: node.kind === "agent" ? (node.agent ?? node.title) : name, attempt };
  });
}

/** What a bar of tokens is made of; nothing where the client did not say. */
export interface Shares {
  cached: number;
  fresh: number;
  out: number;
  total: number;
}

export function shares(usage: Usage | null): Shares | null {
  if (usage === null || (usage.input_tokens === null && usage.output_tokens === null)) {
    const total = usage?.total_tokens ?? null;
    return total === null ? null : { cached: 0, fresh: total, out: 0, total };
  }
  const cached = Math.min(usage.cache_read_tokens ?? 0, usage.input_tokens ?? 0);
  const fresh = (usage.input_tokens ?? 0) - cached;
  const out = usage.output_tokens ?? 0;
  return { cached, fresh, out, total: usage.total_tokens ?? cached + fresh + out };
}

/** How the call is called where there are several: by its agent, else by its model. */
export function callName(call: StoryCall): string {
  return call.agent ?? (call.title || call.model || `call ${call.index}`);
}

/** The whole of a text of which the story has only the beginning, from what the span holds. */
export function wholeText(content: Content, beginning: string, side: "input" | "output"): string | null {
  const { input, output, instructions } = content;
  const said = (side === "input" ? [...input, ...output] : [...output, ...input]).flatMap(({ parts }) => parts);
  const texts = [...said.map(textOfPart), instructions ?? ""];
  return texts.find((text) => text.length > beginning.length && text.startsWith(beginning)) ?? null;
}

/** Where the call's price is from, or why there is none. */
export function callPrice({ cost, usage, model }: StoryCall): string {
  if (cost !== null) return priceSource(cost.source);
  if (usage === null) return "no tokens were sent";
  return model === null ? "the model is not known" : `no price for ${model}`;
}

/** Where the prices of the calls are from. */
export function priceSources(calls: StoryCall[]): string[] {
  return [...new Set(calls.flatMap(({ cost }) => (cost ? [priceSource(cost.source)] : [])))];
}

function priceSource(source: string): string {
  if (source === "client") return "the client";
  return source === "settings" ? "the settings" : source;
}

/** How much is said in the parts; empty lines take little room and do not count. */
export function sizeOf(parts: Part[]): { characters: number; lines: number; bytes: number } {
  const text = parts.map(textOfPart).join("\n");
  return { characters: text.length, lines: text.match(/^.*\S/gm)?.length ?? 0, bytes: textBytes(text) };
}

function textOfPart(part: Part): string {
  if (part.type === "media") return "";
  if (part.type === "tool_call") return part.arguments;
  return part.type === "tool_result" ? part.result : part.text;
}
