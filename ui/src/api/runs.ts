/** What `/api/v1` answers about runs of state machines, and how it is asked. */

import { exact } from "../model/exact";
import { type PageOf, request, withPage } from "./client";
import type { AgentTotals, Nanoseconds, Search, Time, TraceSummary } from "./types";

/** Any recorded JSON. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export type RunState = "running" | "ok" | "error" | "lost";
/** `lost`: it never ended, and either the run went on without it or nothing was heard of the run for long. */
export type StepState = "running" | "done" | "failed" | "lost";

/** A run, or a step of it, by its names. */
export interface RunPointer {
  app_id: string;
  partition_key: string | null;
  sequence: number | null;
}

/** A step in the tiny picture of a run. */
export interface TrailStep {
  sequence: number;
  attempt: number;
  /** Null while that is not known. */
  duration_ns: Nanoseconds | null;
  failed: boolean;
}

/** A run as a list shows it. */
export interface App {
  project: string;
  app_id: string;
  partition_key: string | null;
  /** The id that its names give; the id of its trace where no other program recorded one. */
  run_id: string;
  /** Its place in lists. */
  start: Time;
  first_written: Time | null;
  last_written: Time | null;
  duration_ns: Nanoseconds | null;
  /** Every attempt counted. */
  step_count: number;
  error_count: number;
  status: RunState;
  last_action: string | null;
  last_sequence: number | null;
  last_attempt: number | null;
  /** The run that this one goes on from. */
  parent: RunPointer | null;
  /** The run, and the step of it, that started this one. */
  spawned_by: RunPointer | null;
  child_count: number;
  fork_count: number;
  /** After so many steps the state is likely that of before. */
  suspect_count: number;
  /** So much of its log could not be used as it was. */
  remark_count: number;
  annotation_count: number;
  /** Some of the steps, evenly, the first and the last among them. */
  trail: TrailStep[];
}

export interface GraphAction {
  name: string;
  reads: string[];
  writes: string[];
  inputs: string[];
  optional_inputs: string[];
  tags: string[];
  /** Its source; null where the client recorded none. */
  code: string | null;
}

export interface GraphTransition {
  from: string;
  to: string;
  condition: string;
}

/** What a run may do: its actions, and what leads from one to the next. */
export interface RunGraph {
  entrypoint: string | null;
  actions: GraphAction[];
  transitions: GraphTransition[];
}

/** A run that another brought forth. */
export interface RunChild {
  /** Null when nothing else is known of it. */
  app: App | null;
  pointer: RunPointer;
  event: "fork" | "spawn";
  /** The step that did. */
  sequence: number | null;
  time: Time | null;
}

export interface RunTotals {
  steps: number;
  errors: number;
  duration_ns: Nanoseconds;
  /** Null when none of its spans is of an agent. */
  agents: AgentTotals | null;
}

/** What a run did with one action. */
export interface ActionCount {
  visits: number;
  errors: number;
  duration_ns: Nanoseconds;
}

/** How often one action followed another. */
export interface TakenWay {
  from: string;
  to: string;
  count: number;
}

/** `GET projects/{project}/apps/{app}?partition` */
export interface AppDetail {
  app: App;
  graph: RunGraph | null;
  /** Where the run comes from, the nearest first. */
  parents: RunPointer[];
  children: RunChild[];
  totals: RunTotals;
  trace_id: string | null;
  action_counts: { [action: string]: ActionCount };
  taken: TakenWay[];
  /** The first of them, the oldest first. */
  placements: StatePlacement[];
}

/** A way that was tried after a step. */
export interface TriedWay {
  to: string;
  condition: string;
  /** Null when nobody could say. */
  held: boolean | null;
  /** Why nobody could. */
  error: string | null;
}

/** What comes after a step, and why. */
export interface Choice {
  /** Null where the machine ends, or no condition held. */
  next: string | null;
  /** In the order in which they were tried. */
  tried: TriedWay[];
}

/** The state as something other than a step set it: at the start, by a fork, by hand. */
export interface StatePlacement {
  /** The step after which that was; null before the first. */
  after: { seq: number; attempt: number } | null;
  /** The action that comes next, where that was set too. */
  next: string | null;
  time: Time | null;
}

/** How a step handed out its result piece by piece. */
export interface StepStream {
  begin: Time | null;
  /** From the beginning to the first item. */
  first_item_ns: Nanoseconds | null;
  duration_ns: Nanoseconds | null;
  items: number | null;
}

/** A step as the list of steps shows it. */
export interface Step {
  sequence: number;
  /** The how-many-th time that this number began, from 0. */
  attempt: number;
  action: string;
  start: Time | null;
  end: Time | null;
  duration_ns: Nanoseconds | null;
  state: StepState;
  /** The first line of why it failed. */
  error: string | null;
  /** The recorded state is likely that of before the step. */
  suspect: boolean;
  has_result: boolean;
  /** Whether there is a state after it. */
  has_state: boolean;
  inputs: Json;
  /** The fields of the state that changed. */
  changed: string[];
  attribute_count: number;
  span_count: number | null;
  stream: StepStream | null;
  children: RunPointer[];
  annotations: number;
  trace_id: string | null;
  span_id: string | null;
  /** What was chosen after it; null where the client does not tell. */
  choice: Choice | null;
  /** The state was set by hand between the step before and this one. */
  edited: boolean;
}

/** `GET …/steps?limit&from` */
export interface StepList {
  steps: Step[];
  next: string | null;
}

/** What was said of a step or of a span in it. */
export interface StepAttribute {
  key: string;
  value: Json;
  /** The span as the client numbers it; null for the step itself. */
  span: string | null;
  tags: Json;
  time: Time | null;
}

/** `GET …/steps/{sequence}?attempt`: a step with everything but the state after it. */
export type StepDetail = Step & { result: Json; attributes: StepAttribute[] };

/** On which side of a step a state stands. */
export type When = "before" | "after";

/** `GET …/state?seq&attempt&when&key`; a field of more than 64 KiB is cut unless it is asked for by its key. */
export interface StateAnswer {
  seq: number;
  attempt: number;
  action: string;
  state: Json;
  /** The action that was set by hand to come next; only where the latest state is asked for. */
  next?: string | null;
}

export type ChangeOp = "add" | "remove" | "replace" | "append";

export interface StateChange {
  key: string;
  /** Where in the field, by names; absent for all of it. */
  path?: string[];
  op: ChangeOp;
  /** Absent for `add` and `append`. */
  before?: Json;
  /** For `append` a list of the new items; absent for `remove`. */
  after?: Json;
  /** How many items a list had that `append` added to. */
  at?: number;
}

export interface DiffStep {
  sequence: number;
  attempt: number;
  action: string;
}

/** `GET …/diff?from&to&from_attempt&to_attempt` */
export interface StateDiff {
  /** Null where nothing was there before the first step; -1 for a state that was. */
  from: DiffStep | null;
  to: DiffStep;
  changes: StateChange[];
}

/** A line of the log that could not be used as it was. */
export interface RunRemark {
  /** The name of the file, and the line where it has lines. */
  place: string;
  /** What is the matter with it, in a sentence. */
  what: string;
  /** The beginning of it, as it came. */
  text: string;
}

export interface RemarkList {
  remarks: RunRemark[];
  next: string | null;
}

export interface Observation {
  data_fields: { [key: string]: Json };
  thumbs_up_thumbs_down: boolean | null;
  /** Which fields or attributes it is about, in the client's own form. */
  data_pointers: Json[];
}

/** What somebody thinks of a step. */
export interface AnnotationText {
  sequence: number;
  attempt: number | null;
  span_id: string | null;
  step_name: string | null;
  tags: string[];
  observations: Observation[];
}

export interface Annotation extends AnnotationText {
  id: number;
  app_id: string;
  partition_key: string | null;
  created: Time | null;
  updated: Time | null;
}

export interface AnnotationList {
  annotations: Annotation[];
  next: string | null;
}

export type ActivityItem = { kind: "run"; run: App } | { kind: "trace"; trace: TraceSummary };

/** `GET activity`, asked like `GET traces`. */
export interface ActivityList {
  items: ActivityItem[];
  next: string | null;
  search: Search;
}

/** A run by its names. `partition` is null where the link did not say: the server then knows whether there are several. */
export interface RunName {
  project: string;
  app: string;
  partition: string | null;
}

/** A step by its number and attempt. */
export interface StepName {
  sequence: number;
  attempt: number;
}

/** A step by its number; of several attempts the last where none is said. */
export interface AnyAttempt {
  sequence: number;
  attempt: number | null;
}

/** In the place of a step: what there was before the first. */
export const START: AnyAttempt = { sequence: -1, attempt: null };

const segment = encodeURIComponent;

type Parameters = Record<string, string | number | null | undefined>;

function address({ project, app, partition }: RunName, rest: string, parameters: Parameters = {}): string {
  const search = new URLSearchParams();
  if (partition !== null) search.set("partition", partition);
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null && value !== undefined) search.set(name, String(value));
  }
  const query = search.toString();
  return `projects/${segment(project)}/apps/${segment(app)}${rest}${query === "" ? "" : `?${query}`}`;
}

export const runs = {
  activity: (search: URLSearchParams, page: PageOf, signal?: AbortSignal) =>
    request<ActivityList>("GET", `activity?${withPage(search, page)}`, signal),
  app: (run: RunName, signal?: AbortSignal) => request<AppDetail>("GET", address(run, ""), signal),
  /** `from` is a place in the order of the steps. */
  steps: (run: RunName, { limit, from }: { limit: number; from: number }, signal?: AbortSignal) =>
    request<StepList>("GET", address(run, "/steps", { limit, from }), signal, undefined, exact),
  step: (run: RunName, { sequence, attempt }: StepName, signal?: AbortSignal) =>
    request<StepDetail>("GET", address(run, `/steps/${sequence}`, { attempt }), signal, undefined, exact),
  state: (run: RunName, step: AnyAttempt, { when, key }: { when: When; key?: string }, signal?: AbortSignal) => {
    const { sequence: seq, attempt } = step;
    const parameters = { seq, attempt, when: when === "after" ? null : when, key };
    return request<StateAnswer>("GET", address(run, "/state", parameters), signal, undefined, exact);
  },
  /** What a test needs to take a step again, as the server writes it. */
  testCase: (run: RunName, { sequence: seq, attempt }: StepName, signal?: AbortSignal) =>
    request<string>("GET", address(run, "/test-case", { seq, attempt }), signal, undefined, (text) => text),
  /** Against the state before the step where `from` is null. */
  diff: (run: RunName, from: AnyAttempt | null, to: StepName, signal?: AbortSignal) =>
    request<StateDiff>(
      "GET",
      address(run, "/diff", {
        from: from?.sequence,
        from_attempt: from?.attempt,
        to: to.sequence,
        to_attempt: to.attempt,
      }),
      signal,
      undefined,
      exact,
    ),
  remarks: (run: RunName, page: PageOf, signal?: AbortSignal) =>
    request<RemarkList>("GET", address(run, "/remarks", { ...page }), signal),
  annotations: (run: RunName, sequence: number, signal?: AbortSignal) =>
    request<AnnotationList>("GET", address(run, "/annotations", { sequence, limit: 200 }), signal),
  annotate: (run: RunName, text: AnnotationText) =>
    request<Annotation>("POST", address(run, "/annotations"), undefined, text),
  revise: (run: RunName, id: number, text: AnnotationText) =>
    request<Annotation>("PUT", address(run, `/annotations/${id}`), undefined, text),
  unannotate: (run: RunName, id: number) => request<unknown>("DELETE", address(run, `/annotations/${id}`)),
  remove: (run: RunName) => request<unknown>("DELETE", address(run, "")),
};
