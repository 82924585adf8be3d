import { useState } from "react";
import type { AnyAttempt, Json, RunName, Step, When } from "../../api/runs";
import { line, plural } from "../../model/format";
import { isOwnField, nameOf } from "../../model/run";
import { counts, diffLines, fieldsOf } from "../../model/runState";
import { FieldSize, FieldValue } from "./FieldValue";
import { StateDiffView, useDiff } from "./StateDiffView";
import { useStepState } from "./stateOf";

/** Which state of a step is shown; `diff` is what the step made of it. */
export type Side = When | "diff";

const SIDES: { side: Side; name: string }[] = [
  { side: "before", name: "before" },
  { side: "diff", name: "difference" },
  { side: "after", name: "after" },
];

/** Before, after, or the difference. */
export function Sides({ side, onSide }: { side: Side; onSide: (side: Side) => void }) {
  return (
    <div className="seg" role="group" aria-label="Which state">
      {SIDES.map((each) => (
        <button type="button" key={each.side} aria-pressed={each.side === side} onClick={() => onSide(each.side)}>
          {each.name}
        </button>
      ))}
    </div>
  );
}

interface StateTabProps {
  name: RunName;
  step: Step;
  /** Whether there is a state that the step began with. */
  hasBefore: boolean;
}

/** Every field of the state on either side of the step, or what the step made of it. */
export function StateTab({ name, step, hasBefore }: StateTabProps) {
  const [wanted, setSide] = useState<Side>("after");
  const side = hasBefore ? wanted : "after";
  return (
    <>
      <div className="difftitle statetitle">
        <h3>State</h3>
        <span className="d">
          {side === "diff" ? "made by" : side} step {nameOf(step)}
        </span>
        <span className="grow" />
        {hasBefore && <Sides side={side} onSide={setSide} />}
      </div>
      {side === "diff" ? <Difference name={name} step={step} /> : <Whole name={name} step={step} when={side} />}
    </>
  );
}

function Whole({ name, step, when }: { name: RunName; step: Step; when: When }) {
  const { data, error, isPending } = useStepState(name, step, when);
  if (when === "after" && !step.has_state) return <NoState step={step} />;
  if (error) return <p className="inspector-note m">{error.message}</p>;
  if (isPending || !data) return <Reading />;
  const changed = new Set(when === "after" ? step.changed : []);
  return <Fields name={name} step={step} when={when} state={data.state} changed={changed} />;
}

function Difference({ name, step }: { name: RunName; step: Step }) {
  const after = useStepState(name, step);
  const diff = useDiff(name, null, step);
  const problem = after.error ?? diff.error;
  if (!step.has_state) return <NoState step={step} />;
  if (problem) return <p className="inspector-note m">{problem.message}</p>;
  if (!after.data || !diff.data) return <Reading />;
  const lines = diffLines(after.data.state, diff.data.changes);
  const { added, removed } = counts(lines);
  return (
    <>
      {added + removed === 0 && <p className="inspector-note m">The step changed nothing.</p>}
      <StateDiffView name={name} step={step} lines={lines} />
    </>
  );
}

interface FieldsProps {
  name: RunName;
  step: AnyAttempt;
  when: When;
  state: Json;
  changed: ReadonlySet<string>;
}

/** A state, field by field. */
export function Fields({ name, step, when, state, changed }: FieldsProps) {
  const fields = fieldsOf(state);
  const own = fields.filter(([key]) => isOwnField(key));
  const others = fields.filter(([key]) => !isOwnField(key));
  return (
    <>
      {own.length === 0 && <p className="inspector-note d">The state is empty.</p>}
      {[...own, ...others].map(([key, value]) => (
        <section key={key} className="statefield" aria-label={key}>
          <div className="row">
            <h3 className={isOwnField(key) ? "mono el" : "mono el d"}>{line(key || "state")}</h3>
            {changed.has(key) && <span className="tag">changed</span>}
            <span className="grow" />
            <FieldSize value={value} />
          </div>
          <FieldValue name={name} step={step} when={when} field={key} value={value} />
        </section>
      ))}
      {own.length > 0 && (
        <p className="inspector-note d">
          {plural(own.length, "field")}
          {others.length > 0 && `, and ${others.length} of the framework's own`}
        </p>
      )}
    </>
  );
}

export function Reading() {
  return (
    <p className="inspector-note d" role="status">
      Reading the state…
    </p>
  );
}

/** Why there is no state after the step. */
export function NoState({ step }: { step: Step }) {
  return <p className="inspector-note m">{NO_STATE[step.state]}</p>;
}

const NO_STATE: Record<Step["state"], string> = {
  running: "The step still runs. The state after it is shown when it ends.",
  lost: "The step never ended: no state after it was recorded. The last one is that of the step before.",
  failed: "The client recorded no state with the failure. The last one is that of the step before.",
  done: "The client recorded no state after this step.",
};
