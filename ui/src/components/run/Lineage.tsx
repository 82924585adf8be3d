import { useState } from "react";
import type { AppDetail, RunChild, RunPointer } from "../../api/runs";
import { runPath } from "../../model/address";
import { count, duration, line, plural } from "../../model/format";
import { Icon } from "../Icon";
import { Link } from "../navigation";
import "./Lineage.css";

/** So many children are shown before the rest is asked for. */
const FEW = 4;

/** Where a run comes from, and what came of it; nothing where it stands alone. */
export function Lineage({ detail }: { detail: AppDetail }) {
  const { app, parents, children } = detail;
  const [all, setAll] = useState(false);
  if (parents.length === 0 && children.length === 0) return null;
  const shown = all ? children : children.slice(0, FEW);
  const hidden = children.length - shown.length;
  const counts = [
    app.fork_count > 0 ? plural(app.fork_count, "fork") : "",
    app.child_count > 0 ? plural(app.child_count, "child", "children") : "",
  ];
  const { parent, spawned_by } = app;
  return (
    <section className="lineage" aria-label="Lineage">
      <div className="runpane-title">
        <h2>Lineage</h2> <span className="d">{counts.filter(Boolean).join(", ")}</span>
      </div>
      <div className="lineage-lines">
        {parents.toReversed().map((pointer, i) => (
          <ParentLine key={i} project={app.project} pointer={pointer} />
        ))}
        <div className={parents.length > 0 ? "lineage-line lineage-child" : "lineage-line"}>
          <Icon name={parent ? "fork" : "run"} />
          <b className="el">{line(app.app_id)}</b>
          <span className="d">this run</span>
          <span className="grow" />
          <span className="m">{duration(app.duration_ns ?? 0)}</span>
        </div>
        {shown.map((child, i) => (
          <ChildLine key={i} project={app.project} child={child} />
        ))}
        {hidden > 0 && (
          <button type="button" className="link xs" onClick={() => setAll(true)}>
            {count(hidden)} more…
          </button>
        )}
        {parent && (
          <p className="xs d">
            Forked from {line(parent.app_id)}
            {parent.sequence === null ? ", at its latest step" : ` after step ${parent.sequence}`}: what came before is
            in its record.
          </p>
        )}
        {spawned_by && (
          <p className="xs d">
            Started by {line(spawned_by.app_id)}
            {spawned_by.sequence === null ? "" : ` in step ${spawned_by.sequence}`}.
          </p>
        )}
      </div>
    </section>
  );
}

function addressOf(project: string, { app_id, partition_key, sequence }: RunPointer, withStep: boolean): string {
  const step = withStep && sequence !== null ? { sequence, attempt: null } : null;
  return runPath(project, app_id, partition_key, { step });
}

function ParentLine({ project, pointer }: { project: string; pointer: RunPointer }) {
  return (
    <div className="lineage-line">
      <Icon name="run" />
      <Link to={addressOf(project, pointer, true)} className="el" title={line(pointer.app_id)}>
        {line(pointer.app_id)}
      </Link>
      <span className="d el">{pointer.sequence === null ? "at its latest step" : `step ${pointer.sequence}`}</span>
    </div>
  );
}

function ChildLine({ project, child }: { project: string; child: RunChild }) {
  const { app, pointer, event, sequence } = child;
  const from = sequence ?? (event === "fork" ? pointer.sequence : null);
  return (
    <div className="lineage-line lineage-child">
      <Icon name={event === "fork" ? "fork" : "run"} />
      <Link to={addressOf(project, pointer, false)} className="el" title={line(pointer.app_id)}>
        {line(pointer.app_id)}
      </Link>
      <span className="d el">
        {event === "fork" ? "fork" : "started"}
        {from === null ? "" : event === "fork" ? ` from ${from}` : ` in ${from}`}
      </span>
      <span className="grow" />
      {app === null ? (
        <span className="d" title="Nothing was told of this run yet">
          not here
        </span>
      ) : app.status === "running" ? (
        <span className="live row">
          <i className="dot l small" />
          step {app.last_sequence ?? 0}
        </span>
      ) : (
        <span className={app.status === "error" ? "err" : "m"}>
          {app.status === "lost" ? "lost" : duration(app.duration_ns ?? 0)}
        </span>
      )}
    </div>
  );
}
