import { useState } from "react";
import type { RunName, Step } from "../../api/runs";
import { counts, diffLines } from "../../model/runState";
import { StateDiffView, useDiff } from "./StateDiffView";
import { NoState } from "./StateTab";
import { useStepState } from "./stateOf";

interface DiffTabProps {
  name: RunName;
  step: Step;
  previous: Step | null;
}

/** What changed against any other step. */
export function DiffTab({ name, step, previous }: DiffTabProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const chosen = typed !== null && /^-?\d{1,15}$/.test(typed) ? { sequence: Number(typed), attempt: null } : null;
  const after = useStepState(name, step);
  const diff = useDiff(name, chosen, step);
  if (!step.has_state) return <NoState step={step} />;
  const problem = after.error ?? diff.error;
  const lines = after.data && diff.data ? diffLines(after.data.state, diff.data.changes) : null;
  const { added, removed } = counts(lines ?? []);
  return (
    <>
      <div className="diffpick">
        <label className="row">
          <span className="m">Compare with the state after step</span>
          <input
            className="field"
            type="number"
            value={typed ?? previous?.sequence ?? ""}
            placeholder="step"
            onChange={(event) => setTyped(event.target.value)}
          />
        </label>
        {previous && typed !== null && (
          <button type="button" className="btn quiet" onClick={() => setTyped(null)}>
            the step before
          </button>
        )}
        <span className="grow" />
        <span className="difftitle">
          {added > 0 && <span className="added">+{added}</span>}
          {removed > 0 && <span className="removed">−{removed}</span>}
        </span>
      </div>
      {problem ? (
        <p className="inspector-note m">{problem.message}</p>
      ) : lines === null ? (
        <p className="inspector-note d" role="status">
          Comparing…
        </p>
      ) : (
        <>
          {diff.data?.from === null && chosen === null && (
            <p className="inspector-note d">This is the first step: all of its state is new.</p>
          )}
          {added + removed === 0 && <p className="inspector-note m">Nothing changed.</p>}
          <StateDiffView name={name} step={step} lines={lines} />
        </>
      )}
    </>
  );
}
