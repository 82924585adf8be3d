import type { Span } from "../api/types";
import { line } from "../model/format";
import { attribute, LONG, valueText } from "../model/value";
import { Icon } from "./Icon";
import { LongText } from "./LongText";
import "./ErrorBlock.css";

/** Why the span failed, as far as it was recorded: the status, and the last exception. */
export function ErrorBlock({ span }: { span: Span }) {
  if (span.status.code !== "error") return null;
  const exception = span.events.findLast(({ name }) => name === "exception")?.attributes ?? [];
  const type = attribute(exception, "exception.type");
  const message = attribute(exception, "exception.message");
  const stack = attribute(exception, "exception.stacktrace");
  const cause = [type, message === span.status.message ? null : message].filter(Boolean).join(": ");
  const told = errorData(span);
  return (
    <div className="errorblock">
      <Icon name="cross" />
      <div>
        <LongText text={span.status.message || cause || "failed, without a message"} />
        {span.status.message !== "" && cause !== "" && <div className="sm m">{cause}</div>}
        {told.map(({ key, text }) => (
          <div key={key} className="errorblock-causes m">
            <LongText text={`${line(key)}: ${text}`} />
          </div>
        ))}
        {stack && isShort(stack) && (
          <div className="errorblock-causes m">
            <LongText text={stack} />
          </div>
        )}
        {stack && !isShort(stack) && (
          <details>
            <summary className="sm m">Stack trace</summary>
            <LongText text={stack} most={4000} copyLabel="Copy the stack trace" />
          </details>
        )}
      </div>
    </div>
  );
}

/** What the Agents SDK tells of a failure beside its message, which alone is often a formula. */
function errorData(span: Span): { key: string; text: string }[] {
  const data = span.attributes.find(({ key }) => key === "openai.agents.error_data");
  if (data === undefined) return [];
  const facts = data.type === "map" ? data.value : [{ ...data, key: "data" }];
  return facts.filter(({ type }) => type !== "empty").map((fact) => ({ key: fact.key, text: valueText(fact) }));
}

/** What our own library records in the place of a stack: an error's causes, or where a panic was. */
function isShort(stack: string): boolean {
  return /^(caused by: |at )/.test(stack) && stack.length <= LONG;
}
