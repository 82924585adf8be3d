/** The graph of a run's actions as boxes and ways, with what the run did of it. */

import type { ActionCount, GraphAction, RunGraph, TakenWay } from "../api/runs";
import { grouped } from "./grouped";

/** `failed`: the last time that it ran. `never`: no step has reached it. */
export type NodeState = "visited" | "failed" | "never";

export interface ActionNode {
  id: string;
  /** Null for an input. */
  action: GraphAction | null;
  visits: number;
  errors: number;
  state: NodeState;
  isEntry: boolean;
  width: number;
  height: number;
}

/** `taken` by the run; `tried`: it stood there and went elsewhere; `ahead`: it never stood there. */
export type WayState = "taken" | "tried" | "ahead";

export interface Way {
  id: string;
  from: string;
  to: string;
  /** Empty where it is always taken. */
  condition: string;
  count: number;
  state: WayState;
  /** From an input into the action that takes it. */
  isInput: boolean;
}

export interface StateGraph {
  nodes: ActionNode[];
  ways: Way[];
}

export interface Point {
  x: number;
  y: number;
}

/** Where everything stands; `label` is the middle of a condition. */
export interface Placement {
  nodes: ReadonlyMap<string, Point>;
  ways: ReadonlyMap<string, { points: Point[]; label: Point | null }>;
}

const HEIGHT = 32;
const LETTER = 7;
const AROUND = 72;

/** What a run had done when it stood at a step. */
export interface Reached {
  actions: ReadonlySet<string>;
  /** As `wayKey` names them. */
  ways: ReadonlySet<string>;
}

export const wayKey = (from: string, to: string): string => `${from}\n${to}`;

/** What these steps, from a run's first on, had reached. */
export function reachedBy(steps: { action: string }[]): Reached {
  const actions = new Set(steps.map(({ action }) => action));
  const ways = new Set(steps.slice(1).map(({ action }, i) => wayKey(steps[i]?.action ?? "", action)));
  return { actions, ways };
}

const INPUT = "input:";

/** Inputs that the framework gives by itself are none of the reader's. */
const isOwnInput = (name: string) => !name.startsWith("__");

export const conditionText = (condition: string): string => (condition === "default" ? "" : condition);

/** `last` is the action where the run ended or still is: from there it tried no way that time. */
export function stateGraph(
  graph: RunGraph,
  counts: { [action: string]: ActionCount },
  taken: TakenWay[],
  withInputs: boolean,
  last: string | null = null,
): StateGraph {
  const nodes = graph.actions.map((action): ActionNode => {
    const { visits = 0, errors = 0 } = counts[action.name] ?? {};
    return {
      id: action.name,
      action,
      visits,
      errors,
      state: visits === 0 ? "never" : errors === visits ? "failed" : "visited",
      isEntry: action.name === graph.entrypoint,
      ...sizeOf(action.name),
    };
  });
  const known = new Set(graph.actions.map(({ name }) => name));
  const goes = new Map(taken.map(({ from, to, count }) => [wayKey(from, to), count]));
  const ways = graph.transitions
    .filter(({ from, to }) => known.has(from) && known.has(to))
    .map(({ from, to, condition }, i): Way => {
      const count = goes.get(wayKey(from, to)) ?? 0;
      const stood = (counts[from]?.visits ?? 0) > (from === last ? 1 : 0);
      const state = count > 0 ? "taken" : stood ? "tried" : "ahead";
      return { id: `${i}`, from, to, condition: conditionText(condition), count, state, isInput: false };
    });
  if (withInputs) addInputs(graph.actions, nodes, ways);
  return { nodes, ways };
}

function addInputs(actions: GraphAction[], nodes: ActionNode[], ways: Way[]) {
  const seen = new Set<string>();
  for (const { name, inputs, optional_inputs } of actions) {
    for (const input of [...inputs, ...optional_inputs].filter(isOwnInput)) {
      const id = INPUT + input;
      const visited = nodes.some((node) => node.id === name && node.visits > 0);
      if (!seen.has(id)) {
        seen.add(id);
        const state = visited ? "visited" : "never";
        nodes.push({ id, action: null, visits: 0, errors: 0, state, isEntry: false, ...sizeOf(input) });
      }
      ways.push({ id: `${id} ${name}`, from: id, to: name, condition: "", count: 0, state: "ahead", isInput: true });
    }
  }
}

/** What stands in an input's box. */
export const inputName = (id: string): string => id.slice(INPUT.length);

function sizeOf(name: string): { width: number; height: number } {
  return { width: Math.round(Math.min(240, Math.max(112, name.length * LETTER + AROUND))), height: HEIGHT };
}

/** A box on the drawing. */
export interface Extent {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** What stands around an action and those that ways from it lead to, with these ways; null for an action that is not there. */
export function extentOf(graph: StateGraph, placement: Placement, action: string, targets: string[]): Extent | null {
  const all: Extent[] = [];
  for (const { id, width, height } of graph.nodes) {
    const at = placement.nodes.get(id);
    if (at === undefined || (id !== action && !targets.includes(id))) continue;
    all.push({ left: at.x, top: at.y, right: at.x + width, bottom: at.y + height });
  }
  for (const { id, from, to, condition } of graph.ways) {
    const way = placement.ways.get(id);
    if (way === undefined || from !== action || !targets.includes(to)) continue;
    for (const { x, y } of way.points) all.push({ left: x, top: y, right: x, bottom: y });
    const half = (condition.length * LETTER) / 2 + HEIGHT / 2;
    if (way.label)
      all.push({ left: way.label.x - half, top: way.label.y, right: way.label.x + half, bottom: way.label.y });
  }
  if (all.length === 0) return null;
  return {
    left: Math.min(...all.map(({ left }) => left)),
    top: Math.min(...all.map(({ top }) => top)),
    right: Math.max(...all.map(({ right }) => right)),
    bottom: Math.max(...all.map(({ bottom }) => bottom)),
  };
}

const LAYER = 72;
const GAP = 28;
const LANE = 12;
const MOST_IN_LINE = 8;

/** A plain layout, at once: actions in layers by their distance from where a run begins. */
export function layered({ nodes, ways }: StateGraph): Placement {
  const layer = layers(nodes, ways);
  const rows = [...grouped(nodes, ({ id }) => layer.get(id) ?? 0)].sort(([a], [b]) => a - b);
  const placed = new Map<string, Point>();
  const boxes = new Map<string, ActionNode>(nodes.map((node) => [node.id, node]));
  const lines = rows.flatMap(([, members]) => inLines(members));
  for (const [row, members] of lines.entries()) {
    const whole = members.reduce((sum, { width }) => sum + width + GAP, -GAP);
    let x = -whole / 2;
    for (const { id, width } of members) {
      placed.set(id, { x, y: row * LAYER });
      x += width + GAP;
    }
  }
  const drawn = new Map<string, { points: Point[]; label: Point | null }>();
  for (const way of ways) {
    const [from, to] = [boxes.get(way.from), boxes.get(way.to)];
    const [a, b] = [placed.get(way.from), placed.get(way.to)];
    if (from && to && a && b) drawn.set(way.id, straight(from, a, to, b));
  }
  return { nodes: placed, ways: drawn };
}

/** Many actions in one layer would be read from afar only: they stand in several lines. */
function inLines(members: ActionNode[]): ActionNode[][] {
  const lines = Math.ceil(members.length / MOST_IN_LINE);
  return Array.from({ length: lines }, (_, i) => members.slice(i * MOST_IN_LINE, (i + 1) * MOST_IN_LINE));
}

/** How far each action is from the first: breadth first, so that a way back changes nothing. */
function layers(nodes: ActionNode[], ways: Way[]): Map<string, number> {
  const next = grouped(ways, ({ from }) => from);
  const layer = new Map<string, number>();
  const roots = nodes.filter(({ isEntry, action }) => isEntry || action === null);
  for (const root of [...roots, ...nodes]) {
    if (layer.has(root.id)) continue;
    layer.set(root.id, 0);
    const queue = [root.id];
    for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
      for (const { to } of next.get(at) ?? []) {
        if (layer.has(to)) continue;
        layer.set(to, (layer.get(at) ?? 0) + 1);
        queue.push(to);
      }
    }
  }
  return layer;
}

function straight(from: ActionNode, a: Point, to: ActionNode, b: Point) {
  if (from.id === to.id) {
    const [right, top] = [a.x + from.width, a.y + 8];
    const points = [
      { x: right, y: top },
      { x: right + LANE * 1.5, y: top },
      { x: right + LANE * 1.5, y: top + 16 },
      { x: right, y: top + 16 },
    ];
    return { points, label: { x: right + LANE * 1.5 + 30, y: top + 8 } };
  }
  const goesDown = b.y > a.y;
  const start = { x: a.x + from.width / 2, y: goesDown ? a.y + from.height : a.y };
  const end = { x: b.x + to.width / 2, y: goesDown ? b.y : b.y + to.height };
  return { points: [start, end], label: { x: (start.x + end.x) / 2, y: (start.y + end.y) / 2 } };
}

/** A way as an SVG path with round corners. */
export function pathOf(points: Point[], radius = 6): string {
  const [first, ...rest] = points;
  if (!first) return "";
  let path = `M${first.x} ${first.y}`;
  let before = first;
  for (const [i, point] of rest.entries()) {
    const after = rest[i + 1];
    if (!after) {
      path += `L${point.x} ${point.y}`;
      break;
    }
    const [into, out] = [toward(point, before, radius), toward(point, after, radius)];
    path += `L${into.x} ${into.y}Q${point.x} ${point.y} ${out.x} ${out.y}`;
    before = point;
  }
  return path;
}

function toward(from: Point, to: Point, most: number): Point {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const far = Math.hypot(dx, dy);
  if (far === 0) return from;
  const part = Math.min(most, far / 2) / far;
  return { x: round(from.x + dx * part), y: round(from.y + dy * part) };
}

const round = (n: number) => Math.round(n * 10) / 10;
