import { useStore } from "@xyflow/react";
import { memo, useMemo } from "react";
import { count, line, plural } from "../../model/format";
import { grouped } from "../../model/grouped";
import {
  type Placement,
  type Point,
  pathOf,
  type Reached,
  type StateGraph,
  type Way,
  wayKey,
} from "../../model/runGraph";
import { hasLabels, labelOf } from "./placement";

const ORDER = { ahead: 0, tried: 1, taken: 2 };

interface WaysProps {
  graph: StateGraph;
  placement: Placement;
  reached: Reached | null;
}

/** What leads from one action to the next: what was taken lies above the rest. */
export const Ways = memo(function Ways({ graph, placement, reached }: WaysProps) {
  const isNear = useStore(({ transform }) => transform[2] > NEAR);
  const withLabels = isNear && hasLabels(graph);
  const ways = useMemo(() => graph.ways.toSorted((a, b) => ORDER[a.state] - ORDER[b.state]), [graph]);
  const leaving = useMemo(() => grouped(graph.ways, ({ from }) => from), [graph]);
  return (
    <svg className="ways" width="1" height="1" aria-hidden="true">
      <defs>
        <Head id="way-taken" colour="var(--path)" />
        <Head id="way-other" colour="var(--ink-3)" />
      </defs>
      {ways.map((way) => {
        const { points = [], label = null } = placement.ways.get(way.id) ?? {};
        return (
          <WayLine
            key={way.id}
            of={way}
            points={points}
            label={withLabels ? (label ?? middle(points)) : null}
            ahead={reached !== null && !reached.ways.has(wayKey(way.from, way.to))}
            isChoice={(leaving.get(way.from)?.length ?? 0) > 1}
          />
        );
      })}
    </svg>
  );
});

/** Nearer than this conditions can be read. */
const NEAR = 0.45;

/** The middle of the longest stretch of a way. */
function middle(points: { x: number; y: number }[]) {
  let best: { x: number; y: number; far: number } | null = null;
  for (const [i, point] of points.entries()) {
    const next = points[i + 1];
    if (!next) break;
    const far = Math.hypot(next.x - point.x, next.y - point.y);
    if (best === null || far > best.far) best = { x: (point.x + next.x) / 2, y: (point.y + next.y) / 2, far };
  }
  return best;
}

interface WayLineProps {
  of: Way;
  points: Point[];
  /** Null where there is no room for a condition. */
  label: Point | null;
  /** Whether another way leaves the same action: of a single one the action's own count says as much. */
  isChoice: boolean;
  /** Taken later than the chosen step. */
  ahead: boolean;
}

function WayLine({ of, points, label, isChoice, ahead }: WayLineProps) {
  const tellsCount = of.count > 1 && (isChoice || of.condition !== "");
  const isLater = ahead && of.state === "taken";
  const path = pathOf(points);
  const condition = of.condition === "" ? "" : `\nif ${line(of.condition)}`;
  return (
    <g>
      <title>{`${line(of.from)} → ${line(of.to)}${condition}\n${became(of)}`}</title>
      <path className="way-hit" d={path} />
      <path
        className={isLater ? "way later" : `way ${of.state}`}
        d={path}
        markerEnd={of.state === "taken" && !isLater ? "url(#way-taken)" : "url(#way-other)"}
      />
      {label && (of.condition !== "" || tellsCount) && (
        <text className={`way-label ${of.state}`} x={label.x} y={label.y + 3} textAnchor="middle">
          {labelOf(of.condition)}
          {tellsCount && (
            <tspan className="way-count" dx={of.condition === "" ? 10 : 4}>
              ×{count(of.count)}
            </tspan>
          )}
        </text>
      )}
    </g>
  );
}

function became({ count: times, state }: Way): string {
  if (times > 0) return `taken ${plural(times, "time")}`;
  return state === "tried" ? "tried, not taken" : "not reached";
}

function Head({ id, colour }: { id: string; colour: string }) {
  return (
    <marker
      id={id}
      viewBox="0 0 8 8"
      refX="7"
      refY="4"
      markerWidth="7"
      markerHeight="7"
      markerUnits="userSpaceOnUse"
      orient="auto"
    >
      <path d="M1 1l6 3-6 3z" fill={colour} />
    </marker>
  );
}
