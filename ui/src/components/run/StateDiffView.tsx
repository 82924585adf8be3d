import { useQuery } from "@tanstack/react-query";
import { Fragment, useState } from "react";
import { type AnyAttempt, type RunName, runs, type StateDiff, type Step, type When } from "../../api/runs";
import { line, plural } from "../../model/format";
import { isOwnField } from "../../model/run";
import { type DiffLine, type DiffSign, differing, fieldsOf, preview } from "../../model/runState";
import { FieldValue } from "./FieldValue";
import "./FieldValue.css";

/** What changed from one step to another; from the one before it where none is named. */
export function useDiff(name: RunName, from: AnyAttempt | null, to: Step) {
  return useQuery<StateDiff>({
    queryKey: ["diff", name, from?.sequence, from?.attempt, to.sequence, to.attempt, to.state],
    queryFn: ({ signal }) => runs.diff(name, from, to, signal),
    enabled: to.has_state,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
}

const SIGNS: Record<DiffSign, string> = { same: "", add: "+", remove: "−" };
const SAYS: Record<DiffSign, string> = { same: "", add: "came: ", remove: "went: " };
/** So many fields that did not change are shown before they are counted. */
const UNCHANGED = 8;

interface StateDiffProps {
  name: RunName;
  step: AnyAttempt;
  /** On which side of the step the state is. */
  when?: When;
  lines: DiffLine[];
}

/** A state with its changes as what went and what came; what stayed is told in short. */
export function StateDiffView({ name, step, when = "after", lines }: StateDiffProps) {
  const [all, setAll] = useState(false);
  const [open, setOpen] = useState<string | null>(null);
  const own = lines.filter(({ key }) => isOwnField(key));
  const same = own.filter(({ sign }) => sign === "same");
  const hidden = all ? 0 : Math.max(0, same.length - UNCHANGED);
  const kept = new Set(all ? same : same.slice(0, UNCHANGED));
  const shown = own.filter((each) => each.sign !== "same" || kept.has(each));
  return (
    <div className="diff">
      {shown.map((each, i) => {
        const id = `${each.sign} ${each.key} ${each.path}`;
        return (
          <Fragment key={`${id} ${i}`}>
            <Line line={each} other={partner(shown, i)} onOpen={() => setOpen(open === id ? null : id)} />
            {open === id && (
              <div className="statefield">
                <FieldValue name={name} step={step} when={when} field={each.key} value={each.value} />
              </div>
            )}
          </Fragment>
        );
      })}
      {own.length === 0 && <p className="inspector-note d">The state is empty.</p>}
      {hidden > 0 && (
        <div className="diffline same">
          <span />
          <button type="button" className="link" onClick={() => setAll(true)}>
            {plural(hidden, "more key")}, unchanged
          </button>
        </div>
      )}
    </div>
  );
}

/** The line that says what the field was, or is now. */
function partner(lines: DiffLine[], i: number): DiffLine | null {
  const at = lines[i];
  if (!at || at.sign === "same") return null;
  const near = lines[at.sign === "remove" ? i + 1 : i - 1];
  return near && near.key === at.key && near.path === at.path && near.sign !== at.sign ? near : null;
}

function Line({ line: shown, other, onOpen }: { line: DiffLine; other: DiffLine | null; onOpen: () => void }) {
  const { sign, key, path, value, appended } = shown;
  const text = preview(value);
  const [head, differs, tail] = other === null ? [text, "", ""] : differing(text, preview(other.value));
  const isShort = JSON.stringify(value).length <= 60;
  return (
    <div className={`diffline ${sign}`}>
      <span aria-hidden="true">{SIGNS[sign]}</span>
      <span className="el">
        <span className="sr">{SAYS[sign]}</span>
        {line(key + path)}: {appended !== null && <span className="d">{plural(appended, "item")}, then </span>}
        {isShort ? (
          <>
            {head}
            {differs !== "" && <em>{differs}</em>}
            {tail}
          </>
        ) : (
          <button type="button" title="Show the whole value" onClick={onOpen}>
            {head}
            {differs !== "" && <em>{differs}</em>}
            {tail}
          </button>
        )}
      </span>
    </div>
  );
}

/** All lines of a state as they are. */
export const linesOfState = (state: Parameters<typeof fieldsOf>[0]): DiffLine[] =>
  fieldsOf(state).map(([key, value]) => ({ sign: "same", key, path: "", value, appended: null }));
