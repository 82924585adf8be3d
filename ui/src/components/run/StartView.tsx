import type { AppDetail, RunName } from "../../api/runs";
import { START } from "../../api/runs";
import { line } from "../../model/format";
import { rustSnippets } from "../../model/rustSnippets";
import type { InspectorTab } from "./inspectorTabs";
import { LoadPart } from "./LoadTab";
import { Fields, Reading } from "./StateTab";
import { useStartState } from "./stateOf";
import "./Inspector.css";

interface StartViewProps {
  name: RunName;
  detail: AppDetail;
  tab: InspectorTab;
  onTab: (tab: InspectorTab) => void;
}

const NOTHING: ReadonlySet<string> = new Set();

/** The run before its first step. */
export function StartView({ name, detail, tab, onTab }: StartViewProps) {
  const { data, error } = useStartState(name);
  const first = detail.placements.find(({ after }) => after === null)?.next ?? detail.graph?.entrypoint ?? null;
  const shown = tab === "load" ? "load" : "state";
  return (
    <div className="inspector">
      <div className="inspector-head">
        <h2>start</h2>
        <span className="m el">
          the state before the first step{first !== null && `, which is to be ${line(first)}`}
        </span>
      </div>
      <div className="tabs" role="tablist">
        <button type="button" role="tab" aria-selected={shown === "state"} onClick={() => onTab("state")}>
          State
        </button>
        <button type="button" role="tab" aria-selected={shown === "load"} onClick={() => onTab("load")}>
          Load again
        </button>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable without a pointer */}
      <div className="inspector-body" role="tabpanel" aria-label={shown} tabIndex={0}>
        {shown === "load" ? (
          rustSnippets(detail.app, START).map((snippet) => <LoadPart key={snippet.name} of={snippet} />)
        ) : error ? (
          <p className="inspector-note m">{error.message}</p>
        ) : data === undefined ? (
          <Reading />
        ) : (
          <Fields name={name} step={START} when="after" state={data.state} changed={NOTHING} />
        )}
      </div>
    </div>
  );
}
