import { type CSSProperties, useCallback, useDeferredValue, useEffect, useMemo, useRef, useState } from "react";
import { useKeys } from "../components/keys";
import { LoadProgress } from "../components/LoadProgress";
import { Notice } from "../components/Notice";
import { listAddress, navigate } from "../components/navigation";
import { ResizeHandle, usePaneWidth } from "../components/ResizeHandle";
import { SpanDetail } from "../components/SpanDetail";
import { TraceHead, TraceHeadSkeleton } from "../components/TraceHead";
import { TraceTools } from "../components/TraceTools";
import { Waterfall } from "../components/Waterfall";
import { tracePath } from "../model/address";
import { traceColours } from "../model/colours";
import { aboveFailure, type Direction, errors, matches, neighbour } from "../model/search";
import { hangsElsewhere, type Node, selfTimeByService } from "../model/tree";
import { ancestors, clampRange, foldable, pan, shownEnd, type TimeRange, visibleRows, zoom } from "../model/waterfall";
import { useOriginalSpan } from "./useOriginalSpan";
import type { Trace } from "./useTrace";
import { useWhole } from "./useWhole";

interface TraceTimelineProps {
  id: string;
  trace: Trace;
  /** The key of the selected span. */
  selected: string | null;
  onDelete: () => void;
}

/** A trace as its spans in time. */
export function TraceTimeline({ id, trace, selected, onDelete }: TraceTimelineProps) {
  const { query, summary, tree, loaded, complete } = trace;
  const [detail, setDetail] = useState(selected !== null);
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set());
  const [chosenRange, setChosenRange] = useState<TimeRange | null>(null);
  const [text, setText] = useState("");
  const [paneWidth, setPaneWidth] = usePaneWidth();
  const findRef = useRef<HTMLInputElement>(null);
  const treeRef = useRef<HTMLDivElement>(null);
  const paneRef = useRef<HTMLElement>(null);

  const rows = useMemo(() => visibleRows(tree, folded), [tree, folded]);
  const wanted = useDeferredValue(text);
  const found = useMemo(() => matches(tree, wanted), [tree, wanted]);
  const foundSet = useMemo(() => (wanted.trim() === "" ? null : new Set(found)), [found, wanted]);
  const failed = useMemo(() => errors(tree), [tree]);
  const failedBelow = useMemo(() => aboveFailure(tree, summary), [tree, summary]);
  const elsewhere = useMemo(() => hangsElsewhere(tree, summary?.has_root ?? false), [tree, summary]);
  const services = useMemo(() => selfTimeByService(tree), [tree]);
  const colours = useMemo(() => traceColours(summary?.services.map(({ name }) => name) ?? []), [summary]);
  const { now, whole } = useWhole(tree, summary?.duration_ns ?? 0);
  const range = chosenRange === null ? whole : clampRange(chosenRange, whole);
  const node = selected === null ? null : (tree.byKey.get(selected) ?? null);

  useOriginalSpan(id, selected);
  const select = useCallback((to: Node) => navigate(tracePath(id, to.key), "replace"), [id]);
  const fold = useCallback(
    (at: Node) => {
      setFolded((old) => {
        const next = new Set(old);
        if (!next.delete(at.key)) next.add(at.key);
        return next;
      });
      if (node && isBelow(node, at)) select(at);
    },
    [node, select],
  );
  const foldAll = () => {
    setFolded(foldable(tree));
    const root = node && ancestors(node).at(-1);
    if (root) select(root);
  };
  const pick = useCallback(
    (to: Node) => {
      select(to);
      setDetail(true);
    },
    [select],
  );

  const isKnown = node !== null;
  // biome-ignore lint/correctness/useExhaustiveDependencies: what a link or a search points at must be seen, once
  useEffect(() => {
    if (node) setFolded((old) => withoutAncestors(old, node));
  }, [selected, isKnown]);

  const move = (by: number) => {
    const at = rows.findIndex((row) => row.key === selected);
    const to = rows[Math.max(0, Math.min(rows.length - 1, at + by))];
    if (to) select(to);
  };
  const jump = (among: Node[], direction: Direction) => {
    const to = neighbour(tree, among, selected, direction);
    if (to) select(to);
  };
  const nextError = () => {
    jump(failed, "next");
    setDetail(true);
  };
  const left = () => {
    if (!node) return;
    if (node.children.length > 0 && !folded.has(node.key)) fold(node);
    else if (node.parent) select(node.parent);
  };
  const right = () => {
    if (!node || node.children.length === 0) return;
    if (folded.has(node.key)) fold(node);
    else select(node.children[0]!);
  };
  const closeDetail = () => {
    setDetail(false);
    treeRef.current?.querySelector<HTMLElement>('[aria-selected="true"]')?.focus();
  };
  const letGo = () => {
    if (text !== "") setText("");
    else if (detail && node) closeDetail();
    else navigate(listAddress());
  };
  const find = () => findRef.current?.select();
  const setRange = (to: TimeRange | null) => setChosenRange(to === null ? null : clampRange(to, whole));
  const next = () => jump(found, "next");
  const previous = () => jump(found, "previous");
  useKeys({
    ArrowDown: () => move(1),
    j: () => move(1),
    ArrowUp: () => move(-1),
    k: () => move(-1),
    PageDown: () => move(20),
    PageUp: () => move(-20),
    Home: () => move(-Infinity),
    End: () => move(rows.length),
    ArrowLeft: left,
    ArrowRight: right,
    Enter: () => {
      if (!node) return;
      setDetail(true);
      requestAnimationFrame(() => paneRef.current?.focus());
    },
    "[": () => setFolded(new Set()),
    "]": foldAll,
    e: nextError,
    f: next,
    n: next,
    b: previous,
    N: previous,
    "/": find,
    "ctrl+f": find,
    "+": () => setRange(zoom(range, whole, 0.5)),
    "=": () => setRange(zoom(range, whole, 0.5)),
    "-": () => setRange(zoom(range, whole, 2)),
    "0": () => setRange(null),
    a: () => setRange(pan(range, whole, -0.25)),
    d: () => setRange(pan(range, whole, 0.25)),
    Escape: letGo,
  });

  return (
    <>
      {summary ? (
        <TraceHead
          trace={summary}
          view="trace"
          lasts={summary.open_count > 0 ? Math.max(summary.duration_ns, whole.to) : summary.duration_ns}
          onDelete={onDelete}
        />
      ) : (
        <TraceHeadSkeleton />
      )}
      <TraceTools
        search={{ text, matches: found.length, at: node ? found.indexOf(node) + 1 : 0 }}
        findRef={findRef}
        onSearch={setText}
        onMatch={(direction) => jump(found, direction)}
        services={services}
        colours={colours}
        errors={failed.length}
        onNextError={nextError}
      />
      <div
        className={detail && node ? "trace-split with-detail" : "trace-split"}
        style={{ "--detail": paneWidth } as CSSProperties}
      >
        {summary?.span_count === 0 ? (
          <Notice
            title={summary.status === "running" ? "Waiting for its first span" : "No span of it came"}
            detail="Its client announced the trace. The spans come when they end: those of the first model call, then what is around them."
          />
        ) : (
          <Waterfall
            tree={tree}
            rows={rows}
            folded={folded}
            selected={selected}
            found={foundSet}
            failedBelow={failedBelow}
            parentsElsewhere={elsewhere}
            colours={colours}
            whole={whole}
            range={range}
            now={now}
            lastNews={summary?.duration_ns ?? tree.end}
            treeRef={treeRef}
            onSelect={pick}
            onFold={fold}
            onRange={setRange}
          />
        )}
        {summary && !complete && loaded < summary.span_count && (
          <LoadProgress
            loaded={loaded}
            total={summary.span_count}
            failure={query.error?.message ?? null}
            onRetry={() => void query.fetchNextPage()}
          />
        )}
        {detail && node && (
          <div className="trace-detail">
            <ResizeHandle width={paneWidth} onResize={setPaneWidth} />
            <SpanDetail
              traceId={id}
              trace={summary}
              node={node}
              colour={colours.get(node.span?.service ?? "") ?? "c8"}
              whole={whole.to}
              lasts={node.span === null ? null : shownEnd(node, now, summary?.duration_ns ?? tree.end) - node.start}
              paneRef={paneRef}
              onClose={closeDetail}
            />
          </div>
        )}
      </div>
    </>
  );
}

function isBelow(node: Node, above: Node): boolean {
  return ancestors(node).includes(above);
}

function withoutAncestors(folded: ReadonlySet<string>, node: Node): ReadonlySet<string> {
  const hiding = ancestors(node).filter((above) => folded.has(above.key));
  if (hiding.length === 0) return folded;
  const next = new Set(folded);
  for (const above of hiding) next.delete(above.key);
  return next;
}
