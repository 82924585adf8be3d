import type { AgentTotals, TraceSummary } from "../api/types";
import { groupPath, tracePath, type View } from "../model/address";
import { counted, missesRoot, traceIcon } from "../model/agents";
import { clock, count, dateAndClock, duration, line, plural } from "../model/format";
import { CopyButton } from "./CopyButton";
import { Icon } from "./Icon";
import { Link } from "./navigation";
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
        <Icon name={traceIcon(trace.agents)} />
      </span>
      <h1 className="el" title={line(trace.root_name)}>
        {line(trace.root_name || "(no name)")}
      </h1>
      <span className="row tracehead-id">
        <span
          className="mono d"
          title={trace.original_id === null ? undefined : `${line(trace.original_id)} at its client`}
        >
          {trace.trace_id}
        </span>
        <CopyButton text={trace.trace_id} label="Copy the trace id" />
      </span>
      {trace.group_id !== null && (
        <Link
          to={groupPath(trace.group_id, trace.project)}
          className="tag tracehead-group"
          title={`All traces of the group ${line(trace.group_id)}`}
        >
          <Icon name="thread" small />
          <span className="el">{line(trace.group_id)}</span>
        </Link>
      )}
      <Errors trace={trace} view={view} />
      {trace.status === "running" && (
        <span className="tag l">
          <i className="dot l small" />
          {runs(trace)}
        </span>
      )}
      {trace.status === "lost" && (
        <span className="tag" title="No end, and no more news">
          <Icon name="alert" small />
          {lossOf(trace)}
        </span>
      )}
      {missesRoot(trace) && (
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
            {trace.agents ? (
              <Spent totals={trace.agents} />
            ) : (
              <Stat name="Services" value={count(trace.services.length)} />
            )}
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

/** Clients that send spans at their end have none open while they run. */
function runs({ span_count, open_count }: TraceSummary): string {
  if (span_count === 0) return "waiting for its first span";
  return open_count > 0 ? `${count(open_count)} open` : "running";
}

function lossOf({ span_count, open_count }: TraceSummary): string {
  if (span_count === 0) return "no span came";
  return open_count > 0 ? `${count(open_count)} lost` : "lost: no more news";
}

/** What failed the trace; failures after which the work went on are only counted. */
function Errors({ trace, view }: { trace: TraceSummary; view: View }) {
  const { trace_id, failure, agents, status, error_count } = trace;
  if (error_count === 0) return null;
  const errors = plural(error_count, "error");
  if (agents === null || failure === null) {
    return (
      <span
        className={status === "error" ? "tag e" : "tag"}
        title={agents === null ? undefined : "The work went on after all of them"}
      >
        <Icon name="cross" small />
        {agents === null ? errors : `${errors}, survived`}
      </span>
    );
  }
  return (
    <Link
      to={tracePath(trace_id, failure.span_id, view)}
      className="tag e tracehead-failed"
      title={`${line(failure.name)}: ${line(failure.message)}`}
    >
      <Icon name="cross" small />
      <span className="el">failed: {line(failure.message || failure.name)}</span>
    </Link>
  );
}

function Spent({ totals }: { totals: AgentTotals }) {
  const figures = counted(totals).filter(([name]) => name === "Tokens" || name === "Cost");
  return figures.map(([name, value, note]) => <Stat key={name} name={name} value={value} title={note} />);
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
