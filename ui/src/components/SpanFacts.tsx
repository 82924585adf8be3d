import type { Span } from "../api/types";
import { dateAndClock } from "../model/format";
import { Facts } from "./Facts";

/** What every span has besides its attributes. */
export function SpanFacts({ span }: { span: Span }) {
  return (
    <Facts
      name="Span"
      facts={[
        ["span id", span.span_id],
        ["parent id", span.parent_id],
        ["parent is remote", span.parent_is_remote === null ? null : span.parent_is_remote ? "yes" : "no"],
        ["start", dateAndClock(span.start)],
        ["end", span.end === null ? null : dateAndClock(span.end)],
        ["announced", span.announced === null ? null : dateAndClock(span.announced)],
        ["status", span.status.code],
        ["flags", String(span.flags)],
        ["trace state", span.trace_state],
        ["project", span.project],
      ]}
    />
  );
}
