/** Lays a graph out in a worker; a graph that takes too long gets the plain layout instead, and keeps it. */

import ElkApi, { type ElkEdgeSection, type ElkNode } from "elkjs/lib/elk-api.js";
import workerUrl from "elkjs/lib/elk-worker.min.js?url";
import { layered, type Placement, type Point, type StateGraph } from "../../model/runGraph";

/** The page shows no graph for as long as this at most. */
const PATIENCE_MS = 1300;

const OPTIONS = {
  "elk.algorithm": "layered",
  "elk.direction": "DOWN",
  "elk.edgeRouting": "ORTHOGONAL",
  "elk.spacing.nodeNode": "24",
  "elk.spacing.edgeNode": "16",
  "elk.spacing.edgeLabel": "4",
  "elk.layered.spacing.nodeNodeBetweenLayers": "28",
  "elk.layered.spacing.edgeNodeBetweenLayers": "12",
  "elk.layered.nodePlacement.strategy": "BRANDES_KOEPF",
  "elk.layered.nodePlacement.favorStraightEdges": "true",
  "elk.layered.considerModelOrder.strategy": "NODES_AND_EDGES",
  "elk.edgeLabels.inline": "false",
};

/** Conditions on so many ways fit between the boxes; beyond, they are told when a way is pointed at. */
const MOST_LABELS = 60;
/** How wide a letter of a condition is. */
export const LETTER = 6.1;
/** Letters that are left for how often a way was taken, or for what came of it. */
const COUNT = 4;

export const hasLabels = ({ ways }: StateGraph): boolean => ways.length <= MOST_LABELS;

/** A condition as it stands at its way. */
export const labelOf = (condition: string): string =>
  condition.length > 26 ? `${condition.slice(0, 25)}…` : condition;

export async function place(graph: StateGraph): Promise<Placement> {
  const worker = new Worker(workerUrl);
  const elk = new ElkApi({ workerFactory: () => worker });
  const late = new Promise<null>((done) => setTimeout(() => done(null), PATIENCE_MS));
  try {
    const placed = await Promise.race([elk.layout(asked(graph)), late]);
    return placed === null ? layered(graph) : answered(placed);
  } catch {
    return layered(graph); // A graph that the library refuses can be drawn all the same.
  } finally {
    worker.terminate();
  }
}

function asked(graph: StateGraph): ElkNode {
  const labelled = hasLabels(graph);
  return {
    id: "graph",
    layoutOptions: OPTIONS,
    children: graph.nodes.map(({ id, width, height, isEntry }) => ({
      id: `n ${id}`,
      width,
      height,
      ...(isEntry ? { layoutOptions: { "elk.layered.layering.layerConstraint": "FIRST" } } : {}),
    })),
    edges: graph.ways.map(({ id, from, to, condition }) => ({
      id: `w ${id}`,
      sources: [`n ${from}`],
      targets: [`n ${to}`],
      // What a run does when no condition holds is the way that the eye follows.
      ...(condition === "" ? { layoutOptions: { "elk.layered.priority.straightness": "10" } } : {}),
      labels:
        labelled && condition !== ""
          ? [{ text: condition, width: (labelOf(condition).length + COUNT) * LETTER, height: 14 }]
          : [],
    })),
  };
}

function answered({ children = [], edges = [] }: ElkNode): Placement {
  const nodes = new Map(children.map(({ id, x = 0, y = 0 }): [string, Point] => [id.slice(2), { x, y }]));
  const ways = new Map(
    edges.map(({ id, sections = [], labels = [] }): [string, { points: Point[]; label: Point | null }] => {
      const label = labels[0];
      const middle =
        label?.x === undefined || label.y === undefined
          ? null
          : { x: label.x + (label.width ?? 0) / 2, y: label.y + (label.height ?? 0) / 2 };
      return [id.slice(2), { points: sections.flatMap(pointsOf), label: middle }];
    }),
  );
  return { nodes, ways };
}

const pointsOf = ({ startPoint, bendPoints = [], endPoint }: ElkEdgeSection): Point[] => [
  startPoint,
  ...bendPoints,
  endPoint,
];
