import { expect, test } from "vitest";
import type { App, Step } from "../api/runs";
import { noteOf, textOf } from "./runNotes";
import { loadSnippets } from "./runSnippets";
import { spanLines } from "./runSpans";

const app = { project: 'the "desk"', app_id: "ticket-1", partition_key: null } as App;

test("a fork names the step whose state is kept", () => {
  const [fork, resume, load, print] = loadSnippets(app, { sequence: 3, attempt: 0 }, "plan");
  expect(fork?.name).toBe("Fork from 3");
  expect(fork?.text).toContain('LocalTrackingClient("the \\"desk\\""),');
  expect(fork?.text).toContain('fork_from_app_id="ticket-1",');
  expect(fork?.text).toContain("fork_from_partition_key=None,");
  expect(fork?.text).toContain("fork_from_sequence_id=3,");
  expect(resume?.text).toContain('.with_identifiers(app_id="ticket-1", partition_key=None)');
  expect(load?.text).toContain('None, "ticket-1", sequence_id=3');
  expect(print?.text).toBe(`trackway state ticket-1 --project 'the "desk"' --at 3`);
  const odd = { ...app, app_id: "-x", run_id: "5e", partition_key: "it's" };
  expect(loadSnippets(odd, { sequence: 3, attempt: 1 }, "plan").at(-1)?.text).toBe(
    `trackway state 5e --project 'the "desk"' --partition 'it'\\''s' --at 3 --attempt 1`,
  );
});

test("where no step ended before, there is nothing to fork from", () => {
  expect(loadSnippets(app, null, "plan").map(({ name }) => name)).toEqual(["Resume the run"]);
});

test("a note keeps what the page does not show", () => {
  const step = { sequence: 3, attempt: 1, action: "plan" } as Step;
  const old = {
    id: 1,
    app_id: "ticket-1",
    partition_key: null,
    sequence: 3,
    attempt: null,
    span_id: "3:0",
    step_name: "plan",
    tags: ["a"],
    observations: [
      { data_fields: { note: "so", more: 1 }, thumbs_up_thumbs_down: null, data_pointers: [{ type: "state_field" }] },
    ],
    created: null,
    updated: null,
  };
  expect(noteOf(old)).toEqual({ thumbs: null, note: "so", expected: "", tags: "a" });
  expect(textOf({ thumbs: false, note: "not so", expected: "yes", tags: "b, a,, b" }, step, old)).toEqual({
    sequence: 3,
    attempt: null,
    span_id: "3:0",
    step_name: "plan",
    tags: ["b", "a"],
    observations: [
      {
        data_fields: { note: "not so", more: 1, ground_truth: "yes" },
        thumbs_up_thumbs_down: false,
        data_pointers: [{ type: "state_field" }],
      },
    ],
  });
});

test("spans of a step stand under their parents, in parts of the step's time", () => {
  const span = (span_id: string, parent_id: string | null, from: number, ms: number | null) =>
    ({
      span_id,
      parent_id,
      start: `2026-01-01T00:00:00.${String(from).padStart(3, "0")}000000Z`,
      duration_ns: ms === null ? null : ms * 1e6,
    }) as Parameters<typeof spanLines>[0][number];
  const spans = [span("s", null, 0, 100), span("a", "s", 0, 50), span("b", "s", 50, null), span("c", "a", 10, 20)];
  const lines = spanLines(
    [...spans, span("other", null, 0, 1)],
    "s",
    "2026-01-01T00:00:00.000000000Z",
    "2026-01-01T00:00:00.100000000Z",
  );
  expect(lines.map((line) => [line.span.span_id, line.depth, line.from, line.to])).toEqual([
    ["s", 0, 0, 1],
    ["a", 1, 0, 0.5],
    ["c", 2, 0.1, 0.3],
    ["b", 1, 0.5, 1],
  ]);
  expect(spanLines(spans, "absent", null, null)).toEqual([]);
});
