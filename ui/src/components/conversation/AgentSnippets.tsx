import { useState } from "react";
import { highlight } from "../../model/highlight";
import exporter from "../../snippets/agents-content.py?raw";
import openInference from "../../snippets/openinference-agents.py?raw";
import { CopyButton } from "../CopyButton";
import "./AgentSnippets.css";

const SNIPPETS = [
  { name: "Agents SDK, its own exporter", text: exporter },
  { name: "OpenInference", text: openInference },
];

/** Lines that make a program of the Agents SDK send all that its models were asked and answered. */
export function AgentSnippets() {
  const [at, setAt] = useState(0);
  const text = (SNIPPETS[at]?.text ?? "").replaceAll("{{endpoint}}", location.origin).trimEnd();
  return (
    <div className="agentsnippets">
      <div className="agentsnippets-head">
        <div className="tabs" role="tablist">
          {SNIPPETS.map(({ name }, i) => (
            <button type="button" key={name} role="tab" aria-selected={i === at} onClick={() => setAt(i)}>
              {name}
            </button>
          ))}
        </div>
        <CopyButton text={text} label="Copy the lines" className="btn quiet">
          Copy
        </CopyButton>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable without a pointer */}
      <pre tabIndex={0} role="tabpanel" aria-label={SNIPPETS[at]?.name}>
        {highlight(text).map((piece, i) => (
          <span key={i} className={`code-${piece.tone}`}>
            {piece.text}
          </span>
        ))}
      </pre>
    </div>
  );
}
