import { useState } from "react";
import type { GraphAction, Json, Step, StepDetail } from "../../api/runs";
import { line } from "../../model/format";
import { conditionText } from "../../model/runGraph";
import { counts, diffLines } from "../../model/runState";
import { Icon } from "../Icon";
import { ErrorSummary } from "./ErrorTab";
import { JsonView } from "./FieldValue";
import { type InspectorProps, useStepDetail } from "./Inspector";
import { Code } from "./SourceTab";
import { linesOfState, StateDiffView, useDiff } from "./StateDiffView";
import { NoState, useStepState } from "./StateTab";

interface OverviewProps extends InspectorProps {
  /** The steps before and after it in the log, where they are known. */
  previous: Step | null;
  next: Step | null;
  action: GraphAction | null;
}

/** Why it failed, what it changed, what went in and what came out. */
export function Overview(props: OverviewProps) {
  const { name, step, action, detail, next } = props;
  const { data, error } = useStepDetail(name, step);
  return (
    <div className="overview">
      <div>
        {step.error !== null && <ErrorSummary text={data?.error ?? step.error} onMore={() => props.onTab("error")} />}
        <StateChanges {...props} />
        {action?.code && (
          <section className="runsection">
            <div className="eyebrow">
              <h3>Source</h3>
              <span className="mono">{line(action.name)}</span>
            </div>
            <Code text={action.code} />
          </section>
        )}
      </div>
      <div>
        {error && <p className="inspector-note err">{error.message}</p>}
        <section className="runsection">
          <h3 className="eyebrow">Inputs</h3>
          <Given value={data?.inputs ?? step.inputs} none="none" />
        </section>
        <section className="runsection">
          <h3 className="eyebrow">Result</h3>
          <Result step={step} detail={data ?? null} />
        </section>
        <NextSteps step={step} next={next} transitions={detail.graph?.transitions ?? []} />
        {action && <ReadsAndWrites action={action} />}
      </div>
    </div>
  );
}

function Given({ value, none }: { value: Json; none: string }) {
  const isEmpty =
    value === null || (typeof value === "object" && !Array.isArray(value) && Object.keys(value).length === 0);
  return isEmpty ? <p className="sm d">{none}</p> : <JsonView value={value} />;
}

function Result({ step, detail }: { step: Step; detail: StepDetail | null }) {
  if (step.state === "running") return <p className="sm d">not yet: the step still runs</p>;
  if (step.state === "lost") return <p className="sm d">none: the step never ended</p>;
  if (step.state === "failed" && !step.has_result)
    return <p className="sm d">none: the step failed before it returned</p>;
  if (!step.has_result) return <p className="sm d">none</p>;
  return detail === null ? <p className="sm d">…</p> : <Given value={detail.result} none="empty" />;
}

type Side = "before" | "diff" | "after";
const SIDES: Side[] = ["before", "diff", "after"];

function StateChanges({ name, step, previous }: OverviewProps) {
  const [side, setSide] = useState<Side>("diff");
  const after = useStepState(name, step);
  const before = useStepState(name, side === "before" ? previous : null);
  const diff = useDiff(name, null, step);
  const changes = diff.data?.changes ?? null;
  const state = side === "before" ? before.data : after.data;
  const lines = state ? (side === "diff" && changes ? diffLines(state.state, changes) : linesOfState(state.state)) : [];
  const { added, removed } = counts(lines);
  const open = !step.has_state;
  const from = diff.data?.from ?? null;
  return (
    <section aria-label="State">
      <div className="difftitle">
        <h3>State</h3>
        <span className="d">{from ? `${from.sequence} → ${step.sequence}` : `after ${step.sequence}`}</span>
        <span className="grow" />
        {added > 0 && <span className="added">+{added}</span>}
        {removed > 0 && <span className="removed">−{removed}</span>}
        {previous && !open && (
          <div className="seg">
            {SIDES.map((each) => (
              <button type="button" key={each} aria-pressed={each === side} onClick={() => setSide(each)}>
                {each}
              </button>
            ))}
          </div>
        )}
      </div>
      {open ? (
        <NoState step={step} />
      ) : after.error ? (
        <p className="inspector-note m">{after.error.message}</p>
      ) : state ? (
        <StateDiffView key={side} name={name} step={side === "before" && previous ? previous : step} lines={lines} />
      ) : side === "before" && before.error ? (
        <p className="inspector-note m">{before.error.message}</p>
      ) : (
        <p className="inspector-note d" role="status">
          Reading the state…
        </p>
      )}
      {diff.error && side === "diff" && <p className="inspector-note d">{diff.error.message}</p>}
    </section>
  );
}

interface NextStepsProps {
  step: Step;
  next: Step | null;
  transitions: { from: string; to: string; condition: string }[];
}

/** Where it could go from here, and where it went. */
function NextSteps({ step, next, transitions }: NextStepsProps) {
  const ways = transitions.filter(({ from }) => from === step.action);
  const went = next !== null && step.state === "done" && next.sequence === step.sequence + 1 ? next.action : null;
  const isRetried = next !== null && next.action === step.action && next.sequence === step.sequence;
  if (ways.length === 0 && !isRetried) return null;
  // Conditions are tried in their order: the first one that holds is the way, and later ones were not tried.
  const taken = ways.findIndex(({ to }) => to === went);
  return (
    <section className="runsection">
      <h3 className="eyebrow">Next</h3>
      {isRetried && (
        <p className="nextline">
          <Icon name="retry" small />
          <span className="el">{line(step.action)}, again</span>
        </p>
      )}
      {ways.map(({ to, condition }, i) => (
        <p key={i} className={i === taken ? "nextline" : "nextline d"}>
          {i === taken ? (
            <Icon name="check" small />
          ) : went !== null && i < taken ? (
            <Icon name="cross" small />
          ) : (
            <span />
          )}
          <span className="el">{line(to)}</span>
          <span className="mono d el" title={line(condition)}>
            {line(conditionText(condition))}
          </span>
        </p>
      ))}
    </section>
  );
}

export function ReadsAndWrites({ action }: { action: GraphAction }) {
  return (
    <section className="runsection">
      <h3 className="eyebrow">Reads, writes</h3>
      <div className="fields">
        {action.reads.map((field) => (
          <span key={`r ${field}`} className="tag" title={`reads ${line(field)}`}>
            <span className="el">{line(field)}</span>
          </span>
        ))}
        {action.reads.length === 0 && <span className="d sm">nothing</span>}
        <span className="d" role="img" aria-label="and writes">
          →
        </span>
        {action.writes.map((field) => (
          <span key={`w ${field}`} className="tag" title={`writes ${line(field)}`}>
            <span className="el">{line(field)}</span>
          </span>
        ))}
        {action.writes.length === 0 && <span className="d sm">nothing</span>}
      </div>
    </section>
  );
}
