import { useState } from "react";
import type { AnyAttempt, RunName, Step } from "../../api/runs";
import { line } from "../../model/format";
import { nameOf } from "../../model/run";
import { counts, diffLines } from "../../model/runState";
import { linesOfState, StateDiffView, useDiff } from "./StateDiffView";
import { NoState, Reading, type Side, Sides } from "./StateTab";
import { useEdit, useStepState } from "./stateOf";

interface StateChangesProps {
  name: RunName;
  step: Step;
  hasBefore: boolean;
}

/** What the step made of the state, in short. */
export function StateChanges({ name, step, hasBefore }: StateChangesProps) {
  const [wanted, setSide] = useState<Side>("diff");
  const side = hasBefore ? wanted : "diff";
  const after = useStepState(name, step);
  const before = useStepState(name, step, "before", side === "before");
  const diff = useDiff(name, null, step);
  const shown = side === "before" ? before : after;
  const state = shown.data?.state;
  const changes = side === "diff" ? diff.data?.changes : undefined;
  const lines = state === undefined ? [] : changes ? diffLines(state, changes) : linesOfState(state);
  const { added, removed } = counts(lines);
  const from = diff.data?.from ?? null;
  return (
    <section aria-label="State">
      <div className="difftitle">
        <h3>State</h3>
        <span className="d">
          {from ? `${from.sequence < 0 ? "start" : from.sequence} → ${step.sequence}` : `after ${step.sequence}`}
        </span>
        <span className="grow" />
        {added > 0 && <span className="added">+{added}</span>}
        {removed > 0 && <span className="removed">−{removed}</span>}
        {hasBefore && <Sides side={side} onSide={setSide} />}
      </div>
      {!step.has_state && side !== "before" ? (
        <NoState step={step} />
      ) : shown.error ? (
        <p className="inspector-note m">{shown.error.message}</p>
      ) : state === undefined ? (
        <Reading />
      ) : (
        <StateDiffView key={side} name={name} step={step} when={side === "before" ? "before" : "after"} lines={lines} />
      )}
      {diff.error && side === "diff" && <p className="inspector-note d">{diff.error.message}</p>}
    </section>
  );
}

interface EditedProps {
  name: RunName;
  step: Step;
  /** What stood before the edit. */
  previous: AnyAttempt;
  /** The action that was set to come next, where it is another one than was chosen. */
  next: string | null;
}

/** What somebody changed by hand before the step began. */
export function Edited({ name, step, previous, next }: EditedProps) {
  const { data, error } = useEdit(name, previous, step);
  const lines = data ? diffLines({}, data) : [];
  const { added, removed } = counts(lines);
  return (
    <section className="edited" aria-label="Edited by hand">
      <div className="difftitle">
        <h3>Edited by hand</h3>
        <span className="d">before step {nameOf(step)}</span>
        <span className="grow" />
        {added > 0 && <span className="added">+{added}</span>}
        {removed > 0 && <span className="removed">−{removed}</span>}
      </div>
      {error ? (
        <p className="inspector-note m">{error.message}</p>
      ) : data === undefined ? (
        <Reading />
      ) : lines.length === 0 ? (
        <p className="inspector-note d">The state was set to what it was.</p>
      ) : (
        <StateDiffView name={name} step={step} when="before" lines={lines} />
      )}
      {next !== null && (
        <p className="inspector-note">
          What comes next was set to <b>{line(next)}</b>.
        </p>
      )}
    </section>
  );
}
