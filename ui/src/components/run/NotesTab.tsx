import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { type Annotation, type AnnotationText, type RunName, runs, type Step } from "../../api/runs";
import { dateAndClock, line } from "../../model/format";
import { type Note, noteOf, notesOfStep, textOf } from "../../model/runNotes";
import { Icon } from "../Icon";
import "./NotesTab.css";

/** What people think of the step: thumbs, tags, a note and the answer that they expected. */
export function NotesTab({ name, step }: { name: RunName; step: Step }) {
  const client = useQueryClient();
  const { data, error } = useQuery({
    queryKey: ["notes", name, step.sequence],
    queryFn: ({ signal }) => runs.annotations(name, step.sequence, signal),
    staleTime: 0,
  });
  const [editing, setEditing] = useState<number | "new" | null>(null);
  const done = () => {
    setEditing(null);
    void client.invalidateQueries({ queryKey: ["notes", name] });
    void client.invalidateQueries({ queryKey: ["run", name] });
  };
  const saving = useMutation({
    mutationFn: ({ id, text }: { id: number | null; text: AnnotationText }) =>
      id === null ? runs.annotate(name, text) : runs.revise(name, id, text),
    onSuccess: done,
  });
  const removal = useMutation({ mutationFn: (id: number) => runs.unannotate(name, id), onSuccess: done });
  const problem = error ?? saving.error ?? removal.error;
  const notes = notesOfStep(data?.annotations ?? [], step);
  const save = (annotation: Annotation | null, note: Note) =>
    saving.mutate({ id: annotation?.id ?? null, text: textOf(note, step, annotation) });
  return (
    <>
      {problem && (
        <p className="inspector-note err" role="alert">
          {problem.message}
        </p>
      )}
      {notes.map((each) =>
        editing === each.id ? (
          <NoteForm
            key={each.id}
            note={noteOf(each)}
            busy={saving.isPending}
            onSave={(note) => save(each, note)}
            onCancel={() => setEditing(null)}
          />
        ) : (
          <NoteView
            key={each.id}
            annotation={each}
            onEdit={() => setEditing(each.id)}
            onDelete={() => removal.mutate(each.id)}
          />
        ),
      )}
      {data && (editing === "new" || notes.length === 0) ? (
        <NoteForm
          key={`${step.sequence} ${step.attempt} ${notes.length}`}
          note={noteOf(null)}
          busy={saving.isPending}
          onSave={(note) => save(null, note)}
          onCancel={notes.length === 0 ? null : () => setEditing(null)}
        />
      ) : (
        <div className="inspector-note">
          <button type="button" className="btn" onClick={() => setEditing("new")}>
            <Icon name="plus" small />
            Add a note
          </button>
        </div>
      )}
    </>
  );
}

interface NoteViewProps {
  annotation: Annotation;
  onEdit: () => void;
  onDelete: () => void;
}

function NoteView({ annotation, onEdit, onDelete }: NoteViewProps) {
  const { thumbs, note, expected } = noteOf(annotation);
  return (
    <article className="note">
      <div className="row">
        {thumbs !== null && (
          <span className={thumbs ? "m" : "err"} role="img" aria-label={thumbs ? "thumbs up" : "thumbs down"}>
            <Icon name={thumbs ? "thumb" : "thumbdown"} />
          </span>
        )}
        {annotation.tags.map((tag) => (
          <span key={tag} className="tag">
            {line(tag)}
          </span>
        ))}
        {annotation.span_id !== null && <span className="mono d">span {line(annotation.span_id)}</span>}
        <span className="grow" />
        <span className="d xs">{annotation.updated && dateAndClock(annotation.updated).slice(0, 16)}</span>
        <button type="button" className="link xs" onClick={onEdit}>
          Edit
        </button>
        <button type="button" className="ib" aria-label="Delete the note" title="Delete the note" onClick={onDelete}>
          <Icon name="bin" />
        </button>
      </div>
      {note !== "" && <p>{note}</p>}
      {expected !== "" && (
        <p>
          <span className="d">expected: </span>
          {expected}
        </p>
      )}
      {annotation.observations.length > 1 && (
        <p className="d">and {annotation.observations.length - 1} more observations</p>
      )}
    </article>
  );
}

interface NoteFormProps {
  note: Note;
  busy: boolean;
  onSave: (note: Note) => void;
  /** Null where there is nothing to go back to. */
  onCancel: (() => void) | null;
}

function NoteForm({ note, busy, onSave, onCancel }: NoteFormProps) {
  const [draft, setDraft] = useState(note);
  const change = (part: Partial<Note>) => setDraft((old) => ({ ...old, ...part }));
  const isEmpty = draft.thumbs === null && !draft.note.trim() && !draft.expected.trim() && !draft.tags.trim();
  return (
    <form
      className="noteform"
      aria-label="Note"
      onSubmit={(event) => {
        event.preventDefault();
        if (!isEmpty) onSave(draft);
      }}
    >
      <div className="row">
        {[true, false].map((thumbs) => (
          <button
            type="button"
            key={String(thumbs)}
            className="btn"
            aria-pressed={draft.thumbs === thumbs}
            onClick={() => change({ thumbs: draft.thumbs === thumbs ? null : thumbs })}
          >
            <Icon name={thumbs ? "thumb" : "thumbdown"} />
            {thumbs ? "Good" : "Bad"}
          </button>
        ))}
      </div>
      <label>
        <span className="m">Note</span>
        <textarea className="field" value={draft.note} onChange={(event) => change({ note: event.target.value })} />
      </label>
      <label>
        <span className="m">Expected answer</span>
        <textarea
          className="field"
          value={draft.expected}
          onChange={(event) => change({ expected: event.target.value })}
        />
      </label>
      <label>
        <span className="m">Tags, separated by commas</span>
        <input className="field" value={draft.tags} onChange={(event) => change({ tags: event.target.value })} />
      </label>
      <div className="row">
        <button type="submit" className="btn" disabled={busy || isEmpty}>
          Save the note
        </button>
        {onCancel && (
          <button type="button" className="btn quiet" onClick={onCancel}>
            Cancel
          </button>
        )}
      </div>
    </form>
  );
}
