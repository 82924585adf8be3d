import type { TraceSummary } from "../api/types";
import type { View } from "../model/address";
import { counted } from "../model/agents";
import { clock, count, dateAndClock, duration, line, plural } from "../model/format";
import { CopyButton } from "./CopyButton";
import { Icon } from "./Icon";
import { Stat } from "./Stat";
import { ViewSwitch } from "./ViewSwitch";
import "./TraceHead.css";

interface TraceHeadProps {
  trace: TraceSummary;
  view: View;
  /** How long it has lasted until now. */
  lasts: number;
  onDelete: () => void;
}

export function TraceHead({ trace, view, lasts, onDelete }: TraceHeadProps) {
  return (
    <div className="tracehead">
      <span className="d">
        <Icon name="trace" />
      </span>
      <h1 className="el" title={line(trace.root_name)}>
        {line(trace.root_name || "(no name)")}
      </h1>
      <span className="row tracehead-id">
        <span className="mono d">{trace.trace_id}</span>
        <CopyButton text={trace.trace_id} label="Copy the trace id" />
      </span>
      {trace.error_count > 0 && (
        <span className="tag e">
          <Icon name="cross" small />
          {plural(trace.error_count, "error")}
        </span>
      )}
      {trace.status === "running" && (
        <span className="tag l">
          <i className="dot l small" />
          {count(trace.open_count)} open
        </span>
      )}
      {trace.status === "lost" && (
        <span className="tag" title="No end, and no more news">
          <Icon name="alert" small />
          {count(trace.open_count)} lost
        </span>
      )}
      {!trace.has_root && (
        <span className="tag" title="No span without a parent has come; the earliest one stands for it">
          root not here
        </span>
      )}
      <span className="grow" />
      <div className="stats">
        {view === "conversation" && trace.agents ? (
          counted(trace.agents).map(([name, value, note]) => <Stat key={name} name={name} value={value} title={note} />)
        ) : (
          <>
            <Stat name="Duration" value={duration(lasts)} />
            <Stat name="Started" value={clock(trace.start)} title={dateAndClock(trace.start)} />
            <Stat name="Spans" value={count(trace.span_count)} />
            <Stat name="Services" value={count(trace.services.length)} />
          </>
        )}
      </div>
      <ViewSwitch view={view} traceId={trace.trace_id} />
      <CopyButton text={location.href} label="Copy the address of this view" className="btn tracehead-link">
        Copy link
      </CopyButton>
      <button
        type="button"
        className="btn sq"
        title="Delete the trace"
        aria-label="Delete the trace"
        onClick={onDelete}
      >
        <Icon name="bin" />
      </button>
    </div>
  );
}

/** Stands where the head will be. */
export function TraceHeadSkeleton() {
  return (
    <div className="trace-skeleton-head" role="status">
      <i />
      <span className="sr">Loading the trace</span>
    </div>
  );
}
