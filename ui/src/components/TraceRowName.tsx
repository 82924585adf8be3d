import type { TraceSummary } from "../api/types";
import { groupPath, tracePath } from "../model/address";
import { missesRoot, someOf, traceIcon } from "../model/agents";
import { colourVariable, traceColours } from "../model/colours";
import { line, plural, shortId } from "../model/format";
import { Icon } from "./Icon";
import { Link } from "./navigation";

/** Of a trace's many agents or models as many are named. */
const NAMED = 3;

/** What a trace is called, what it belongs to, and what became of it. */
export function TraceRowName({ trace }: { trace: TraceSummary }) {
  const { trace_id, root_name, group_id, agents, failure } = trace;
  return (
    <span role="gridcell" className="tracerow-name">
      <Icon name={traceIcon(agents)} />
      <Link to={tracePath(trace_id)} className="el" title={line(root_name)} tabIndex={-1}>
        <b>{line(root_name || "(no name)")}</b>
      </Link>
      <span className="mono d">{shortId(trace_id)}</span>
      {group_id !== null && (
        <Link
          to={groupPath(group_id, trace.project)}
          className="tag tracerow-group"
          title={`All traces of the group ${line(group_id)}`}
          tabIndex={-1}
        >
          <Icon name="thread" small />
          <span className="el">{line(group_id)}</span>
        </Link>
      )}
      <Became trace={trace} />
      {failure !== null && (
        <span className="el err tracerow-preview" title={`${line(failure.name)}: ${line(failure.message)}`}>
          {line(failure.message || failure.name)}
        </span>
      )}
      {agents && agents.agents.length + agents.models.length > 0 ? (
        <span className="el m tracerow-preview" title={[...agents.agents, ...agents.models].map(line).join("\n")}>
          <bdi>{line(someOf(agents.agents, NAMED))}</bdi>
          {agents.models.length > 0 && <span className="d"> {line(someOf(agents.models, NAMED))}</span>}
        </span>
      ) : (
        trace.span_count > 0 && <Service trace={trace} />
      )}
    </span>
  );
}

function Service({ trace }: { trace: TraceSummary }) {
  const colour = traceColours(trace.services.map(({ name }) => name)).get(trace.service) ?? "c8";
  return (
    <span className="tracerow-service m">
      <i className="sw" style={{ background: colourVariable(colour) }} />
      <span className="el">{line(trace.service)}</span>
    </span>
  );
}

function lossOf({ span_count, open_count }: TraceSummary): string {
  if (span_count === 0) return "lost: no span came";
  return open_count > 0 ? `lost: no news of ${plural(open_count, "span")}` : "lost: no more news";
}

function Became({ trace }: { trace: TraceSummary }) {
  const { status, agents } = trace;
  const waits = trace.span_count === 0;
  const tripped = agents?.guardrails_triggered ?? 0;
  return (
    <>
      {tripped > 0 && (
        <span className="tag w">
          <Icon name="guard" small />
          {tripped === 1 ? "guardrail tripped" : `${tripped} guardrails tripped`}
        </span>
      )}
      {status === "lost" && <span className="tag">{lossOf(trace)}</span>}
      {status === "running" && waits && <span className="tracerow-note live">waiting for its first span</span>}
      {status === "running" && trace.open_count > 0 && (
        <span className="tracerow-note live">{plural(trace.open_count, "span")} open</span>
      )}
      {missesRoot(trace) && <span className="tracerow-note d">root not here</span>}
    </>
  );
}
