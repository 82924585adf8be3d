import { memo } from "react";
import type { App } from "../../api/runs";
import { runPath } from "../../model/address";
import { ago, count, dateAndClock, duration, line, plural } from "../../model/format";
import { MILLISECOND, milliseconds } from "../../model/time";
import { Icon } from "../Icon";
import { Link } from "../navigation";
import { StatusMark } from "../StatusMark";
import { logShare } from "../TraceRow";
import { TrailPicture } from "./TrailPicture";
import "../TraceRow.css";
import "./RunRow.css";

interface RunRowProps {
  run: App;
  now: number;
  selected: boolean;
  top: number;
  index: number;
  /** Whether the list has the columns of agents. */
  withAgents: boolean;
  onOpen: (run: App) => void;
}

/** A run in the list, in the columns of traces. */
export const RunRow = memo(function RunRow({ run, now, selected, top, index, withAgents, onOpen }: RunRowProps) {
  const { start, status, duration_ns, step_count, error_count } = run;
  const running = status === "running";
  const until = (now - milliseconds(start)) * MILLISECOND;
  const lasts = running ? Math.max(duration_ns ?? 0, until) : duration_ns;
  return (
    <div
      className={selected ? "tracerow sel" : "tracerow"}
      style={{ transform: `translateY(${top}px)` }}
      role="row"
      aria-selected={selected}
      aria-rowindex={index + 2}
      data-run={run.run_id}
      tabIndex={selected ? 0 : -1}
      onClick={(event) => {
        if (!(event.target instanceof Element && event.target.closest("a"))) onOpen(run);
      }}
    >
      <span role="gridcell" className="tracerow-status">
        <StatusMark status={status} />
      </span>
      <RunRowName run={run} />
      <span role="gridcell">
        <TrailPicture run={run} />
      </span>
      <span role="gridcell" className="num d" title={dateAndClock(start)}>
        {ago(start, now)}
      </span>
      <span role="gridcell" className="tracerow-duration">
        {lasts !== null && <i className={running ? "running" : undefined} style={{ width: 40 * logShare(lasts) }} />}
        <span className={running ? "num live" : "num"}>{lasts === null ? "–" : duration(lasts)}</span>
      </span>
      <span role="gridcell" className="num m" title={plural(step_count, "step")}>
        {count(step_count)}
      </span>
      <span role="gridcell" className={status === "error" ? "num err" : "num m"}>
        {error_count > 0 ? count(error_count) : ""}
      </span>
      {withAgents && (
        <>
          <span role="gridcell" />
          <span role="gridcell" />
        </>
      )}
    </div>
  );
});

function RunRowName({ run }: { run: App }) {
  const { project, app_id, partition_key, parent, spawned_by, status, last_action, last_sequence } = run;
  return (
    <span role="gridcell" className="tracerow-name">
      <Icon name="run" />
      <Link to={runPath(project, app_id, partition_key)} className="el runrow-name" title={line(app_id)} tabIndex={-1}>
        <b>{line(app_id)}</b>
      </Link>
      {partition_key !== null && (
        <span className="tag tracerow-group runrow-partition" title={`partition ${line(partition_key)}`}>
          <Icon name="user" small />
          <span className="el">{line(partition_key)}</span>
        </span>
      )}
      {parent && (
        <span
          className="d tracerow-note"
          role="img"
          aria-label={`forked from ${line(parent.app_id)}`}
          title={`forked from ${line(parent.app_id)}`}
        >
          <Icon name="fork" small />
        </span>
      )}
      {spawned_by && (
        <span className="d el tracerow-preview" title={`started by ${line(spawned_by.app_id)}`}>
          started by {line(spawned_by.app_id)}
        </span>
      )}
      {status === "lost" && <span className="tag">lost: process ended</span>}
      {last_action !== null && (
        <span className={status === "error" ? "el err tracerow-preview" : "el m tracerow-preview"}>
          {status === "error" ? "failed at " : status === "running" ? "at " : ""}
          {line(last_action)} <span className="d">{last_sequence}</span>
        </span>
      )}
      <span className="el d tracerow-preview">{line(project)}</span>
    </span>
  );
}
