import "@xyflow/react/dist/base.css";
import {
  type Node,
  type NodeProps,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
  useStore,
  ViewportPortal,
} from "@xyflow/react";
import { memo, useEffect, useMemo, useState } from "react";
import type { AppDetail, Choice, Step } from "../../api/runs";
import { judged } from "../../model/choice";
import { count, line, plural } from "../../model/format";
import { nameOf } from "../../model/run";
import {
  type ActionNode,
  extentOf,
  inputName,
  type Placement,
  type Reached,
  type StateGraph,
  stateGraph,
} from "../../model/runGraph";
import { Icon } from "../Icon";
import { Ways } from "./GraphWays";
import { VERDICT_ICONS } from "./NextSteps";
import { place } from "./placement";
import "./GraphPane.css";

interface GraphPaneProps {
  detail: AppDetail;
  /** The chosen step: its action is lit. */
  current: Step | null;
  /** What the run had done by then; null where that is not known. */
  reached: Reached | null;
  onSelect: (action: string) => void;
  onBack: () => void;
}

/** What the run may do, and what it did of that. */
export function GraphPane({ detail, current, reached, onSelect, onBack }: GraphPaneProps) {
  const [withInputs, setWithInputs] = useState(false);
  const hasInputs =
    detail.graph?.actions.some((each) =>
      [...each.inputs, ...each.optional_inputs].some((input) => !input.startsWith("__")),
    ) ?? false;
  return (
    <>
      <div className="runpane-title">
        <button type="button" className="btn quiet runpane-back" onClick={onBack}>
          <Icon name="left" small />
          Step
        </button>
        <h2>Graph</h2>
        <span className="grow" />
        {hasInputs && (
          <button
            type="button"
            className="btn quiet"
            aria-pressed={withInputs}
            onClick={() => setWithInputs(!withInputs)}
          >
            {withInputs && <Icon name="check" small />}
            inputs
          </button>
        )}
        <span className="d xs graph-key">
          <svg width="14" height="2" aria-hidden="true">
            <path d="M0 1h14" stroke="var(--path)" strokeWidth="2" />
          </svg>
          taken
        </span>
        <span className="d xs graph-key">
          <svg width="14" height="2" aria-hidden="true">
            <path d="M0 1h14" stroke="var(--ink-3)" strokeDasharray="3 2" />
          </svg>
          tried, not taken
        </span>
      </div>
      <div className="graphpane">
        {detail.graph === null ? (
          <p className="graph-note sm d">The graph of this run was not recorded. Its steps are all here.</p>
        ) : (
          <ReactFlowProvider>
            <Drawing detail={detail} withInputs={withInputs} current={current} reached={reached} onSelect={onSelect} />
          </ReactFlowProvider>
        )}
      </div>
    </>
  );
}

/** What the marks on the ways mean, as far as there are any. */
function TriedKey({ step, choice }: { step: Step; choice: Choice }) {
  const found = new Set(judged([], choice).map(({ verdict }) => verdict));
  return (
    <p className="graph-tried xs m">
      after {nameOf(step)}:
      {TRIED.filter((verdict) => found.has(verdict)).map((verdict) => (
        <span key={verdict} className="graph-key">
          <Icon name={VERDICT_ICONS[verdict]} small />
          {verdict}
        </span>
      ))}
    </p>
  );
}

const TRIED = ["chosen", "false", "error"] as const;

interface BoxData extends Record<string, unknown> {
  of: ActionNode;
  current: "no" | "yes" | "failed";
  /** Reached later than the chosen step. */
  ahead: boolean;
  onSelect: (action: string) => void;
}

type BoxNode = Node<BoxData, "box">;
const NODE_TYPES = { box: memo(Box) };

/** Beyond so many boxes only those in sight are drawn. */
const MANY = 60;

function Drawing({
  detail,
  withInputs,
  current,
  reached,
  onSelect,
}: Omit<GraphPaneProps, "onBack"> & { withInputs: boolean }) {
  const { graph: given, action_counts, taken } = detail;
  const last = detail.app.last_action;
  const shape = JSON.stringify(given);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the same graph comes anew with each answer
  const recorded = useMemo(() => given, [shape]);
  const graph = useMemo(
    () => (recorded ? stateGraph(recorded, action_counts, taken, withInputs, last) : { nodes: [], ways: [] }),
    [recorded, action_counts, taken, withInputs, last],
  );
  const placement = usePlacement(graph, `${shape} ${withInputs}`);
  const { action, state } = current ?? { action: null, state: null };
  const nodes = useMemo(
    () => (placement ? boxes(graph, placement, { action, failed: state === "failed", reached, onSelect }) : []),
    [graph, placement, action, state, reached, onSelect],
  );
  const tried = JSON.stringify(current?.choice?.tried.map(({ to }) => to) ?? []);
  if (placement === null) {
    return (
      <p className="graph-note sm d" role="status">
        Drawing the graph…
      </p>
    );
  }
  return (
    <ReactFlow<BoxNode>
      nodes={nodes}
      nodeTypes={NODE_TYPES}
      nodesDraggable={false}
      nodesConnectable={false}
      nodesFocusable={false}
      elementsSelectable={false}
      disableKeyboardA11y
      zoomOnDoubleClick={false}
      onlyRenderVisibleElements={nodes.length > MANY}
      minZoom={0.05}
      maxZoom={1.5}
      proOptions={{ hideAttribution: true }}
    >
      <ViewportPortal>
        <Ways graph={graph} placement={placement} reached={reached} current={current} />
      </ViewportPortal>
      <Sight graph={graph} placement={placement} action={action} tried={tried} />
      {current?.choice && current.choice.tried.length > 0 && <TriedKey step={current} choice={current.choice} />}
    </ReactFlow>
  );
}

/** Pinned: what the run does next moves nothing, only another graph is laid out anew. */
function usePlacement(graph: StateGraph, key: string): Placement | null {
  const [placed, setPlaced] = useState<{ key: string; placement: Placement } | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: where things stand depends on the shape alone
  useEffect(() => {
    let isWanted = true;
    void place(graph).then((placement) => isWanted && setPlaced({ key, placement }));
    return () => {
      isWanted = false;
    };
  }, [key]);
  const fits = placed !== null && graph.nodes.every(({ id }) => placed.placement.nodes.has(id));
  return fits ? placed.placement : null;
}

interface Lit {
  action: string | null;
  failed: boolean;
  reached: Reached | null;
  onSelect: (action: string) => void;
}

function boxes(graph: StateGraph, placement: Placement, { action, failed, reached, onSelect }: Lit): BoxNode[] {
  return graph.nodes.map((of) => ({
    id: of.id,
    type: "box",
    position: placement.nodes.get(of.id) ?? { x: 0, y: 0 },
    width: of.width,
    height: of.height,
    data: {
      of,
      current: of.id !== action ? "no" : failed ? "failed" : "yes",
      ahead: of.action !== null && reached !== null && !reached.actions.has(of.id),
      onSelect,
    },
  }));
}

function Box({ data: { of, current, ahead, onSelect } }: NodeProps<BoxNode>) {
  const { id, action, visits, errors, state } = of;
  if (action === null) {
    return (
      <span className={`actionnode input ${state}`} title={`input ${inputName(id)}`}>
        <Icon name="right" />
        <span className="el">{line(inputName(id))}</span>
      </span>
    );
  }
  const failed = current === "failed" || (current === "no" && !ahead && state === "failed");
  const note = [
    visits === 0 ? "not reached" : `ran ${plural(visits, "time")}`,
    errors > 0 ? `failed ${plural(errors, "time")}` : "",
  ];
  return (
    <button
      type="button"
      className={`actionnode nodrag ${state === "never" ? "never" : ahead ? "ahead" : ""}${failed ? " failed" : ""}${current === "no" ? "" : " current"}`}
      title={[line(id), ...note, action.tags.length > 0 ? `tags ${action.tags.join(", ")}` : ""]
        .filter(Boolean)
        .join("\n")}
      aria-current={current === "no" ? undefined : "step"}
      aria-label={`${line(id)}, ${note.filter(Boolean).join(", ")}`}
      disabled={visits === 0}
      onClick={() => onSelect(id)}
    >
      <Icon name="function" />
      <span className="el grow">{line(id)}</span>
      {errors > 0 && (
        <span className="err">
          <Icon name="cross" small />
        </span>
      )}
      {visits > 1 && <span className="actionnode-visits">×{count(visits)}</span>}
    </button>
  );
}

const LEAST_READABLE = 0.72;
/** A little smaller is well, where all that was tried is seen then. */
const LEAST_SEEN = 0.6;
const MARGIN = 16;

interface SightProps {
  graph: StateGraph;
  placement: Placement;
  action: string | null;
  /** Where it could go on to from there, as JSON: it is seen too, where there is room. */
  tried: string;
}

/** Looks at the whole graph where that can be read, else at the action that is lit; and the arrows' heads. */
function Sight({ graph, placement, action, tried }: SightProps) {
  const { fitView, setCenter, getZoom, getViewport } = useReactFlow();
  const [width, height] = [useStore((store) => store.width), useStore((store) => store.height)];
  const targets: string[] = useMemo(() => JSON.parse(tried), [tried]);
  const whole = () => fitView({ padding: 0.06, maxZoom: 1 });
  // biome-ignore lint/correctness/useExhaustiveDependencies: another layout or another size is looked at anew
  useEffect(() => {
    if (width === 0 || height === 0) return;
    let isWanted = true;
    void whole().then(() => {
      if (isWanted && getZoom() < LEAST_READABLE) look(action ?? graph.nodes[0]?.id ?? null);
    });
    return () => {
      isWanted = false;
    };
  }, [placement, width, height]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: only another action moves the sight
  useEffect(() => {
    if (action === null || width === 0) return;
    const { x, y, zoom } = getViewport();
    const box = extentOf(graph, placement, action, targets);
    if (box === null) return;
    const isInSight =
      box.left * zoom + x >= 0 &&
      box.top * zoom + y >= 0 &&
      box.right * zoom + x <= width &&
      box.bottom * zoom + y <= height;
    if (!isInSight) look(action);
  }, [action, tried]);

  function look(id: string | null) {
    const alone = id === null ? null : extentOf(graph, placement, id, []);
    if (id === null || alone === null) return;
    const wanted = Math.max(LEAST_READABLE, getZoom());
    const all = extentOf(graph, placement, id, targets) ?? alone;
    const fitting = Math.min(width / (all.right - all.left + MARGIN), height / (all.bottom - all.top + MARGIN));
    const fits = fitting >= LEAST_SEEN;
    const { left, top, right, bottom } = fits ? all : alone;
    void setCenter((left + right) / 2, (top + bottom) / 2, { zoom: fits ? Math.min(wanted, fitting) : wanted });
  }
  return (
    <div className="graph-tools">
      <button
        type="button"
        className="btn sq"
        title="The whole graph"
        aria-label="The whole graph"
        onClick={() => void whole()}
      >
        <Icon name="search" />
      </button>
    </div>
  );
}
