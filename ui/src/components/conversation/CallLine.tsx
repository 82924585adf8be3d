import type { StoryCall } from "../../api/story";
import { callPrice } from "../../model/conversation";
import { count, dollars, duration, line } from "../../model/format";
import { Icon } from "../Icon";
import "./CallLine.css";

/** What a call of a model took. */
export function CallLine({ call }: { call: StoryCall }) {
  const { index, model, duration_ns, first_token_ns, usage, cost, failed } = call;
  return (
    <div className="call" aria-label={`Model call ${index}`} role="group">
      <span className="call-number">
        <Icon name="gen_ai" small />
        call {count(index)}
      </span>
      <span className="el" title={model === null ? undefined : line(model)}>
        {model === null ? "model unknown" : line(model)}
      </span>
      {failed && (
        <span className="err call-number">
          <Icon name="cross" small />
          failed
        </span>
      )}
      {duration_ns !== null && <b className="call-took">{duration(duration_ns)}</b>}
      {first_token_ns !== null && <span className="call-less">first token {duration(first_token_ns)}</span>}
      <span className="grow" />
      {usage?.input_tokens != null && (
        <span>
          <b>{count(usage.input_tokens)}</b> in
          {usage.cache_read_tokens ? (
            <span className="d call-cached"> ({count(usage.cache_read_tokens)} cached)</span>
          ) : null}
        </span>
      )}
      {usage?.output_tokens != null && (
        <span>
          <b>{count(usage.output_tokens)}</b> out
        </span>
      )}
      {cost ? (
        <b className="call-cost" title={callPrice(call)}>
          {dollars(cost.total_usd)}
        </b>
      ) : (
        <span className="call-cost d" title={callPrice(call)}>
          {usage === null ? "tokens unknown" : "price unknown"}
        </span>
      )}
    </div>
  );
}
