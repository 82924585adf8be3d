import type { ReactNode } from "react";
import type { StoryCall } from "../../api/story";
import { tracePath } from "../../model/address";
import { callPrice } from "../../model/conversation";
import { count, dollars, duration, line } from "../../model/format";
import { valueText } from "../../model/value";
import { Icon } from "../Icon";
import { Link } from "../navigation";
import "./CallFacts.css";

/** What is known of a call of a model. */
export function CallFacts({ traceId, call }: { traceId: string; call: StoryCall }) {
  const { usage } = call;
  const parameters = call.parameters.filter(({ type }) => type !== "empty");
  return (
    <div className="token-section">
      <h3 className="eyebrow">Call {count(call.index)}</h3>
      <dl className="callfacts">
        <Fact name="model">{call.model ?? <span className="d">unknown</span>}</Fact>
        {call.provider && <Fact name="provider">{call.provider}</Fact>}
        {call.agent && <Fact name="agent">{call.agent}</Fact>}
        <Fact name="took">{call.duration_ns === null ? "not ended" : duration(call.duration_ns)}</Fact>
        {call.first_token_ns !== null && <Fact name="first token">{duration(call.first_token_ns)}</Fact>}
        {parameters.map((parameter, i) => (
          <Fact key={i} name={parameter.key}>
            {line(valueText(parameter))}
          </Fact>
        ))}
        {call.finish_reasons.length > 0 && <Fact name="stop reason">{call.finish_reasons.join(", ")}</Fact>}
        {call.tools_offered > 0 && <Fact name="tools offered">{count(call.tools_offered)}</Fact>}
        <Fact name="tools called">{count(call.tool_calls)}</Fact>
        {usage?.input_tokens != null && (
          <Fact name="tokens in">
            {count(usage.input_tokens)}
            {usage.cache_read_tokens ? <span className="d"> {count(usage.cache_read_tokens)} cached</span> : null}
          </Fact>
        )}
        {usage?.output_tokens != null && (
          <Fact name="tokens out">
            {count(usage.output_tokens)}
            {usage.reasoning_tokens ? <span className="d"> {count(usage.reasoning_tokens)} thinking</span> : null}
          </Fact>
        )}
        <Fact name="cost">
          <span title={callPrice(call)}>
            {call.cost ? dollars(call.cost.total_usd) : "unknown"}
            <span className="d"> {callPrice(call)}</span>
          </span>
        </Fact>
      </dl>
      <Link to={tracePath(traceId, call.span_id)} className="btn" title="The span in the trace (↵)">
        <Icon name="trace" />
        Open the span
      </Link>
    </div>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt title={line(name)}>{line(name)}</dt>
      <dd>{children}</dd>
    </>
  );
}
