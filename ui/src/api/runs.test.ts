import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

interface Schema {
  properties?: Record<string, unknown>;
  allOf?: Schema[];
  $ref?: string;
}

const document = JSON.parse(readFileSync("../docs/openapi.json", "utf8"));
const schemas: Record<string, Schema> = document.components.schemas;
const source = readFileSync("src/api/runs.ts", "utf8");

/** The server's names for what the page calls otherwise. */
const NAMES: Record<string, string> = {
  App: "RunSummary",
  TrailStep: "Trail",
  GraphAction: "Action",
  RunGraph: "Graph",
  RunChild: "Child",
  TakenWay: "Taken",
  AppDetail: "Run",
  StepStream: "Stream",
  StateAnswer: "RunState",
  StatePlacement: "Placement",
  TriedWay: "Tried",
  StateChange: "Change",
  StateDiff: "Diff",
  RunRemark: "Remark",
  ActivityList: "Activity",
};

/** What the page alone knows: names of runs and steps that it asks for. */
const OWN = ["RunName", "StepName", "AnyAttempt", "GraphTransition"];

const declared = [...source.matchAll(/^export interface (\w+)(?: extends (\w+))? \{\n([\s\S]*?)^\}/gm)];
const bodies = new Map(declared.map(([, name = "", , body = ""]) => [name, body]));
const properties = (body: string) => [...body.matchAll(/^ {2}(\w+)\??:/gm)].map(([, name]) => name as string);

for (const [, name = "", base = "", body = ""] of declared.filter(([, name]) => !OWN.includes(name ?? ""))) {
  test(`${name} of a run has the properties that the server sends`, () => {
    const schema = schemas[NAMES[name] ?? name];
    expect(schema, `the server has no ${name}`).toBeDefined();
    const all = [...properties(body), ...properties(bodies.get(base) ?? "")];
    expect(all.sort()).toEqual(Object.keys(schema?.properties ?? {}).sort());
  });
}
