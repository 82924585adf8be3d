import { memo } from "react";
import type { TraceStatus, TraceSummary } from "../api/types";
import { tracePath } from "../model/address";
import { colourVariable, traceColours } from "../model/colours";
import { ago, count, dateAndClock, duration, line, plural, shortId } from "../model/format";
import { MILLISECOND, milliseconds } from "../model/time";
import { Icon } from "./Icon";
import { Link } from "./navigation";
import { OutlinePicture } from "./OutlinePicture";
import "./TraceRow.css";

interface TraceRowProps {
  trace: TraceSummary;
  now: number;
  selected: boolean;
  top: number;
  index: number;
  onOpen: (id: string) => void;
}

export const TraceRow = memo(function TraceRow({ trace, now, selected, top, index, onOpen }: TraceRowProps) {
  const { trace_id, root_name, status } = trace;
  const running = status === "running";
  const started = milliseconds(trace.start);
  const lasts = running ? Math.max(trace.duration_ns, (now - started) * MILLISECOND) : trace.duration_ns;
  const colour = traceColours(trace.services.map(({ name }) => name)).get(trace.service) ?? "c8";
  return (
    <div
      className={selected ? "tracerow sel" : "tracerow"}
      style={{ transform: `translateY(${top}px)` }}
      role="row"
      aria-selected={selected}
      aria-rowindex={index + 2}
      data-trace={trace_id}
      tabIndex={selected ? 0 : -1}
      onClick={(event) => {
        if (!(event.target instanceof Element && event.target.closest("a"))) onOpen(trace_id);
      }}
    >
      <span role="gridcell" className="tracerow-status">
        <StatusMark status={status} />
      </span>
      <span role="gridcell" className="tracerow-name">
        <Icon name="trace" />
        <Link to={tracePath(trace_id)} className="el" title={line(root_name)} tabIndex={-1}>
          <b>{line(root_name || "(no name)")}</b>
        </Link>
        <span className="mono d">{shortId(trace_id)}</span>
        <span className="tracerow-service m">
          <i className="sw" style={{ background: colourVariable(colour) }} />
          <span className="el">{line(trace.service)}</span>
        </span>
        {status === "lost" && <span className="tag">lost: no news of {plural(trace.open_count, "span")}</span>}
        {running && <span className="tracerow-note live">{plural(trace.open_count, "span")} open</span>}
        {!trace.has_root && <span className="tracerow-note d">root not here</span>}
      </span>
      <span role="gridcell">
        <OutlinePicture trace={trace} />
      </span>
      <span role="gridcell" className="num d" title={dateAndClock(trace.start)}>
        {ago(trace.start, now)}
      </span>
      <span role="gridcell" className="tracerow-duration">
        <i className={running ? "running" : undefined} style={{ width: 40 * logShare(lasts) }} />
        <span className={running ? "num live" : "num"}>{duration(lasts)}</span>
      </span>
      <span role="gridcell" className="num m">
        {count(trace.span_count)}
      </span>
      <span role="gridcell" className={trace.error_count > 0 ? "num err" : "num d"}>
        {trace.error_count > 0 ? count(trace.error_count) : ""}
      </span>
    </div>
  );
});

/** From 100 µs to 100 s. */
function logShare(ns: number): number {
  return Math.min(1, Math.max(0.04, (Math.log10(Math.max(1, ns)) - 5) / 6));
}

function StatusMark({ status }: { status: TraceStatus }) {
  switch (status) {
    case "error":
      return (
        <span className="err" role="img" aria-label="error" title="error">
          <Icon name="cross" />
        </span>
      );
    case "running":
      return <i className="dot l" role="img" aria-label="running" title="running" />;
    case "lost":
      return (
        <span className="d" role="img" aria-label="lost" title="lost: no end, and no more news">
          <Icon name="alert" />
        </span>
      );
    case "ok":
      return null;
  }
}
