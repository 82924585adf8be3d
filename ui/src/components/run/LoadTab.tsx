import type { App, Step } from "../../api/runs";
import { loadSnippets } from "../../model/runSnippets";
import { CopyButton } from "../CopyButton";
import { Code } from "./SourceTab";

interface LoadTabProps {
  app: App;
  step: Step;
  /** The step whose state is kept; null where there is none before this one. */
  kept: Step | null;
}

/** Lines that go on from this step, ready to be copied. */
export function LoadTab({ app, step, kept }: LoadTabProps) {
  return loadSnippets(app, kept, step.action).map(({ name, note, text }) => (
    <section key={name} className="loadpart" aria-label={name}>
      <div className="row">
        <h3 className="sm">
          <b>{name}</b>
        </h3>
        <span className="grow" />
        <CopyButton text={text} label={`Copy: ${name}`} className="btn">
          Copy
        </CopyButton>
      </div>
      <p className="sm m">{note}</p>
      <Code text={text} />
    </section>
  ));
}
