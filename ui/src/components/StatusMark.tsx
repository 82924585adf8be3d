import type { TraceStatus } from "../api/types";
import { Icon } from "./Icon";

/** What became of a trace; success is silent. */
export function StatusMark({ status }: { status: TraceStatus }) {
  switch (status) {
    case "error":
      return (
        <span className="err" role="img" aria-label="error" title="error">
          <Icon name="cross" />
        </span>
      );
    case "running":
      return <i className="dot l" role="img" aria-label="running" title="running" />;
    case "lost":
      return (
        <span className="d" role="img" aria-label="lost" title="lost: no end, and no more news">
          <Icon name="alert" />
        </span>
      );
    case "ok":
      return null;
  }
}
