import { memo } from "react";
import type { Nanoseconds, TreeSpan } from "../api/types";
import { isFrame, KINDS, titleOf } from "../model/agents";
import { type Colour, colourVariable } from "../model/colours";
import { count, duration, line } from "../model/format";
import { entersService, type Node } from "../model/tree";
import { DEEPEST_INDENT, type TimeRange } from "../model/waterfall";
import { Icon } from "./Icon";
import { SpanBar } from "./SpanBar";
import "./SpanRow.css";

const INDENT = 12;

interface SpanRowProps {
  node: Node;
  top: number;
  selected: boolean;
  folded: boolean;
  /** Null while nothing is searched for. */
  found: boolean | null;
  /** Whether what failed the trace is below. */
  failedBelow: boolean;
  /** Whether a parent that is not here is in another trace. */
  parentElsewhere: boolean;
  colour: Colour;
  range: TimeRange;
  width: number;
  now: Nanoseconds;
  lastNews: Nanoseconds;
  onSelect: (node: Node) => void;
  onFold: (node: Node) => void;
}

export const SpanRow = memo(function SpanRow(props: SpanRowProps) {
  const {
    node,
    top,
    selected,
    folded,
    found,
    failedBelow,
    parentElsewhere,
    colour,
    range,
    width,
    now,
    lastNews,
    onSelect,
    onFold,
  } = props;
  const { span } = node;
  const name = span === null ? "" : line(titleOf(span) || "(no name)");
  const data = span?.data ?? null;
  const isParent = node.children.length > 0;
  const failed = span?.status.code === "error";
  const classes = ["spanrow", selected && "sel", found === false && "dim", found === true && "found"];
  const indent = Math.min(node.depth, DEEPEST_INDENT) * INDENT;
  return (
    <div
      className={classes.filter(Boolean).join(" ")}
      style={{ transform: `translateY(${top}px)` }}
      role="treeitem"
      aria-level={node.depth + 1}
      aria-posinset={node.position}
      aria-setsize={node.siblings}
      aria-expanded={isParent ? !folded : undefined}
      aria-selected={selected}
      tabIndex={selected ? 0 : -1}
      data-span={node.key}
      onClick={() => onSelect(node)}
      onDoubleClick={() => isParent && onFold(node)}
    >
      <div className="spanrow-tree">
        <i className="spanrow-guides" style={{ width: indent }} />
        {isParent ? (
          <span
            className="spanrow-chevron"
            onClick={(event) => {
              event.stopPropagation();
              onFold(node);
            }}
          >
            <Icon name={folded ? "right" : "down"} small />
          </span>
        ) : (
          <span className="spanrow-chevron" />
        )}
        {node.depth > DEEPEST_INDENT && (
          <span className="d xs" title={`level ${node.depth + 1}`}>
            {count(node.depth + 1)}
          </span>
        )}
        {span === null ? (
          <span className="el spanrow-missing">
            {parentElsewhere ? "parent in another trace" : "missing parent"} <span className="mono">{node.id}</span>
          </span>
        ) : (
          <>
            <i className="sw" style={{ background: colourVariable(colour) }} title={line(span.service)} />
            <KindMark span={span} />
            <span className={nameClass(span)} title={tooltip(span)}>
              {data === null && entersService(node) ? <b>{name}</b> : data?.kind === "agent" ? <b>{name}</b> : name}
            </span>
            {data?.triggered && <span className="spanrow-tag warn tripped">tripped</span>}
          </>
        )}
        {folded && <span className="d xs">+{count(node.descendants)}</span>}
        {failedBelow && !failed && !folded && (
          <i className="spanrow-below" role="img" aria-label="failed below" title="What failed the trace is below" />
        )}
        {folded && !failed && node.failed && (
          <span className="err" title="A span below this one failed">
            <Icon name="cross" small />
          </span>
        )}
        <Oddities node={node} />
        <span className="grow" />
        <span className="spanrow-self d">
          {failed && (
            <span className="err" role="img" aria-label="error">
              <Icon name="cross" small />
            </span>
          )}
          {node.self !== null && node.self > 0 ? duration(node.self) : ""}
        </span>
      </div>
      <SpanBar
        node={node}
        framed={isParent && !folded}
        colour={colour}
        range={range}
        width={width}
        now={now}
        lastNews={lastNews}
      />
    </div>
  );
});

function KindMark({ span }: { span: TreeSpan }) {
  if (span.data === null) return <Icon name={span.category} />;
  const { icon, word } = KINDS[span.data.kind];
  return (
    <span className={span.data.triggered ? "spanrow-kind warn" : "spanrow-kind d"} role="img" aria-label={word}>
      <Icon name={icon} />
    </span>
  );
}

function nameClass({ status, data }: TreeSpan): string {
  if (status.code === "error") return "el err";
  if (data?.triggered) return "el warn";
  return data && isFrame(data.kind) ? "el d" : "el";
}

/** What the row has no room for: the name as it was recorded, what kind of work it is, and the service. */
function tooltip(span: TreeSpan): string {
  const kind = span.data && `${KINDS[span.data.kind].word}${span.data.agent ? ` of ${span.data.agent}` : ""}`;
  return [span.name, kind, span.service]
    .filter((text) => text !== null)
    .map(line)
    .join("\n");
}

function Oddities({ node }: { node: Node }) {
  return (
    <>
      {node.end !== null && node.end < node.start && <span className="spanrow-tag warn">ends before it starts</span>}
      {node.outlivesParent && (
        <span className="spanrow-tag" title="ends after its parent">
          outlives parent
        </span>
      )}
      {node.cutCircle && (
        <span className="spanrow-tag warn" title="Its parents lead back to itself">
          parents in a circle
        </span>
      )}
    </>
  );
}
