import { useQuery } from "@tanstack/react-query";
import { type App, type AppDetail, type RunName, runs, type Step, type StepName } from "../../api/runs";
import { tracePath } from "../../model/address";
import { count, duration, line } from "../../model/format";
import { hasStart, type StepPages, stepAt } from "../../model/run";
import { Icon } from "../Icon";
import { Link } from "../navigation";
import { AttributesTab } from "./AttributesTab";
import { DiffTab } from "./DiffTab";
import { ErrorTab } from "./ErrorTab";
import type { InspectorTab } from "./inspectorTabs";
import { LoadTab } from "./LoadTab";
import { NotesTab } from "./NotesTab";
import { Overview } from "./Overview";
import { SourceTab } from "./SourceTab";
import { StateTab } from "./StateTab";
import { streamNote } from "./StepList";
import { StepSpans } from "./StepSpans";
import { useSettled } from "./useSettled";
import "./Inspector.css";

export interface InspectorProps {
  name: RunName;
  detail: AppDetail;
  step: Step;
  pages: StepPages;
  /** The step's place in the run. */
  at: number;
  tab: InspectorTab;
  onTab: (tab: InspectorTab) => void;
  onGraph: () => void;
}

/** A step in full. Moving along the trail shows its head at once and the rest when the reader stays. */
export function Inspector(props: InspectorProps) {
  const { name, step, tab, onTab, onGraph } = props;
  const settled = useSettled(props);
  const isSettling = settled.step.sequence !== step.sequence || settled.step.attempt !== step.attempt;
  const kept = keptBy(step, props.at > 0 ? stepAt(props.pages, props.at - 1) : null);
  const shown = tab === "error" && settled.step.error === null ? "overview" : tab;
  return (
    <div className="inspector">
      <div className="inspector-head">
        <button type="button" className="btn quiet runpane-back" onClick={onGraph}>
          <Icon name="left" small />
          Graph
        </button>
        <Became step={step} />
        <h2 className="el" title={line(step.action)}>
          {step.sequence} · {line(step.action || "(not named)")}
        </h2>
        {step.attempt > 0 && <span className="m">attempt {step.attempt + 1}</span>}
        {step.duration_ns !== null && <span className="m">{duration(step.duration_ns)}</span>}
        <span className="grow" />
        {kept !== null && (
          <button
            type="button"
            className="btn pri"
            title={`How to go on from the state after step ${kept.sequence} (f)`}
            onClick={() => onTab("load")}
          >
            <Icon name="fork" />
            Fork from {kept.sequence}…
          </button>
        )}
      </div>
      <Tabs {...props} step={settled.step} shown={shown} />
      <div
        className={isSettling ? "inspector-body settling" : "inspector-body"}
        role="tabpanel"
        aria-label={shown}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable without a pointer
        tabIndex={0}
        key={`${settled.step.sequence} ${settled.step.attempt}`}
      >
        <Body {...settled} tab={shown} />
      </div>
      <StepSpans key={name.app} step={settled.step} />
    </div>
  );
}

function Became({ step: { state, suspect, stream, edited } }: { step: Step }) {
  return (
    <>
      {edited && (
        <span className="tag w" title="The state was set by hand before this step">
          <Icon name="pen" small />
          edited
        </span>
      )}
      {state === "failed" && (
        <span className="tag e">
          <Icon name="cross" small />
          failed
        </span>
      )}
      {state === "running" && (
        <span className="tag l">
          <i className="dot l small" />
          running
        </span>
      )}
      {state === "lost" && (
        <span className="tag" title="It never ended: its process was probably killed in it">
          <Icon name="alert" small />
          lost
        </span>
      )}
      {suspect && (
        <span className="tag w" title="The client recorded the state of before the step as the state after it">
          <Icon name="alert" small />
          state in doubt
        </span>
      )}
      {stream && (
        <span className="tag" title={streamNote(stream)}>
          <Icon name="sound" small />
          {stream.first_item_ns === null ? "stream" : `first item ${duration(stream.first_item_ns)}`}
        </span>
      )}
    </>
  );
}

function Tabs({ step, shown, onTab, detail }: InspectorProps & { shown: InspectorTab }) {
  const hasGraph = detail.graph !== null;
  const tabs: { id: InspectorTab; name: string; count?: number }[] = [
    { id: "overview", name: "Overview" },
    { id: "state", name: "State" },
    { id: "diff", name: "Diff to…" },
    ...(step.error === null ? [] : [{ id: "error" as const, name: "Error" }]),
    ...(hasGraph ? [{ id: "source" as const, name: "Source" }] : []),
    { id: "attributes", name: "Attributes", count: step.attribute_count },
    { id: "notes", name: "Notes", count: step.annotations },
    { id: "load", name: "Load again" },
  ];
  return (
    <div className="tabs" role="tablist">
      {tabs.map((each) => (
        <button type="button" key={each.id} role="tab" aria-selected={each.id === shown} onClick={() => onTab(each.id)}>
          {each.name}
          {each.count !== undefined && each.count > 0 && <span className="cnt">{count(each.count)}</span>}
        </button>
      ))}
    </div>
  );
}

function Body(props: InspectorProps) {
  const { name, detail, step, pages, at, tab } = props;
  const previous = at > 0 ? stepAt(pages, at - 1) : null;
  const action = detail.graph?.actions.find((each) => each.name === step.action) ?? null;
  const hasBefore = at > 0 || step.edited || hasStart(detail);
  switch (tab) {
    case "overview":
      return (
        <Overview {...props} previous={previous} next={stepAt(pages, at + 1)} action={action} hasBefore={hasBefore} />
      );
    case "state":
      return <StateTab name={name} step={step} hasBefore={hasBefore} />;
    case "diff":
      return <DiffTab name={name} step={step} previous={previous} />;
    case "error":
      return <ErrorTab name={name} step={step} />;
    case "attributes":
      return <AttributesTab name={name} step={step} />;
    case "source":
      return <SourceTab action={action} />;
    case "notes":
      return <NotesTab name={name} step={step} />;
    case "load":
      return <LoadTab name={name} detail={detail} kept={keptBy(step, previous)} step={step} />;
  }
}

/** What is known of a step beyond its line in the list; asked again when it ends or more is said of it. */
export function useStepDetail(name: RunName, step: Step) {
  const { sequence, attempt } = step satisfies StepName;
  return useQuery({
    queryKey: ["step", name, sequence, attempt, step.state, step.attribute_count],
    queryFn: ({ signal }) => runs.step(name, { sequence, attempt }, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** Whose state a fork keeps: the step's own, or that of the one before where it did not end well. */
function keptBy(step: Step, previous: Step | null): Step | null {
  return step.state === "done" ? step : previous?.state === "done" ? previous : null;
}

/** Stands where a step would be. */
export function InspectorEmpty({ app, absent }: { app: App; absent: StepName | null }) {
  if (absent !== null) return <p className="inspector-note m">The run has no step {absent.sequence}.</p>;
  return (
    <p className="inspector-note d" role="status">
      {app.step_count === 0 ? "What the first step did is shown here." : "Reading the steps…"}
    </p>
  );
}

/** Leads to the step in its trace. */
export function TraceLink({ step, children }: { step: Step; children: string }) {
  if (step.trace_id === null) return null;
  return (
    <Link to={tracePath(step.trace_id, step.span_id ?? undefined)} className="link">
      {children}
    </Link>
  );
}
