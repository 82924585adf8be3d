import { useReactFlow, useStore } from "@xyflow/react";
import { memo, useCallback, useMemo } from "react";
import type { Step } from "../../api/runs";
import { type JudgedWay, judged, verdictWord } from "../../model/choice";
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
import { hasLabels, LETTER, labelOf } from "./placement";

const ORDER = { ahead: 0, tried: 1, taken: 2 };

interface WaysProps {
  graph: StateGraph;
  placement: Placement;
  reached: Reached | null;
  /** The chosen step: the ways that were tried after it say what came of them. */
  current: Step | null;
}

type Judged = JudgedWay<Way>;

/** What leads from one action to the next: what was taken lies above the rest, and what the chosen step tried above all. */
export const Ways = memo(function Ways({ graph, placement, reached, current }: WaysProps) {
  const { action = "", choice = null } = current ?? {};
  const verdicts = useMemo(() => {
    const leaving = graph.ways.filter(({ from, isInput }) => from === action && !isInput);
    const tried = choice === null ? [] : judged(leaving, choice).filter(({ verdict }) => verdict !== "untried");
    return new Map(tried.flatMap((each): [string, Judged][] => (each.way === null ? [] : [[each.way.id, each]])));
  }, [graph, action, choice]);
  const isNear = useStore(({ transform }) => transform[2] > NEAR);
  const withLabels = isNear && hasLabels(graph);
  const ways = useMemo(() => graph.ways.toSorted((a, b) => ORDER[a.state] - ORDER[b.state]), [graph]);
  const leaving = useMemo(() => grouped(graph.ways, ({ from }) => from), [graph]);
  return (
    <svg className="ways" width="1" height="1" role="group" aria-label="Ways that were tried">
      <defs>
        <Head id="way-chosen" colour="var(--accent)" />
        <Head id="way-taken" colour="var(--path)" />
        <Head id="way-other" colour="var(--ink-3)" />
      </defs>
      {ways.map((way) => {
        const { points = [], label = null } = placement.ways.get(way.id) ?? {};
        if (verdicts.has(way.id)) return null;
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
      {ways.map((way) => {
        const { points = [], label = null } = placement.ways.get(way.id) ?? {};
        const of = verdicts.get(way.id);
        const at = (withLabels && way.condition !== "" ? label : null) ?? middle(points);
        if (of === undefined || at === null) return null;
        const text = withLabels && way.condition !== "" ? labelOf(way.condition) : "";
        return <Tried key={way.id} from={way.from} of={of} points={points} at={at} text={text} />;
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
    <g aria-hidden="true">
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

interface TriedProps {
  from: string;
  of: Judged;
  points: Point[];
  /** Where the mark stands: at the condition, or in the middle of the way. */
  at: Point;
  /** The condition, where there is room for it. */
  text: string;
}

const MARKS = {
  chosen: "M-3 0.5l2 2.500 4-5",
  false: "M-2.500-2.500l5 5m0-5l-5 5",
  error: "M0-3.500v4M0 2.800v.4",
  untried: "",
};

/** A way that was tried after the chosen step: the mark says what came of it, and the keyboard goes through them. */
function Tried({ from, of: { to, condition, verdict, error }, points, at, text }: TriedProps) {
  const { setCenter, getZoom } = useReactFlow();
  const look = useCallback(() => void setCenter(at.x, at.y, { zoom: getZoom() }), [setCenter, getZoom, at.x, at.y]);
  const name = condition === "" ? "" : `if ${line(condition)}`;
  const says = [`${line(from)} → ${line(to)}`, name, verdictWord(verdict, condition), line(error ?? "")];
  const mark = text === "" ? 0 : -(text.length * LETTER) / 2 - 4;
  const path = pathOf(points);
  return (
    // biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: what a condition was must be reachable without a pointer
    <g
      className={`waytried ${verdict}`}
      role="img"
      aria-label={says.filter(Boolean).join(", ")}
      tabIndex={0}
      onFocus={(event) => event.currentTarget.matches(":focus-visible") && look()}
    >
      <title>{says.filter(Boolean).join("\n")}</title>
      <path className="way-hit" d={path} />
      <path className="way" d={path} markerEnd={verdict === "chosen" ? "url(#way-chosen)" : "url(#way-other)"} />
      {text !== "" && (
        <text className="way-label" x={at.x + 5} y={at.y + 3} textAnchor="middle">
          {text}
        </text>
      )}
      <g transform={`translate(${at.x + mark} ${at.y})`}>
        <circle className="waytried-mark" r="6.5" />
        <path className="waytried-sign" d={MARKS[verdict]} />
      </g>
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
