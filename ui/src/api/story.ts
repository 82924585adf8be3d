/** What `GET /api/v1/traces/{trace_id}/story` answers: a trace as what its agents did and said, in order. */

import type { Attribute, Cost, DataKind, Nanoseconds, Part, SpanState, Time, TraceSummary, Usage } from "./types";

/** A line of the story: an agent, or something that it did. They come with their children after them. */
export interface StoryNode {
  span_id: string;
  /** How many lines it hangs below. */
  depth: number;
  kind: DataKind;
  title: string;
  agent: string | null;
  start: Time;
  duration_ns: Nanoseconds | null;
  state: SpanState;
  failed: boolean;
  /** It failed, and the work went on. */
  survived: boolean;
  failed_below: boolean;
  /** The place of its first entry. */
  entry: number | null;
}

/** The first `count` messages that call `call` was asked with: call `same_as` had them already, or answered them. */
export interface FoldEntry {
  type: "fold";
  call: number;
  span_id: string;
  count: number;
  same_as: number;
}

export interface MessageEntry {
  type: "message";
  call: number;
  span_id: string;
  /** `system`, `user`, `assistant`, `tool`, or the client's own word. */
  role: string;
  agent: string | null;
  parts: Part[];
  /** Whether a model said it. */
  is_output: boolean;
  /** How many bytes its texts have, where they were cut. */
  text_bytes: number | null;
  /** A text was too long for a story; the span has all of it. */
  cut: boolean;
}

export interface ToolEntry {
  type: "tool";
  /** Null while only the model's wish to call it is known. */
  span_id: string | null;
  call_id: string | null;
  name: string;
  server: string | null;
  arguments: string | null;
  result: string | null;
  error: string | null;
  duration_ns: Nanoseconds | null;
  /** From 1; more where the same call was tried before. */
  attempt: number;
  state: "waiting" | "done" | "failed";
  cut: boolean;
}

export interface HandoffEntry {
  type: "handoff";
  span_id: string;
  from: string | null;
  to: string | null;
}

export interface GuardrailEntry {
  type: "guardrail";
  span_id: string;
  name: string;
  triggered: boolean | null;
  duration_ns: Nanoseconds | null;
}

/** The line under a model's answer; the facts are in `calls`. */
export interface CallEntry {
  type: "call";
  call: number;
  span_id: string;
}

/** What was asked and answered is not in the trace. */
export interface MissingEntry {
  type: "missing";
  call: number;
  span_id: string;
  reason: "response_id_only" | "not_recorded";
  response_id: string | null;
}

export interface ErrorEntry {
  type: "error";
  span_id: string;
  name: string;
  message: string;
  survived: boolean;
}

/** What was done beside calls of models and tools. */
export interface WorkEntry {
  type: "work";
  span_id: string;
  kind: DataKind;
  title: string;
  arguments: string | null;
  result: string | null;
  duration_ns: Nanoseconds | null;
  cut: boolean;
}

export type Entry =
  | FoldEntry
  | MessageEntry
  | ToolEntry
  | HandoffEntry
  | GuardrailEntry
  | CallEntry
  | MissingEntry
  | ErrorEntry
  | WorkEntry;

/** A call of a model. */
export interface StoryCall {
  span_id: string;
  /** From 1. */
  index: number;
  agent: string | null;
  title: string;
  model: string | null;
  provider: string | null;
  start: Time;
  duration_ns: Nanoseconds | null;
  first_token_ns: Nanoseconds | null;
  usage: Usage | null;
  cost: Cost | null;
  finish_reasons: string[];
  tools_offered: number;
  tool_calls: number;
  parameters: Attribute[];
  failed: boolean;
}

/** What an agent used, all its calls together. */
export interface StoryAgent {
  name: string;
  model_calls: number;
  tool_calls: number;
  usage: Usage;
  cost: Cost | null;
  unpriced_calls: number;
}

export interface Story {
  trace: TraceSummary;
  nodes: StoryNode[];
  entries: Entry[];
  calls: StoryCall[];
  agents: StoryAgent[];
  /** The trace has more than a story looks at: too many spans, or so much text that all further texts are cut short. */
  cut: boolean;
}
