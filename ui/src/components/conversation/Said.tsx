import { useMemo } from "react";
import { compact } from "../../model/conversationJson";
import { markdown } from "../../model/conversationMarkdown";
import { bytes } from "../../model/format";
import { prettyJson } from "../../model/json";
import { textBytes } from "../../model/value";
import { type TextFormat, textFormats } from "./format";
import { Markdown } from "./Markdown";
import { Pieces } from "./Pieces";
import "./Said.css";

interface SaidProps {
  text: string;
  /** As the reader wants it; null for what suits the text best. */
  format: TextFormat | null;
}

/** Browsers lay out all they are given: a longer text is copied whole and shown in part. */
const LONGEST = 400_000;

/** A recorded text. */
export function Said({ text, format }: SaidProps) {
  const as = useMemo(() => {
    const all = textFormats(text);
    return format !== null && all.includes(format) ? format : (all[0] ?? "plain");
  }, [text, format]);
  const blocks = useMemo(() => (as === "markdown" ? markdown(text) : null), [as, text]);
  if (blocks !== null) return <Markdown blocks={blocks} />;
  const pieces = as === "json" ? compact(prettyJson(text) ?? []) : [];
  if (pieces.length > 0) return <Pieces pieces={pieces} />;
  return (
    <pre className="said-plain">
      <bdi>{text.slice(0, LONGEST)}</bdi>
      {text.length > LONGEST && (
        <span className="d"> … and {bytes(textBytes(text.slice(LONGEST)))} more, which the trace view holds</span>
      )}
    </pre>
  );
}
