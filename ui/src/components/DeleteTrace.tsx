import { api } from "../api/client";
import type { TraceSummary } from "../api/types";
import { line, plural } from "../model/format";
import { DeleteDialog } from "./DeleteDialog";

interface DeleteTraceProps {
  trace: TraceSummary;
  onClose: () => void;
  onDeleted: () => void;
}

export function DeleteTrace({ trace, onClose, onDeleted }: DeleteTraceProps) {
  const remove = () => api.deleteTrace(trace.trace_id);
  return (
    <DeleteDialog what="trace" remove={remove} onClose={onClose} onDeleted={onDeleted}>
      “{line(trace.root_name)}” and its {plural(trace.span_count, "span")} will be gone for good.
    </DeleteDialog>
  );
}
