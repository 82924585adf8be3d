import { useQuery } from "@tanstack/react-query";
import { type RefObject, useEffect, useRef, useState } from "react";
import { api } from "../api/client";
import type { Nanoseconds, TraceSummary, TreeSpan } from "../api/types";
import { tracePath } from "../model/address";
import { titleOf } from "../model/agents";
import { type Colour, colourVariable } from "../model/colours";
import { dateAndClock, duration, line, percent } from "../model/format";
import type { Node } from "../model/tree";
import { ErrorBlock } from "./ErrorBlock";
import { Icon } from "./Icon";
import { Notice } from "./Notice";
import { Link } from "./navigation";
import { SpanTabs, type Tab } from "./SpanTabs";
import { Stat } from "./Stat";
import { useSilence } from "./silence";
import "./SpanDetail.css";

interface SpanDetailProps {
  traceId: string;
  trace: TraceSummary | null;
  node: Node;
  colour: Colour;
  whole: Nanoseconds;
  lasts: Nanoseconds | null;
  paneRef: RefObject<HTMLElement | null>;
  onClose: () => void;
}

/** Everything that was recorded of one span. */
export function SpanDetail({ traceId, trace, node, colour, whole, lasts, paneRef, onClose }: SpanDetailProps) {
  const [tab, setTab] = useState<Tab | null>(null);
  const [nth, setNth] = useState<number | null>(null);
  const { span: brief } = node;
  const query = useQuery({
    queryKey: ["span", traceId, node.id],
    queryFn: ({ signal }) => api.span(traceId, node.id, signal),
    enabled: brief !== null,
  });
  const { refetch } = query;
  const newest = `${node.key} ${brief?.state} ${brief?.duration_ns} ${brief?.event_count} ${brief?.attribute_count} ${brief?.announced} ${brief?.data?.kind}`;
  const seen = useRef(newest);
  useEffect(() => {
    if (seen.current === newest) return;
    const isSameSpan = seen.current.startsWith(`${node.key} `);
    seen.current = newest;
    if (isSameSpan) void refetch();
    else setNth(null);
  }, [node.key, newest, refetch]);

  const records = query.data?.spans ?? [];
  const usual = Math.max(0, Number(node.key.split("~")[1] ?? 1) - 1);
  const span = records[Math.min(nth ?? usual, records.length - 1)] ?? null;
  return (
    <aside className="detail" ref={paneRef} tabIndex={-1} aria-label="Span">
      <div className="detail-head">
        <div className="row xs d">
          {brief && (
            <>
              <i className="sw" style={{ background: colourVariable(colour) }} />
              <span className="el">{line(brief.service)}</span>
              <span>·</span>
              <span>{brief.kind}</span>
              <State span={brief} />
            </>
          )}
          <span className="grow" />
          <button
            type="button"
            className="ib detail-close"
            aria-label="Close the details"
            title="Close (Esc)"
            onClick={onClose}
          >
            <Icon name="cross" small />
          </button>
        </div>
        <h2 title={brief?.data?.title ? line(brief.name) : undefined}>
          {brief === null ? "Missing parent" : line(titleOf(brief) || "(no name)")}
        </h2>
        <div className="stats">
          <Stat name="Duration" value={lasts === null ? "–" : duration(lasts)} />
          <Stat name="Self" value={node.self === null ? "–" : duration(node.self)} />
          <Stat name="Start" value={`+${duration(node.start)}`} />
          <Stat name="Of trace" value={lasts === null ? "–" : percent(lasts, whole)} />
        </div>
      </div>
      {brief === null ? (
        <MissingParent traceId={traceId} node={node} />
      ) : query.isError ? (
        <Notice tone="error" title="The span cannot be read" detail={query.error.message}>
          <button type="button" className="btn" onClick={() => void refetch()}>
            Try again
          </button>
        </Notice>
      ) : span === null ? (
        <p className="detail-note d" role="status">
          {query.isSuccess ? "The span is no longer there." : "Reading the span…"}
        </p>
      ) : (
        <>
          {records.length > 1 && (
            <div className="detail-records xs">
              <span className="m">{records.length} records share this id</span>
              {records.map((record, i) => (
                <button type="button" key={i} className="tag" aria-pressed={record === span} onClick={() => setNth(i)}>
                  {i + 1}
                </button>
              ))}
            </div>
          )}
          <ErrorBlock span={span} />
          <SpanTabs span={span} trace={trace} chosen={tab} onChoose={setTab} />
        </>
      )}
    </aside>
  );
}

function MissingParent({ traceId, node }: { traceId: string; node: Node }) {
  const child = node.children[0]?.id ?? "";
  const { data } = useQuery({
    queryKey: ["span", traceId, child],
    queryFn: ({ signal }) => api.span(traceId, child, signal),
    enabled: child !== "",
  });
  const elsewhere = data?.spans[0]?.parent_elsewhere;
  if (elsewhere) {
    return (
      <p className="detail-note m">
        Spans name <span className="mono">{node.id}</span> as their parent.{" "}
        <Link to={tracePath(elsewhere.trace_id, elsewhere.span_id)} className="link">
          It is in another trace
        </Link>
      </p>
    );
  }
  return (
    <p className="detail-note m">
      Spans name <span className="mono">{node.id}</span> as their parent, and it has not come: it was not sampled, its
      program does not send here, or it has not ended yet.
    </p>
  );
}

function State({ span }: { span: TreeSpan }) {
  const silence = useSilence(span);
  if (span.state === "finished") return null;
  const title =
    span.announced === null ? undefined : `Last announced by its program at ${dateAndClock(span.announced)}`;
  return (
    <span className={span.state === "open" ? "tag l" : "tag"} title={title}>
      {span.state === "open" ? "running" : (silence ?? "lost")}
    </span>
  );
}
