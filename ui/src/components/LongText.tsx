import { useState } from "react";
import { bytes } from "../model/format";
import { LONG, textBytes } from "../model/value";
import { CopyButton } from "./CopyButton";
import "./LongText.css";

interface LongTextProps {
  text: string;
  most?: number;
  copyLabel?: string;
}

/** Text of any length; what is long is folded and says how long it is. */
export function LongText({ text, most = LONG, copyLabel }: LongTextProps) {
  const [all, setAll] = useState(false);
  const folded = text.length > most && !all;
  return (
    <div className="longtext">
      {copyLabel && <CopyButton text={text} label={copyLabel} className="ib longtext-copy" />}
      <pre className="mono">{folded ? `${text.slice(0, most)}…` : text}</pre>
      {text.length > most && (
        <button type="button" className="link xs" onClick={() => setAll(!all)}>
          {bytes(textBytes(text))}, {folded ? "show" : "fold"}
        </button>
      )}
    </div>
  );
}
