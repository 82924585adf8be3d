import type { GuardrailEntry } from "../../api/story";
import { duration } from "../../model/format";
import { Icon } from "../Icon";
import "./GuardrailLine.css";

/** What a guardrail found. */
export function GuardrailLine({ entry: { triggered, duration_ns } }: { entry: GuardrailEntry }) {
  return (
    <div className="guardrail">
      {triggered === true ? (
        <span className="tag w">
          <Icon name="guard" small />
          tripped
        </span>
      ) : (
        <span className="d">{triggered === false ? "passed" : "no verdict recorded"}</span>
      )}
      <span className="grow" />
      {duration_ns !== null && <span className="d xs">{duration(duration_ns)}</span>}
    </div>
  );
}
