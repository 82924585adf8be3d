/**
 * What `/api/v1` answers. Times are RFC 3339 with nine decimals, durations are whole nanoseconds, 64-bit integers in
 * attributes are strings. The server's OpenAPI document is the source; a test compares the two.
 */

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

/** A row of `GET traces`. */
export interface TraceSummary {
  trace_id: string;
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
  /** The busiest first. */
  services: { name: string; span_count: number }[];
  /** At most six of the longest spans, by start: the trace as a tiny picture. */
  outline: Outline[];
}

/** `GET traces?project&service&name&status&min_duration&start&end&limit&cursor` */
export interface TraceList {
  traces: TraceSummary[];
  next: string | null;
}

export type SpanKind = "unspecified" | "internal" | "server" | "client" | "producer" | "consumer";
export type StatusCode = "unset" | "ok" | "error";
export type Category = "gen_ai" | "database" | "messaging" | "rpc" | "http" | "function";
/** `lost`: no end, and no news for too long: of the span itself where it was announced, else of its trace. */
export type SpanState = "finished" | "open" | "lost";

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

/** A span of `GET traces/{trace_id}` (without `fields`) and of `GET traces/{trace_id}/spans/{span_id}`. */
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
}

/** `GET traces/{trace_id}?fields=tree&limit&cursor`; spans in order of start. */
export interface TraceTree {
  trace: TraceSummary;
  spans: TreeSpan[];
  next: string | null;
}

/** `GET traces/{trace_id}/spans/{span_id}`: mostly one; several when clients used an id twice. */
export interface SpanList {
  spans: Span[];
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
  deleted_spans: number;
}

/** Every error: RFC 9457 `application/problem+json`. `detail` is a sentence that says what to do. */
export interface Problem {
  type: "about:blank";
  title: string;
  status: number;
  detail: string;
}

/**
 * `GET live?project&trace_id&kinds=trace,span,stats` (server-sent events; the name of the event is the key here).
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
  /** Every two seconds. `dropped` is everything that was refused or rejected since the start. */
  stats: { spans_per_second: number; spans: number; dropped: number; bytes_on_disk: number };
  /** This connection was too slow or the change too big: `missed` events were left out. Ask again for what is shown. */
  lagged: { missed: number };
}
