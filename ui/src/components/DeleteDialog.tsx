import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Dialog } from "./Dialog";
import "./Confirm.css";

interface DeleteDialogProps {
  /** What is deleted, in one word: `trace`. */
  what: string;
  /** What will be gone. */
  children: ReactNode;
  remove: () => Promise<unknown>;
  onClose: () => void;
  onDeleted: () => void;
}

/** Asks before something is deleted, and says why it could not be. */
export function DeleteDialog({ what, children, remove, onClose, onDeleted }: DeleteDialogProps) {
  const client = useQueryClient();
  const deletion = useMutation({
    mutationFn: remove,
    onSuccess: () => {
      void client.invalidateQueries();
      onDeleted();
    },
  });
  return (
    <Dialog label={`Delete this ${what}`} className="confirm" onClose={onClose}>
      <h2>Delete this {what}?</h2>
      <p className="m">{children}</p>
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
          Delete the {what}
        </button>
      </div>
    </Dialog>
  );
}
