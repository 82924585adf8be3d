import { expect, test } from "vitest";
import type { RunGraph } from "../api/runs";
import { extentOf, layered, pathOf, stateGraph } from "./runGraph";

const action = (name: string, inputs: string[] = []) => ({
  name,
  reads: [],
  writes: [],
  inputs,
  optional_inputs: [],
  tags: [],
  code: null,
});

const graph: RunGraph = {
  entrypoint: "ask",
  actions: [action("ask", ["prompt", "__tracer"]), action("answer", ["prompt"]), action("give_up")],
  transitions: [
    { from: "ask", to: "answer", condition: "default" },
    { from: "ask", to: "give_up", condition: "tries > 3" },
    { from: "answer", to: "ask", condition: "unclear" },
    { from: "give_up", to: "ask", condition: "default" },
    { from: "ask", to: "nowhere", condition: "default" },
  ],
};
const visits = (count: number, errors = 0) => ({ visits: count, errors, duration_ns: 1 });

test("a graph knows what was reached, taken, and tried in vain", () => {
  const counts = { ask: visits(2), answer: visits(1, 1) };
  const { nodes, ways } = stateGraph(graph, counts, [{ from: "ask", to: "answer", count: 1 }], false);
  expect(nodes.map(({ id, state, visits: times, isEntry }) => [id, state, times, isEntry])).toEqual([
    ["ask", "visited", 2, true],
    ["answer", "failed", 1, false],
    ["give_up", "never", 0, false],
  ]);
  expect(ways.map(({ from, to, state, condition }) => `${from} ${to} ${state} ${condition}`)).toEqual([
    "ask answer taken ",
    "ask give_up tried tries > 3",
    "answer ask tried unclear",
    "give_up ask ahead ",
  ]);
});

test("where a run ended it tried no way", () => {
  const counts = { ask: visits(1), answer: visits(1) };
  const { ways } = stateGraph(graph, counts, [{ from: "ask", to: "answer", count: 1 }], false, "answer");
  expect(ways.find(({ from }) => from === "answer")?.state).toBe("ahead");
});

test("inputs stand apart, but for those of the framework", () => {
  const { nodes, ways } = stateGraph(graph, {}, [], true);
  expect(nodes.slice(3).map(({ id }) => id)).toEqual(["input:prompt"]);
  expect(ways.slice(4).map(({ from, to }) => [from, to])).toEqual([
    ["input:prompt", "ask"],
    ["input:prompt", "answer"],
  ]);
});

test("the plain layout puts every action below what leads to it, and no two in one place", () => {
  const placed = layered(stateGraph(graph, {}, [], false));
  expect([...placed.nodes].map(([id, { y }]) => [id, y])).toEqual([
    ["ask", 0],
    ["answer", 72],
    ["give_up", 72],
  ]);
  expect(placed.nodes.get("answer")?.x).not.toBe(placed.nodes.get("give_up")?.x);
  expect(placed.ways.size).toBe(4);
});

test("an action is seen with what it could go on to", () => {
  const drawn = stateGraph(graph, {}, [], false);
  const placed = layered(drawn);
  const alone = extentOf(drawn, placed, "ask", []);
  expect(alone).toMatchObject({ top: 0, bottom: 32 });
  expect(extentOf(drawn, placed, "ask", ["answer", "give_up"])).toMatchObject({ top: 0, bottom: 104 });
  expect(extentOf(drawn, placed, "elsewhere", [])).toBeNull();
});

test("ways have round corners, and end where they should", () => {
  const points = [
    { x: 0, y: 0 },
    { x: 0, y: 20 },
    { x: 30, y: 20 },
  ];
  expect(pathOf(points)).toBe("M0 0L0 14Q0 20 6 20L30 20");
  expect(pathOf([])).toBe("");
});
