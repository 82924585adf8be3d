import { readFileSync } from "node:fs";
import type { Server } from "./server";

type Item = Record<string, unknown> & { object: string; id: string };

interface Recording {
  scenarios: Record<string, { body: { data: Item[] } }[]>;
}

const read = (file: string): Recording =>
  JSON.parse(readFileSync(`../fixtures/openai-agents/native-python-${file}.json`, "utf8"));

const FILES = { chat: read("chat"), responses: read("responses"), helpers: read("helpers") };

/** What the Agents SDK sent in a recorded run, a body for each request. */
export function recorded(file: keyof typeof FILES, scenario: string): { data: Item[] }[] {
  const requests = FILES[file].scenarios[scenario];
  if (!requests) throw new Error(`nobody recorded ${scenario} for ${file}`);
  return requests.map(({ body }) => body);
}

export async function ingest(server: Server, ...bodies: { data: unknown[] }[]): Promise<void> {
  for (const body of bodies) await server.post("/v1/traces/ingest", body);
}

/** The traces of some bodies, as they are known here: the hexadecimal digits of the client's ids. */
export function traceIds(bodies: { data: Item[] }[]): string[] {
  const traces = bodies.flatMap(({ data }) => data.filter(({ object }) => object === "trace"));
  return traces.map(({ id }) => id.replace(/^trace_/, ""));
}

export const traceItem = (id: string, name: string, group: string | null = null) => ({
  object: "trace",
  id,
  workflow_name: name,
  group_id: group,
  metadata: null,
});

export function spanItem(
  trace_id: string,
  id: string,
  parent_id: string | null,
  span_data: unknown,
  error: unknown = null,
) {
  const now = new Date().toISOString();
  return { object: "trace.span", id, trace_id, parent_id, started_at: now, ended_at: now, span_data, error };
}
