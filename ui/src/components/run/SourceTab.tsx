import type { GraphAction } from "../../api/runs";
import { line } from "../../model/format";
import { highlight } from "../../model/highlight";
import { CopyButton } from "../CopyButton";
import { ReadsAndWrites } from "./Overview";
import "../SnippetCard.css";

/** Longer sources are not coloured: nobody reads them whole. */
const LONGEST = 50_000;

/** A piece of a program. */
export function Code({ text }: { text: string }) {
  const pieces = text.length > LONGEST ? [{ tone: "plain" as const, text }] : highlight(text.trimEnd());
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable without a pointer
    <pre className="runcode" tabIndex={0}>
      {pieces.map((piece, i) => (
        <span key={i} className={`code-${piece.tone}`}>
          {piece.text}
        </span>
      ))}
    </pre>
  );
}

/** The action's source as the client recorded it, and what it reads and writes. */
export function SourceTab({ action }: { action: GraphAction | null }) {
  if (action === null) return <p className="inspector-note d">The graph has no such action.</p>;
  const inputs = [...action.inputs, ...action.optional_inputs.map((name) => `${name} (optional)`)];
  return (
    <>
      <section className="runsection">
        <div className="eyebrow">
          <h3>Source</h3>
          <span className="mono">{line(action.name)}</span>
          <span className="grow" />
          {action.code !== null && <CopyButton text={action.code} label="Copy the source" />}
        </div>
        {action.code === null ? <p className="sm d">The client recorded none.</p> : <Code text={action.code} />}
      </section>
      <ReadsAndWrites action={action} />
      {inputs.length > 0 && (
        <section className="runsection">
          <h3 className="eyebrow">Inputs</h3>
          <div className="fields">
            {inputs.map((each) => (
              <span key={each} className="tag">
                {line(each)}
              </span>
            ))}
          </div>
        </section>
      )}
      {action.tags.length > 0 && (
        <section className="runsection">
          <h3 className="eyebrow">Tags</h3>
          <div className="fields">
            {action.tags.map((each) => (
              <span key={each} className="tag">
                {line(each)}
              </span>
            ))}
          </div>
        </section>
      )}
    </>
  );
}
