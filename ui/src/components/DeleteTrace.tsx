import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api } from "../api/client";
import type { TraceSummary } from "../api/types";
import { line, plural } from "../model/format";
import { Dialog } from "./Dialog";
import "./Confirm.css";

interface DeleteTraceProps {
  trace: TraceSummary;
  onClose: () => void;
  onDeleted: () => void;
}

export function DeleteTrace({ trace, onClose, onDeleted }: DeleteTraceProps) {
  const client = useQueryClient();
  const deletion = useMutation({
    mutationFn: () => api.deleteTrace(trace.trace_id),
    onSuccess: () => {
      void client.invalidateQueries();
      onDeleted();
    },
  });
  return (
    <Dialog label="Delete this trace" className="confirm" onClose={onClose}>
      <h2>Delete this trace?</h2>
      <p className="m">
        “{line(trace.root_name)}” and its {plural(trace.span_count, "span")} will be gone for good.
      </p>
      {deletion.isError && (
        <p className="err" role="alert">
          {deletion.error.message}
        </p>
      )}
      <div className="confirm-actions">
        <button type="button" className="btn" onClick={onClose}>
          Keep it
        </button>
        <button type="button" className="btn danger" disabled={deletion.isPending} onClick={() => deletion.mutate()}>
          Delete the trace
        </button>
      </div>
    </Dialog>
  );
}
