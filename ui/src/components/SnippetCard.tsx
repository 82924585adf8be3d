import { type ReactNode, useEffect, useRef, useState } from "react";
import { highlight } from "../model/highlight";
import type { Snippet } from "../model/snippets";
import { CopyButton } from "./CopyButton";
import { copy } from "./clipboard";
import { useKeys } from "./keys";
import "./SnippetCard.css";

interface SnippetCardProps {
  snippets: Snippet[];
  children: ReactNode;
}

/** Programs to start with, one at a time. */
export function SnippetCard({ snippets, children }: SnippetCardProps) {
  const [at, setAt] = useState(0);
  const { parts = [], main = 0 } = snippets[at] ?? {};
  const numbers = snippets.map((_, i) => [String(i + 1), () => setAt(i)] as const);
  useKeys({ ...Object.fromEntries(numbers), y: () => copy(parts[main]?.text ?? "") });
  const tabsRef = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another snippet has another tab
  useEffect(() => {
    tabsRef.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [at]);
  return (
    <section className="card snippets" aria-label="Send a span">
      <div className="tabs" role="tablist" ref={tabsRef}>
        {snippets.map(({ name }, i) => (
          <button type="button" key={name} role="tab" aria-selected={i === at} onClick={() => setAt(i)}>
            {name} <kbd>{i + 1}</kbd>
          </button>
        ))}
      </div>
      <div className="snippets-parts" role="tabpanel">
        {parts.map(({ file, text }) => (
          <div key={file} className="snippets-part">
            <div className="row">
              <span className="d xs grow">{file}</span>
              <CopyButton text={text} label={`Copy ${file}`} className="btn snippets-copy">
                Copy
              </CopyButton>
            </div>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable without a pointer */}
            <pre tabIndex={0}>
              {highlight(text).map((piece, i) => (
                <span key={i} className={`code-${piece.tone}`}>
                  {piece.text}
                </span>
              ))}
            </pre>
          </div>
        ))}
      </div>
      {children}
    </section>
  );
}
