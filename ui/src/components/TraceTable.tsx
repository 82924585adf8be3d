import { useVirtualizer } from "@tanstack/react-virtual";
import { type RefObject, useEffect, useLayoutEffect, useState } from "react";
import { idOf, isRun, type Listed } from "../model/tracelist";
import { useNow } from "./now";
import { RunRow } from "./run/RunRow";
import { TraceRow } from "./TraceRow";
import "./TraceTable.css";

export const ROW = 32;
const SKELETON_ROWS = 14;

interface TraceTableProps {
  scrollRef: RefObject<HTMLDivElement | null>;
  /** Null while nothing is known yet. */
  items: Listed[] | null;
  selected: string | null;
  initialOffset: number;
  onOpen: (item: Listed) => void;
  onNearEnd: () => void;
  onScroll: (offset: number) => void;
  onPointer: (over: boolean) => void;
}

export function TraceTable(props: TraceTableProps) {
  const { scrollRef, items: rows, selected, initialOffset, onOpen, onNearEnd, onScroll, onPointer } = props;
  const now = useNow(1000);
  const withAgents = useSticky(rows?.some((item) => !isRun(item) && item.agents !== null) ?? false);
  const total = rows?.length ?? 0;
  const virtual = useVirtualizer({
    count: total,
    getScrollElement: () => scrollRef.current,
    estimateSize: () => ROW,
    overscan: 12,
    initialOffset,
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (total > 0 && last >= total - 20) onNearEnd();
  }, [last, total, onNearEnd]);

  const at = rows?.findIndex((item) => idOf(item) === selected) ?? -1;
  // biome-ignore lint/correctness/useExhaustiveDependencies: only a move of the selection scrolls
  useLayoutEffect(() => {
    if (at >= 0) virtual.scrollToIndex(at, { align: "auto" });
    const frame = requestAnimationFrame(() => {
      scrollRef.current?.querySelector<HTMLElement>('[aria-selected="true"]')?.focus({ preventScroll: true });
    });
    return () => cancelAnimationFrame(frame);
  }, [selected]);

  return (
    <div
      className={withAgents ? "tracetable with-agents" : "tracetable"}
      role="grid"
      aria-label="Runs and traces"
      aria-rowcount={total + 1}
      aria-busy={rows === null}
    >
      <div className="tracetable-head" role="row">
        <span role="columnheader" aria-label="Status" />
        <span role="columnheader">Run or trace</span>
        <span role="columnheader">Path</span>
        <span role="columnheader" className="num">
          Started ↓
        </span>
        <span role="columnheader" className="num">
          Duration
        </span>
        <span role="columnheader" className="num">
          <span title="Steps of a run, spans of a trace">Size</span>
        </span>
        <span role="columnheader" className="num">
          Errors
        </span>
        {withAgents && (
          <>
            <span role="columnheader" className="num">
              Tokens
            </span>
            <span role="columnheader" className="num">
              Cost
            </span>
          </>
        )}
      </div>
      <div
        ref={scrollRef}
        className="tracetable-scroll"
        role="rowgroup"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable without a pointer
        tabIndex={0}
        onScroll={(event) => onScroll(event.currentTarget.scrollTop)}
        onPointerMove={() => onPointer(true)}
        onPointerLeave={() => onPointer(false)}
      >
        {rows === null ? (
          <SkeletonRows />
        ) : (
          <div className="tracetable-rows" style={{ height: virtual.getTotalSize() }}>
            {items.map(({ index, start }) => {
              const item = rows[index];
              if (!item) return null;
              const place = { now, selected: index === at, top: start, index, withAgents, onOpen };
              return isRun(item) ? (
                <RunRow key={item.run_id} run={item} {...place} />
              ) : (
                <TraceRow key={item.trace_id} trace={item} {...place} />
              );
            })}
          </div>
        )}
      </div>
    </div>
  );
}

/** True from the first time that it is: columns do not come and go under the reader. */
function useSticky(now: boolean): boolean {
  const [ever, setEver] = useState(now);
  if (now && !ever) setEver(true);
  return ever || now;
}

function SkeletonRows() {
  return (
    <div role="status">
      <span className="sr">Loading the traces</span>
      {Array.from({ length: SKELETON_ROWS }, (_, i) => (
        <div key={i} className="tracetable-skeleton">
          <i style={{ width: 160 + ((i * 67) % 140) }} />
          <i style={{ width: 132 }} />
        </div>
      ))}
    </div>
  );
}
