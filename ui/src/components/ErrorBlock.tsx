import type { Span } from "../api/types";
import { attribute, LONG } from "../model/value";
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
  return (
    <div className="errorblock">
      <Icon name="cross" />
      <div>
        <LongText text={span.status.message || cause || "failed, without a message"} />
        {span.status.message !== "" && cause !== "" && <div className="sm m">{cause}</div>}
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

/** What our own library records in the place of a stack: an error's causes, or where a panic was. */
function isShort(stack: string): boolean {
  return /^(caused by: |at )/.test(stack) && stack.length <= LONG;
}
