import { useState } from "react";
import { type AppDetail, type RunName, runs } from "../../api/runs";
import { runPath, tracePath } from "../../model/address";
import { counted } from "../../model/agents";
import { clock, count, dateAndClock, duration, line, plural } from "../../model/format";
import { runWord } from "../../model/run";
import { MILLISECOND, milliseconds } from "../../model/time";
import { CopyButton } from "../CopyButton";
import { DeleteDialog } from "../DeleteDialog";
import { Icon } from "../Icon";
import { Link, listAddress, navigate } from "../navigation";
import { useNow } from "../now";
import { Stat } from "../Stat";
import "./RunHead.css";

interface RunHeadProps {
  name: RunName;
  detail: AppDetail;
}

/** What a run is called, how it stands, and what it took. */
export function RunHead({ name, detail }: RunHeadProps) {
  const { app, totals, trace_id } = detail;
  const [deleting, setDeleting] = useState(false);
  const isRunning = app.status === "running";
  const now = useNow(isRunning ? 1000 : 0);
  const started = app.first_written;
  const lasts =
    isRunning && started !== null
      ? Math.max(app.duration_ns ?? 0, (now - milliseconds(started)) * MILLISECOND)
      : (app.duration_ns ?? 0);
  const spent =
    totals.agents === null ? [] : counted(totals.agents).filter(([each]) => each === "Tokens" || each === "Cost");
  return (
    <div className="tracehead runhead">
      <span className="d">
        <Icon name="run" />
      </span>
      <h1 className="el" title={line(app.project)}>
        {line(app.project)}
      </h1>
      <span className="row runhead-id">
        <span className="mono d el" title={`${line(app.app_id)}\nrun ${app.run_id}`}>
          {line(app.app_id)}
        </span>
        <CopyButton text={app.app_id} label="Copy the run's id" />
      </span>
      {app.partition_key !== null && (
        <span className="tag runhead-partition" title={`partition ${line(app.partition_key)}`}>
          <Icon name="user" small />
          <span className="el">{line(app.partition_key)}</span>
        </span>
      )}
      <Became detail={detail} />
      <span className="grow" />
      <div className="stats">
        <Stat name="Duration" value={duration(lasts)} />
        <Stat name="Steps" value={count(app.step_count)} />
        {spent.map(([each, value, note]) => (
          <Stat key={each} name={each} value={value} title={note} />
        ))}
        {started !== null && <Stat name="Started" value={clock(started).slice(0, 8)} title={dateAndClock(started)} />}
      </div>
      <nav className="viewswitch" aria-label="Views of the run">
        <Link to={runPath(name.project, name.app, name.partition)} current>
          Steps
        </Link>
        {trace_id !== null && <Link to={tracePath(trace_id)}>Trace</Link>}
        {trace_id !== null && totals.agents !== null && (
          <Link to={tracePath(trace_id, undefined, "conversation")}>Conversation</Link>
        )}
      </nav>
      <button
        type="button"
        className="btn sq"
        title="Delete the run"
        aria-label="Delete the run"
        onClick={() => setDeleting(true)}
      >
        <Icon name="bin" />
      </button>
      {deleting && <DeleteRun name={name} steps={app.step_count} onClose={() => setDeleting(false)} />}
    </div>
  );
}

function Became({ detail: { app } }: { detail: AppDetail }) {
  const tone = { ok: "tag", error: "tag e", running: "tag l", lost: "tag" }[app.status];
  return (
    <span className={`${tone} runhead-became`} title={app.status === "lost" ? "No end, and no more news" : undefined}>
      {app.status === "running" && <i className="dot l small" />}
      {app.status === "ok" && app.step_count > 0 && <Icon name="check" small />}
      {app.status === "error" && <Icon name="cross" small />}
      {app.status === "lost" && <Icon name="alert" small />}
      <span className="el">{runWord(app)}</span>
    </span>
  );
}

function DeleteRun({ name, steps, onClose }: { name: RunName; steps: number; onClose: () => void }) {
  const onDeleted = () => navigate(listAddress());
  return (
    <DeleteDialog what="run" remove={() => runs.remove(name)} onClose={onClose} onDeleted={onDeleted}>
      “{line(name.app)}” with its {plural(steps, "step")}, its spans and its notes will be gone for good. What its own
      program wrote on disk stays there.
    </DeleteDialog>
  );
}

/** Stands where the head will be. */
export function RunHeadSkeleton() {
  return (
    <div className="trace-skeleton-head" role="status">
      <i />
      <span className="sr">Loading the run</span>
    </div>
  );
}
