import type { SpanData, ToldSpan, TraceSummary } from "../api/types";
import { groupPath, tracePath } from "../model/address";
import { DIALECT_NAMES, KINDS } from "../model/agents";
import { duration, line } from "../model/format";
import { Attributes } from "./Attributes";
import { ContentView } from "./ContentView";
import { Facts } from "./Facts";
import { Icon } from "./Icon";
import { Link } from "./navigation";
import { UsageTable } from "./UsageTable";
import "./AgentSection.css";

interface AgentSectionProps {
  span: ToldSpan;
  /** Of the span's trace; told with its root. */
  trace: TraceSummary | null;
}

/** What is known of a span of an agent: facts, tokens, and what was said. */
export function AgentSection({ span, trace }: AgentSectionProps) {
  const { data, content, original, parent_elsewhere: elsewhere } = span;
  const isRoot = span.parent_id === null;
  return (
    <>
      {data && <KindLine data={data} />}
      {elsewhere && (
        <p className="agent-elsewhere">
          <Icon name="link" small />
          <Link to={tracePath(elsewhere.trace_id, elsewhere.span_id)} className="link">
            Its parent is in another trace
          </Link>
        </p>
      )}
      {data && <Facts name="Work" facts={workFacts(data)} />}
      {data && (data.usage || data.cost) && <UsageTable usage={data.usage} cost={data.cost} />}
      {content && <ContentView content={content} responseId={data?.response_id ?? null} />}
      {original && (
        <Facts
          name="The client's own ids"
          facts={[
            ["span", original.id],
            ["trace", original.trace_id],
            ["parent", original.parent_id],
          ]}
        />
      )}
      {isRoot && trace && <TraceFacts trace={trace} />}
    </>
  );
}

function KindLine({ data }: { data: SpanData }) {
  const { word, icon } = KINDS[data.kind];
  return (
    <div className="agent-kind row">
      <span className={data.triggered ? "warn" : "m"}>
        <Icon name={icon} />
      </span>
      <b>{word}</b>
      {data.subject && <span className="el m">{line(data.subject)}</span>}
      {data.triggered && <span className="tag w">tripped</span>}
      {data.triggered === false && <span className="d">passed</span>}
      <span className="grow" />
      <span className="d xs">{DIALECT_NAMES[data.dialect]}</span>
    </div>
  );
}

function workFacts(data: SpanData): [string, string | null][] {
  const { request_model: asked, response_model: answered, handoff } = data;
  const isSame = asked === answered || answered === null;
  return [
    ["agent", data.agent],
    ["turn", data.turn === null ? null : String(data.turn)],
    ["model", isSame ? asked : answered],
    ["model asked for", isSame ? null : asked],
    ["provider", data.provider],
    ["first token", data.first_token_ns === null ? null : `after ${duration(data.first_token_ns)}`],
    ["stopped by", data.finish_reasons.join(", ")],
    ["from", handoff?.from ?? null],
    ["to", handoff === null ? null : (handoff.to ?? "not known yet")],
    ["MCP server", data.server],
    ["call id", data.call_id],
    ["response id", data.response_id],
    ["conversation", data.conversation],
    ["user", data.user],
  ];
}

/** What the client told of the trace as a whole. */
function TraceFacts({ trace }: { trace: TraceSummary }) {
  const { original_id: original, group_id: group, metadata } = trace;
  if (original === null && group === null && metadata.length === 0) return null;
  return (
    <section className="facts">
      <h3 className="eyebrow">Trace</h3>
      {group !== null && (
        <div className="attribute">
          <span className="m">group</span>
          <Link to={groupPath(group, trace.project)} className="link attribute-value">
            {line(group)}
          </Link>
        </div>
      )}
      <Attributes
        attributes={[
          ...(original === null ? [] : [{ key: "id at the client", type: "string" as const, value: original }]),
          ...metadata,
        ]}
        dropped={0}
        quiet
      />
    </section>
  );
}
