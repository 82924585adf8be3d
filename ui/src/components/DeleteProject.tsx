import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api } from "../api/client";
import type { ProjectList } from "../api/types";
import { plural } from "../model/format";
import { Dialog } from "./Dialog";
import "./Confirm.css";

interface DeleteProjectProps {
  project: ProjectList["projects"][number];
  onClose: () => void;
}

/** Asks for the project's name before it deletes all its traces. */
export function DeleteProject({ project, onClose }: DeleteProjectProps) {
  const [typed, setTyped] = useState("");
  const client = useQueryClient();
  const deletion = useMutation({
    mutationFn: () => api.deleteProject(project.name),
    onSuccess: () => {
      void client.invalidateQueries();
      onClose();
    },
  });
  const sure = typed === project.name;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (sure) deletion.mutate();
  };
  return (
    <Dialog label="Delete a project" className="confirm" onClose={onClose}>
      <form onSubmit={submit}>
        <h2>Delete the project “{project.name}”?</h2>
        <p className="m">
          Its {plural(project.trace_count, "trace")} with {plural(project.span_count, "span")} will be gone for good.
        </p>
        <label className="confirm-typed">
          <span className="m">Type its name to go on</span>
          <input
            className="field"
            autoFocus
            value={typed}
            spellCheck={false}
            autoComplete="off"
            onChange={(event) => setTyped(event.target.value)}
          />
        </label>
        {deletion.isError && (
          <p className="err" role="alert">
            {deletion.error.message}
          </p>
        )}
        <div className="confirm-actions">
          <button type="button" className="btn" onClick={onClose}>
            Keep it
          </button>
          <button type="submit" className="btn danger" disabled={!sure || deletion.isPending}>
            Delete the project
          </button>
        </div>
      </form>
    </Dialog>
  );
}
