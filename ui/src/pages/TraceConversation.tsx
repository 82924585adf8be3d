import { TraceHead, TraceHeadSkeleton } from "../components/TraceHead";
import type { Trace } from "./useTrace";

interface TraceConversationProps {
  id: string;
  trace: Trace;
  /** The selected span. */
  selected: string | null;
  onDelete: () => void;
}

/** A trace as what its agents did and said. */
export function TraceConversation({ trace, onDelete }: TraceConversationProps) {
  const { summary } = trace;
  return summary ? (
    <TraceHead trace={summary} view="conversation" lasts={summary.duration_ns} onDelete={onDelete} />
  ) : (
    <TraceHeadSkeleton />
  );
}
