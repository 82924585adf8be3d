import { memo } from "react";
import type { TraceSummary } from "../api/types";
import { costNote, costText, tokensOf, usageNote } from "../model/agents";
import { ago, count, dateAndClock, duration } from "../model/format";
import { MILLISECOND, milliseconds } from "../model/time";
import { OutlinePicture } from "./OutlinePicture";
import { StatusMark } from "./StatusMark";
import { TraceRowName } from "./TraceRowName";
import "./TraceRow.css";

interface TraceRowProps {
  trace: TraceSummary;
  now: number;
  selected: boolean;
  top: number;
  index: number;
  /** Whether the list has the columns of agents. */
  withAgents: boolean;
  onOpen: (trace: TraceSummary) => void;
}

export const TraceRow = memo(function TraceRow(props: TraceRowProps) {
  const { trace, now, selected, top, index, withAgents, onOpen } = props;
  const { trace_id, status } = trace;
  const running = status === "running";
  const started = milliseconds(trace.start);
  // Failures after which a run of agents went on are counted, and nothing to be alarmed of.
  const failed = trace.error_count > 0 && (trace.agents === null || status === "error");
  const lasts = running ? Math.max(trace.duration_ns, (now - started) * MILLISECOND) : trace.duration_ns;
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
        if (!(event.target instanceof Element && event.target.closest("a"))) onOpen(trace);
      }}
    >
      <span role="gridcell" className="tracerow-status">
        <StatusMark status={status} />
      </span>
      <TraceRowName trace={trace} />
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
      <span role="gridcell" className={failed ? "num err" : "num m"}>
        {trace.error_count > 0 ? count(trace.error_count) : ""}
      </span>
      {withAgents && <AgentCells trace={trace} />}
    </div>
  );
});

/** What a trace's model calls used and cost; empty for a trace without agents. */
function AgentCells({ trace: { agents } }: { trace: TraceSummary }) {
  const tokens = agents === null ? null : tokensOf(agents.usage);
  const cost = agents === null ? "" : costText(agents.cost, agents.unpriced_calls, tokens);
  return (
    <>
      <span role="gridcell" className="num m" title={agents === null ? undefined : usageNote(agents.usage)}>
        {tokens === null ? "" : count(tokens)}
      </span>
      <span
        role="gridcell"
        className={agents?.cost ? "num m" : "num d"}
        title={agents === null ? undefined : costNote(agents.cost, agents.unpriced_calls)}
      >
        {cost}
      </span>
    </>
  );
}

/** From 100 µs to 100 s. */
export function logShare(ns: number): number {
  return Math.min(1, Math.max(0.04, (Math.log10(Math.max(1, ns)) - 5) / 6));
}
