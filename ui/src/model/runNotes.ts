/** Annotations as people write them: thumbs, a note, the answer that they expected, and tags. */

import type { Annotation, AnnotationText, Json, Observation, Step } from "../api/runs";

export interface Note {
  thumbs: boolean | null;
  note: string;
  expected: string;
  /** Separated by commas. */
  tags: string;
}

/** The names under which Burr's own page keeps them. */
const NOTE = "note";
const EXPECTED = "ground_truth";

const text = (value: Json | undefined): string =>
  value === undefined || value === null ? "" : typeof value === "string" ? value : JSON.stringify(value);

export function noteOf(annotation: Annotation | null): Note {
  const { data_fields = {}, thumbs_up_thumbs_down = null } = annotation?.observations[0] ?? {};
  return {
    thumbs: thumbs_up_thumbs_down,
    note: text(data_fields[NOTE]),
    expected: text(data_fields[EXPECTED]),
    tags: annotation?.tags.join(", ") ?? "",
  };
}

/** What is sent; everything else that an annotation already says stays as it was. */
export function textOf({ thumbs, note, expected, tags }: Note, step: Step, old: Annotation | null): AnnotationText {
  const [first, ...others] = old?.observations ?? [];
  const observation: Observation = {
    data_fields: { ...first?.data_fields, [NOTE]: note, [EXPECTED]: expected },
    thumbs_up_thumbs_down: thumbs,
    data_pointers: first?.data_pointers ?? [],
  };
  const names = tags.split(",").map((tag) => tag.trim());
  return {
    sequence: step.sequence,
    attempt: old === null ? step.attempt : old.attempt,
    span_id: old?.span_id ?? null,
    step_name: old?.step_name ?? step.action,
    tags: [...new Set(names.filter((tag) => tag !== ""))],
    observations: [observation, ...others],
  };
}

/** The annotations of a step; one that names no attempt is about all of them. */
export function notesOfStep(all: Annotation[], { sequence, attempt }: Step): Annotation[] {
  return all.filter((each) => each.sequence === sequence && (each.attempt === null || each.attempt === attempt));
}
