import { useState } from "react";
import type { AppDetail, RunName, Step } from "../../api/runs";
import { type LoadSnippet, loadSnippets } from "../../model/runSnippets";
import { type Language, languageOf, rustSnippets, stepTest } from "../../model/rustSnippets";
import { CopyButton } from "../CopyButton";
import { Code } from "./SourceTab";
import { TestPart } from "./TestPart";

interface LoadTabProps {
  name: RunName;
  detail: AppDetail;
  step: Step;
  /** The step whose state is kept; null where there is none before this one. */
  kept: Step | null;
}

const LANGUAGES: { language: Language; name: string }[] = [
  { language: "rust", name: "Rust" },
  { language: "python", name: "Python" },
];

/** Lines that go on from this step, ready to be copied. */
export function LoadTab({ name, detail, step, kept }: LoadTabProps) {
  const { app } = detail;
  const known = languageOf(detail);
  const [chosen, setChosen] = useState<Language>("rust");
  const language = known ?? chosen;
  const snippets = language === "rust" ? rustSnippets(app, kept) : loadSnippets(app, kept, step.action);
  return (
    <>
      {known === null && (
        <div className="difftitle">
          <h3>The program is written in</h3>
          <div className="seg" role="group" aria-label="Language">
            {LANGUAGES.map((each) => (
              <button
                type="button"
                key={each.language}
                aria-pressed={each.language === language}
                onClick={() => setChosen(each.language)}
              >
                {each.name}
              </button>
            ))}
          </div>
        </div>
      )}
      {snippets.map((snippet) => (
        <LoadPart key={snippet.name} of={snippet} />
      ))}
      {language === "rust" && step.state !== "running" && step.state !== "lost" && (
        <TestPart name={name} step={step} test={stepTest(app, step)} />
      )}
    </>
  );
}

/** A piece of a program, with what it is for. */
export function LoadPart({ of: { name, note, text } }: { of: LoadSnippet }) {
  return (
    <section className="loadpart" aria-label={name}>
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
  );
}
