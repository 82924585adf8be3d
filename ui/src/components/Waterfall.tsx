import { useVirtualizer } from "@tanstack/react-virtual";
import { type CSSProperties, type RefObject, useLayoutEffect, useRef, useState, type WheelEvent } from "react";
import type { Nanoseconds } from "../api/types";
import type { Colour } from "../model/colours";
import type { Node, Tree } from "../model/tree";
import { pan, type TimeRange, ticks, xOf } from "../model/waterfall";
import { Minimap } from "./Minimap";
import { Ruler } from "./Ruler";
import { SpanRow } from "./SpanRow";
import "./Waterfall.css";

const ROW = 24;
const OVERSCAN = 10;

interface WaterfallProps {
  tree: Tree;
  rows: Node[];
  folded: ReadonlySet<string>;
  selected: string | null;
  /** Found by the search; null while there is none. */
  found: ReadonlySet<Node> | null;
  /** What is above the span that failed the trace. */
  failedBelow: ReadonlySet<Node>;
  /** Whether the parents that are not here are in another trace. */
  parentsElsewhere: boolean;
  colours: Map<string, Colour>;
  whole: TimeRange;
  range: TimeRange;
  now: Nanoseconds;
  lastNews: Nanoseconds;
  treeRef: RefObject<HTMLDivElement | null>;
  onSelect: (node: Node) => void;
  onFold: (node: Node) => void;
  onRange: (range: TimeRange | null) => void;
}

export function Waterfall(props: WaterfallProps) {
  const {
    tree,
    rows,
    folded,
    selected,
    found,
    failedBelow,
    parentsElsewhere,
    colours,
    whole,
    range,
    now,
    lastNews,
    treeRef,
    onSelect,
    onFold,
    onRange,
  } = props;
  const { treeWidth, timeWidth } = useWidths(treeRef);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => treeRef.current,
    estimateSize: () => ROW,
    overscan: OVERSCAN,
  });
  useAnchor(rows, treeRef);

  const selectedAt = selected === null ? -1 : rows.findIndex((node) => node.key === selected);
  const known = selectedAt >= 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: only a move of the selection scrolls, and its first appearance
  useLayoutEffect(() => {
    if (selectedAt < 0) return;
    const { scrollTop = 0, clientHeight = 0 } = treeRef.current ?? {};
    const top = selectedAt * ROW;
    const isNear = top > scrollTop - 2 * ROW && top < scrollTop + clientHeight + ROW;
    virtual.scrollToIndex(selectedAt, { align: isNear ? "auto" : "center" });
    const inTree = document.activeElement === document.body || treeRef.current?.contains(document.activeElement);
    if (!inTree) return;
    const frame = requestAnimationFrame(() => {
      treeRef.current?.querySelector<HTMLElement>('[aria-selected="true"]')?.focus({ preventScroll: true });
    });
    return () => cancelAnimationFrame(frame);
  }, [selected, known]);

  const wheel = (event: WheelEvent) => {
    if (event.shiftKey) onRange(pan(range, whole, Math.sign(event.deltaY || event.deltaX) * 0.1));
  };
  const items = virtual.getVirtualItems();
  const live = tree.open > 0;
  return (
    <div className="wf" style={{ "--tree": `${treeWidth}px` } as CSSProperties}>
      <Minimap
        tree={tree}
        colours={colours}
        whole={whole}
        range={range}
        now={now}
        lastNews={lastNews}
        width={timeWidth}
        onRange={onRange}
      />
      <Ruler range={range} width={timeWidth} now={live ? now : null} onRange={onRange} />
      <div className="wf-body">
        <div className="wf-grid" style={{ width: timeWidth }} aria-hidden="true">
          {ticks(range, timeWidth).at.map((time) => (
            <i key={time} style={{ left: xOf(time, range, timeWidth) }} />
          ))}
          {live && <i className="wf-now" style={{ left: xOf(now, range, timeWidth) }} />}
        </div>
        <div
          ref={treeRef}
          className="wf-scroll"
          role="tree"
          aria-label="Spans"
          tabIndex={known ? -1 : 0}
          onWheel={wheel}
        >
          <div role="presentation" style={{ height: virtual.getTotalSize(), position: "relative" }}>
            {items.map(({ index, start }) => {
              const node = rows[index];
              return (
                node && (
                  <SpanRow
                    key={node.key}
                    node={node}
                    top={start}
                    selected={index === selectedAt}
                    folded={folded.has(node.key)}
                    found={found === null ? null : found.has(node)}
                    failedBelow={failedBelow.has(node)}
                    parentElsewhere={parentsElsewhere}
                    colour={colours.get(node.span?.service ?? "") ?? "c8"}
                    range={range}
                    width={timeWidth}
                    now={node.end === null ? now : 0}
                    lastNews={lastNews}
                    onSelect={onSelect}
                    onFold={onFold}
                  />
                )
              );
            })}
          </div>
        </div>
      </div>
    </div>
  );
}

const WIDE_TREE = 344;
const NARROW_TREE = 300;
const NARROW_PAGE = 1340;

function useWidths(ref: RefObject<HTMLElement | null>) {
  const [widths, setWidths] = useState({ treeWidth: WIDE_TREE, timeWidth: 0 });
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return;
    const measure = () => {
      const treeWidth = window.innerWidth < NARROW_PAGE ? NARROW_TREE : WIDE_TREE;
      setWidths({ treeWidth, timeWidth: Math.max(0, element.clientWidth - treeWidth) });
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [ref]);
  return widths;
}

/** Keeps the first row in sight where it is when rows come or go above it. */
function useAnchor(rows: Node[], ref: RefObject<HTMLElement | null>) {
  const shown = useRef(rows);
  useLayoutEffect(() => {
    const element = ref.current;
    const before = shown.current;
    shown.current = rows;
    if (!element || before === rows || element.scrollTop === 0) return;
    const at = Math.floor(element.scrollTop / ROW);
    const key = before[at]?.key;
    if (key === undefined || rows[at]?.key === key) return;
    const moved = rows.findIndex((node) => node.key === key);
    if (moved >= 0) element.scrollTop += (moved - at) * ROW;
  }, [rows, ref]);
}
