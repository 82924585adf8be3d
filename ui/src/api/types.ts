/**
 * What `/api/v1` answers. Times are RFC 3339 with nine decimals, durations are whole nanoseconds, 64-bit integers in
 * attributes are strings. The server's OpenAPI document is the source; a test compares the two.
 */

import type { App, Step } from "./runs";

/** RFC 3339 in UTC with nine decimals, `2026-11-21T07:00:00.123456789Z`. */
export type Time = string;
/** Whole nanoseconds. */
export type Nanoseconds = number;

/** A value with its type; `int` is a string of digits, `double` a number or "NaN", "Infinity", "-Infinity", `bytes` base64. */
export type Value =
  | { type: "string"; value: string }
  | { type: "bool"; value: boolean }
  | { type: "int"; value: string }
  | { type: "double"; value: number | "NaN" | "Infinity" | "-Infinity" }
  | { type: "bytes"; value: string }
  | { type: "array"; value: Value[] }
  | { type: "map"; value: Attribute[] }
  | { type: "empty"; value: null };

export type Attribute = { key: string } & Value;

export type TraceStatus = "running" | "lost" | "error" | "ok";

export interface Outline {
  span_id: string;
  offset_ns: Nanoseconds;
  /** Absent while the span is open. */
  duration_ns: Nanoseconds | null;
  service: string;
  error: boolean;
}

/** What a model call used, in tokens; null where the client did not say. */
export interface Usage {
  /** With everything that was read from or written to a cache. */
  input_tokens: number | null;
  /** With what the model thought to itself. */
  output_tokens: number | null;
  total_tokens: number | null;
  cache_read_tokens: number | null;
  cache_write_tokens: number | null;
  reasoning_tokens: number | null;
  audio_input_tokens: number | null;
  audio_output_tokens: number | null;
  requests: number | null;
}

/** In US dollars. */
export interface Cost {
  total_usd: number;
  input_usd: number | null;
  output_usd: number | null;
  /** `client`, `settings`, or the name and version of a price list. */
  source: string;
}

/** What the agents of a trace did, each model call counted once. */
export interface AgentTotals {
  model_calls: number;
  tool_calls: number;
  handoffs: number;
  guardrails_triggered: number;
  /** In the order in which they first appear. */
  agents: string[];
  models: string[];
  usage: Usage;
  /** Of the calls that have a price; null when none has. */
  cost: Cost | null;
  /** Model calls that used tokens and have no price. */
  unpriced_calls: number;
}

/** The span that failed the trace. */
export interface Failure {
  span_id: string;
  name: string;
  message: string;
}

/** A row of `GET traces`. */
export interface TraceSummary {
  trace_id: string;
  /** The id that the client gave, where its ids are not of 32 hexadecimal digits. */
  original_id: string | null;
  /** The conversation that the trace belongs to. */
  group_id: string | null;
  /** What the client tells of the trace as a whole. */
  metadata: Attribute[];
  /** The root span's name; the earliest span's while the root has not come (`has_root` is then false). */
  root_name: string;
  has_root: boolean;
  service: string;
  project: string;
  start: Time;
  duration_ns: Nanoseconds;
  status: TraceStatus;
  span_count: number;
  error_count: number;
  open_count: number;
  /** Null while nothing failed, and where the work went on after all that did. */
  failure: Failure | null;
  /** Null when no span is of an agent. */
  agents: AgentTotals | null;
  /** The busiest first. */
  services: { name: string; span_count: number }[];
  /** At most six of the longest spans, by start: the trace as a tiny picture. */
  outline: Outline[];
}

/** `GET traces?project&service&name&filter&status&group&min_duration&max_duration&start&end&limit&cursor` */
export interface TraceList {
  traces: TraceSummary[];
  next: string | null;
  search: Search;
}

/** What it took to find a part of a list. */
export interface Search {
  /** How many spans were looked at one by one. */
  scanned_spans: number;
  /** How many segments on the disk were looked into. */
  segments: number;
  /** How many segments were not: what is known of them told enough. */
  pruned_segments: number;
  /** Time ran out before there was enough: `next` goes on. */
  cut: boolean;
}

export type SpanKind = "unspecified" | "internal" | "server" | "client" | "producer" | "consumer";
export type StatusCode = "unset" | "ok" | "error";
export type Category = "gen_ai" | "database" | "messaging" | "rpc" | "http" | "function";
/** `lost`: no end, and no news for too long: of the span itself where it was announced, else of its trace. */
export type SpanState = "finished" | "open" | "lost";

export type DataKind =
  | "workflow"
  | "task"
  | "agent"
  | "turn"
  | "generation"
  | "response"
  | "function"
  | "handoff"
  | "guardrail"
  | "mcp_tools"
  | "transcription"
  | "speech"
  | "speech_group"
  | "retrieval"
  | "rerank"
  | "embedding"
  | "evaluation"
  | "custom";

/** Whose words the client used. */
export type Dialect =
  | "openai_agents"
  | "opentelemetry"
  | "openinference"
  | "openllmetry"
  | "logfire"
  | "langfuse"
  | "vercel"
  | "burr";

/** What is known of a span of an agent, in one form whatever its client; null where nothing was sent. */
export interface SpanData {
  kind: DataKind;
  dialect: Dialect;
  /** What to call the span where that says more than its name. */
  title: string | null;
  /** The name of what did the work: of the agent, tool, guardrail, server, workflow or task. */
  subject: string | null;
  agent: string | null;
  provider: string | null;
  request_model: string | null;
  response_model: string | null;
  response_id: string | null;
  finish_reasons: string[];
  /** By which a tool call and its result find each other. */
  call_id: string | null;
  /** The MCP server that a tool belongs to. */
  server: string | null;
  conversation: string | null;
  user: string | null;
  turn: number | null;
  handoff: { from: string | null; to: string | null } | null;
  /** Whether a guardrail was. */
  triggered: boolean | null;
  /** On what only holds other work together it repeats what the model calls below used. */
  usage: Usage | null;
  /** From the span's start to the first part of the answer. */
  first_token_ns: Nanoseconds | null;
  cost: Cost | null;
}

/** A part of a message. */
export type Part =
  | { type: "text" | "reasoning" | "refusal" | "other"; text: string }
  | { type: "tool_call"; id: string | null; name: string; arguments: string }
  | { type: "tool_result"; id: string | null; name: string | null; result: string }
  | { type: "media"; kind: string; format: string | null; uri: string | null; bytes: number };

export interface Message {
  /** `system`, `user`, `assistant`, `tool`, or the client's own word. */
  role: string;
  name: string | null;
  parts: Part[];
  finish_reason: string | null;
}

/** What went into a span of an agent and what came out, as far as it was recorded. */
export interface Content {
  /** What the model was told to be, where that came apart from the messages. */
  instructions: string | null;
  input: Message[];
  output: Message[];
  /** Those that the model was offered; `parameters` is a JSON Schema. */
  tools: { name: string; description: string | null; parameters: string | null }[];
  /** The settings of the call. */
  parameters: Attribute[];
  arguments: string | null;
  result: string | null;
  /** Why a model call has no messages. */
  missing: "response_id_only" | "not_recorded" | null;
  /** Texts of more than 1 MiB are cut to that; the attributes hold them whole. */
  cut: boolean;
  /** How many bytes all texts have, where some were cut. */
  text_bytes: number | null;
}

/** A span of `GET traces/{trace_id}?fields=tree`: what a waterfall needs, and no more. */
export interface TreeSpan {
  span_id: string;
  parent_id: string | null;
  name: string;
  kind: SpanKind;
  category: Category;
  service: string;
  start: Time;
  /** Null while the span is open; negative when its clock jumped. */
  duration_ns: Nanoseconds | null;
  state: SpanState;
  /** When the span was last announced, by a client that does so while it runs; null once it is stored. */
  announced: Time | null;
  status: { code: StatusCode; message: string };
  attribute_count: number;
  event_count: number;
  link_count: number;
  data: SpanData | null;
  /** Its id in the run that it belongs to, as its client counts: `3:0.1`. */
  ordinal?: string;
  /** The spans of the same step that it waited for, or built on. */
  dependencies?: string[];
}

export interface SpanEvent {
  time: Time;
  name: string;
  attributes: Attribute[];
  dropped_attributes: number;
}

export interface SpanLink {
  /** Null when the client could not name the other span. */
  trace_id: string | null;
  span_id: string | null;
  trace_state: string;
  flags: number;
  attributes: Attribute[];
  dropped_attributes: number;
}

/** A span of `GET traces/{trace_id}` (without `fields`). */
export interface Span {
  trace_id: string;
  span_id: string;
  parent_id: string | null;
  parent_is_remote: boolean | null;
  flags: number;
  trace_state: string;
  name: string;
  kind: SpanKind;
  category: Category;
  service: string;
  project: string;
  start: Time;
  end: Time | null;
  duration_ns: Nanoseconds | null;
  state: SpanState;
  /** When the span was last announced, by a client that does so while it runs; null once it is stored. */
  announced: Time | null;
  status: { code: StatusCode; message: string };
  attributes: Attribute[];
  events: SpanEvent[];
  links: SpanLink[];
  /** What the client left out because of its limits. */
  dropped: { attributes: number; events: number; links: number };
  scope: { name: string; version: string; schema_url: string; attributes: Attribute[]; dropped_attributes: number };
  resource: { schema_url: string; attributes: Attribute[]; dropped_attributes: number };
  data: SpanData | null;
  /** The client's own ids, where they are not W3C's. */
  original: { id: string; trace_id: string; parent_id: string | null } | null;
  /** The span's parent where that is in another trace. */
  parent_elsewhere: { trace_id: string; span_id: string } | null;
}

/** A span with what was said in it; null for what is no agent's. */
export type ToldSpan = Span & { content: Content | null };

/** `GET traces/{trace_id}?fields=tree&limit&cursor`; spans in order of start. */
export interface TraceTree {
  trace: TraceSummary;
  spans: TreeSpan[];
  next: string | null;
}

/** `GET traces/{trace_id}/spans/{span_id}`: mostly one; several when clients used an id twice. */
export interface SpanList {
  spans: ToldSpan[];
}

/** A trace of a conversation. */
export interface GroupTrace {
  trace: TraceSummary;
  /** What the user said first. */
  first: string | null;
  /** What the model answered last. */
  last: string | null;
}

/** `GET groups/{group}?project&limit&cursor`: the traces of a conversation, the oldest first. */
export interface Group {
  group_id: string;
  traces: GroupTrace[];
  totals: AgentTotals | null;
  next: string | null;
}

/** `GET services?project` */
export interface ServiceList {
  services: { name: string; span_count: number; error_count: number; operations: string[] }[];
}

/** `GET projects` */
export interface ProjectList {
  projects: { name: string; trace_count: number; span_count: number; last_start: Time }[];
}

export type ListenerState = "ready" | "taken" | "off";

/** `GET health` */
export interface Health {
  status: "ok" | "read_only";
  name: "trackway";
  version: string;
  started: Time;
  pid: number;
  data_dir: string;
  /** `main`, `otlp_http`, `otlp_grpc`; `message` says what to do when the port was taken. */
  listeners: { name: string; address: string | null; state: ListenerState; message: string | null }[];
}

/** `waiting`: it is not there yet; `reading`: for the first time. */
export type WatchState = "waiting" | "reading" | "watching" | "failed";

/** A directory that the server follows. */
export interface Watched {
  path: string;
  state: WatchState;
  /** Why it cannot be watched, and what to do about it. */
  message: string | null;
  applications: number;
  /** How many of them have been read as far as they were written. */
  read: number;
  /** The first twenty. */
  troubles: Trouble[];
  trouble_count: number;
}

/** Something in a watched directory that cannot be read. */
export interface Trouble {
  path: string;
  what: string;
}

/** Where Burr's tracker usually writes, and how many projects are there. */
export interface BurrStore {
  path: string;
  projects: number;
}

/** `GET state` */
export interface Watches {
  /** Null where nothing is, or where it is watched. */
  burr_store: BurrStore | null;
  watched: Watched[];
}

/** `GET stats`: every counter and gauge, each with its meaning. */
export interface Stats {
  counters: { name: string; value: number; unit: string; help: string }[];
}

/** `POST demo`: recorded traces, shifted to now, sent through the public doors. `DELETE`s answer `Deleted`. */
export interface Demo {
  traces: number;
  spans: number;
}

export interface Deleted {
  deleted_traces: number;
  deleted_runs: number;
  deleted_spans: number;
}

/** Every error: RFC 9457 `application/problem+json`. `detail` is a sentence that says what to do. */
export interface Problem {
  type: "about:blank";
  title: string;
  status: number;
  detail: string;
  /** Where a run was named that there are several of: their partitions, null for none. */
  partitions?: (string | null)[];
  /** Where `filter` cannot be read, the place in it. */
  place?: TextPlace;
}

/** A piece of a text, in characters; `end` is `start` where something is missing. */
export interface TextPlace {
  start: number;
  end: number;
}

/**
 * `GET live?project&trace_id&run&kinds=trace,span,run,step,stats` (server-sent events; the name of the event is the key here).
 * Changes are gathered for 100 ms, so that a busy trace is sent ten times a second and not once a span.
 */
export interface LiveEvents {
  /**
   * A trace that is new, has changed, or has ended (all its spans have, and its root has come; told again when more spans
   * come later). Of a project that was deleted whole, only `project` is there. A trace is `gone` when its spans were only
   * announced, and then lost for long.
   */
  trace: {
    change: "new" | "updated" | "finished" | "deleted" | "gone";
    trace_id: string | null;
    trace: TraceSummary | null;
    project: string | null;
  };
  /** A span that was announced (`new`), has ended (`finished`), was lost, or, lost for long, is shown no more (`gone`). */
  span: { change: "new" | "finished" | "lost" | "gone"; trace_id: string; span: TreeSpan };
  /** A run that is new, has changed or was deleted; it is null then. */
  run: {
    change: "new" | "updated" | "deleted";
    run_id: string;
    project: string;
    app_id: string;
    partition_key: string | null;
    run: App | null;
  };
  /** A step of the one run that is watched, new or changed. */
  step: { run_id: string; step: Step };
  /** Every two seconds. `dropped` is everything that was refused or rejected since the start. */
  stats: { spans_per_second: number; spans: number; dropped: number; bytes_on_disk: number };
  /** This connection was too slow or the change too big: `missed` events were left out. Ask again for what is shown. */
  lagged: { missed: number };
}
