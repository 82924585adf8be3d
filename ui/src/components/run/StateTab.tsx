import { useQuery } from "@tanstack/react-query";
import { type RunName, runs, type Step } from "../../api/runs";
import { line, plural } from "../../model/format";
import { isOwnField } from "../../model/run";
import { fieldsOf } from "../../model/runState";
import { FieldSize, FieldValue } from "./FieldValue";

/** The state after a step; a step that still runs has none yet. */
export function useStepState(name: RunName, step: Step | null) {
  return useQuery({
    queryKey: ["state", name, step?.sequence, step?.attempt, step?.state],
    queryFn: ({ signal }) => {
      const { sequence = 0, attempt = 0 } = step ?? {};
      return runs.state(name, { sequence, attempt }, null, signal);
    },
    enabled: step?.has_state ?? false,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
}

/** Every field of the state after the step. */
export function StateTab({ name, step }: { name: RunName; step: Step }) {
  const { data, error, isPending } = useStepState(name, step);
  if (!step.has_state) return <NoState step={step} />;
  if (error) return <p className="inspector-note m">{error.message}</p>;
  if (isPending || !data) {
    return (
      <p className="inspector-note d" role="status">
        Reading the state…
      </p>
    );
  }
  const fields = fieldsOf(data.state);
  const own = fields.filter(([key]) => isOwnField(key));
  const others = fields.filter(([key]) => !isOwnField(key));
  const changed = new Set(step.changed);
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
          <FieldValue name={name} step={step} field={key} value={value} />
        </section>
      ))}
      <p className="inspector-note d">
        {plural(own.length, "field")} after step {step.sequence}
        {others.length > 0 && `, and ${others.length} of the framework's own`}
      </p>
    </>
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
