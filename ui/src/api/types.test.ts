import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

interface Schema {
  type?: string;
  enum?: string[];
  properties?: Record<string, unknown>;
}

const document = JSON.parse(readFileSync("../docs/openapi.json", "utf8"));
const schemas: Record<string, Schema> = document.components.schemas;
const types = readFileSync("src/api/types.ts", "utf8");

/** The server's names for what the page calls otherwise. */
const NAMES: Record<string, string> = { TraceTree: "Trace", Content: "SpanContent", TextPlace: "Place" };

/** The properties of an interface of types.ts, those of objects inside it left out. */
function properties(body: string): string[] {
  return [...body.matchAll(/^ {2}(\w+)\??:/gm)].map(([, name]) => name as string);
}

const interfaces = [...types.matchAll(/^export interface (\w+) \{\n([\s\S]*?)^\}/gm)];

for (const [, name, body] of interfaces.filter(([, name]) => name !== "LiveEvents")) {
  test(`${name} has the properties that the server sends`, () => {
    const schema = schemas[NAMES[name as string] ?? (name as string)];
    expect(schema, `the server has no ${name}`).toBeDefined();
    expect(properties(body as string).sort()).toEqual(Object.keys(schema?.properties ?? {}).sort());
  });
}

test("every live event has the properties that the server sends", () => {
  const events = {
    trace: "LiveTrace",
    span: "LiveSpan",
    run: "LiveRun",
    step: "LiveStep",
    stats: "LiveStats",
    lagged: "LiveLagged",
  };
  const body = interfaces.find(([, name]) => name === "LiveEvents")?.[2] ?? "";
  for (const [event, schema] of Object.entries(events)) {
    const inner = body.match(new RegExp(`^ {2}${event}: \\{([\\s\\S]*?)\\};`, "m"))?.[1] ?? "";
    const names = [...inner.matchAll(/(?:^|;)\s*(\w+):/g)].map(([, name]) => name as string);
    expect(names.sort()).toEqual(Object.keys(schemas[schema]?.properties ?? {}).sort());
  }
});

test("every word that the server may send for a state has a meaning here", () => {
  const enums = { TraceStatus: "TraceStatus", SpanKind: "SpanKind", StatusCode: "StatusCode", DataKind: "DataKind" };
  const more = {
    Dialect: "Dialect",
    Category: "SpanCategory",
    SpanState: "SpanState",
    ListenerState: "ListenState",
    WatchState: "WatchState",
  };
  for (const [name, schema] of Object.entries({ ...enums, ...more })) {
    const words = types.match(new RegExp(`export type ${name} =([^;]*);`))?.[1] ?? "";
    const known = [...words.matchAll(/"(\w+)"/g)].map(([, word]) => word as string);
    expect(known.sort()).toEqual([...(schemas[schema]?.enum ?? [])].sort());
  }
});
