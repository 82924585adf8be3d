import { type GraphAction, type Json, START, type Step, type StepDetail } from "../../api/runs";
import { nextByHand } from "../../model/choice";
import { line } from "../../model/format";
import { ErrorSummary } from "./ErrorTab";
import { JsonView } from "./FieldValue";
import { type InspectorProps, useStepDetail } from "./Inspector";
import { NextSteps } from "./NextSteps";
import { Code } from "./SourceTab";
import { Edited, StateChanges } from "./StateChanges";

interface OverviewProps extends InspectorProps {
  /** The steps before and after it in the log, where they are known. */
  previous: Step | null;
  next: Step | null;
  action: GraphAction | null;
  /** Whether there is a state that the step began with. */
  hasBefore: boolean;
}

/** Why it failed, what it changed, what went in and what came out. */
export function Overview(props: OverviewProps) {
  const { name, step, action, detail, previous, next, hasBefore } = props;
  const { data, error } = useStepDetail(name, step);
  return (
    <div className="overview">
      <div className="overview-main">
        {step.error !== null && <ErrorSummary text={data?.error ?? step.error} onMore={() => props.onTab("error")} />}
        {step.edited && (props.at === 0 || previous !== null) && (
          <Edited
            name={name}
            step={step}
            previous={previous ?? START}
            next={previous && nextByHand(detail.placements, previous)}
          />
        )}
        <StateChanges name={name} step={step} hasBefore={hasBefore} />
      </div>
      <div className="overview-side">
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
      {action?.code && (
        <section className="runsection overview-source">
          <div className="eyebrow">
            <h3>Source</h3>
            <span className="mono">{line(action.name)}</span>
          </div>
          <Code text={action.code} />
        </section>
      )}
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
