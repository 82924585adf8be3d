import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { api } from "../../api/client";
import type { Step } from "../../api/runs";
import type { TreeSpan } from "../../api/types";
import { tracePath } from "../../model/address";
import { count, duration, line } from "../../model/format";
import { type SpanLine, spanLines } from "../../model/runSpans";
import { Icon } from "../Icon";
import { Link } from "../navigation";
import { TraceLink } from "./Inspector";
import "./StepSpans.css";

const PAGE = 5000;
/** Of a trace with more spans than this many pages the trace view shows all. */
const MOST_PAGES = 4;
/** So many spans are shown here. */
const SHOWN = 200;

/** What happened within the step, in time. */
export function StepSpans({ step }: { step: Step }) {
  const { trace_id, span_id, duration_ns, start, end } = step;
  const { data, isPending, error } = useQuery({
    queryKey: ["step spans", trace_id, span_id, step.state, step.span_count],
    queryFn: ({ signal }) => spansOf(trace_id ?? "", span_id ?? "", step.end, signal),
    enabled: trace_id !== null && span_id !== null,
    staleTime: step.state === "running" ? 0 : Number.POSITIVE_INFINITY,
    refetchInterval: step.state === "running" ? 1000 : false,
  });
  const lines = useMemo(() => spanLines(data ?? [], span_id ?? "", start, end), [data, span_id, start, end]);
  return (
    <section className="stepspans" aria-label="Spans of this step">
      <div className="runpane-title">
        <h2>Spans of this step</h2> <span className="d">{lines.length > 0 ? count(lines.length) : ""}</span>
        <span className="grow" />
        {duration_ns !== null && <span className="d xs">0 – {duration(duration_ns)}</span>}
        <TraceLink step={step}>open in trace</TraceLink>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable without a pointer */}
      <div className="stepspans-lines" tabIndex={0}>
        {error ? (
          <p className="inspector-note m">{error.message}</p>
        ) : trace_id === null || (!isPending && lines.length === 0) ? (
          <p className="inspector-note d">No span of this step was recorded.</p>
        ) : (
          lines.slice(0, SHOWN).map((each) => <Line key={each.span.span_id} of={each} traceId={trace_id} />)
        )}
        {lines.length > SHOWN && (
          <p className="inspector-note d">{count(lines.length - SHOWN)} more: the trace shows them all.</p>
        )}
      </div>
    </section>
  );
}

/** The trace's spans until those of the step are all there: they come in the order of their start. */
async function spansOf(traceId: string, spanId: string, end: string | null, signal: AbortSignal): Promise<TreeSpan[]> {
  const spans: TreeSpan[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < MOST_PAGES; page++) {
    const tree = await api.tree(traceId, { limit: PAGE, cursor }, signal);
    spans.push(...tree.spans);
    cursor = tree.next;
    const last = tree.spans.at(-1);
    const isBeyond = end !== null && last !== undefined && last.start > end;
    if (cursor === null || (isBeyond && spans.some(({ span_id }) => span_id === spanId))) break;
  }
  return spans;
}

function Line({ of: { span, depth, from, to, hasChildren }, traceId }: { of: SpanLine; traceId: string }) {
  const failed = span.status.code === "error";
  const title = [line(span.name), line(span.ordinal ?? "")].filter(Boolean).join("\n");
  const open = span.duration_ns === null;
  const [left, width] = [`${from * 82}%`, `max(2px, ${(to - from) * 82}%)`];
  return (
    <Link to={tracePath(traceId, span.span_id)} className="stepspan" title={title}>
      <span className="stepspan-name" style={{ paddingLeft: 16 + 12 * Math.min(depth, 8) }}>
        <Icon name={span.category} />
        <span className={failed ? "el err" : "el"}>{line(span.name || "(no name)")}</span>
        {span.ordinal !== undefined && <span className="stepspan-ordinal mono">{line(span.ordinal)}</span>}
        {span.dependencies !== undefined && (
          <span className="stepspan-ordinal el" title={`built on ${span.dependencies.map(line).join(", ")}`}>
            <Icon name="link" small />
            <span className="sr">built on </span>
            {span.dependencies.map(line).join(", ")}
          </span>
        )}
      </span>
      <span className="stepspan-time">
        <i
          className={`${hasChildren ? "parent" : ""}${failed ? " failed" : ""}${open ? " open" : ""}`}
          style={{ left: `calc(${left} + 4px)`, width }}
        />
        <span style={{ left: `calc(${to * 82}% + 12px)` }}>
          {span.duration_ns === null ? (span.state === "lost" ? "lost" : "open") : duration(span.duration_ns)}
        </span>
      </span>
    </Link>
  );
}
