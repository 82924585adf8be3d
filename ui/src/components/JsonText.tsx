import { useMemo, useState } from "react";
import { bytes } from "../model/format";
import { prettyJson } from "../model/json";
import { textBytes } from "../model/value";
import { CopyButton } from "./CopyButton";
import { LongText } from "./LongText";
import "./JsonText.css";

interface JsonTextProps {
  text: string;
  /** As many characters are shown before it is folded. */
  most?: number;
  copyLabel?: string;
}

const MOST = 1200;

/** JSON that people can read; any other text as it is. */
export function JsonText({ text, most = MOST, copyLabel }: JsonTextProps) {
  const pieces = useMemo(() => prettyJson(text), [text]);
  const [all, setAll] = useState(false);
  if (pieces === null) return <LongText text={text} most={most} {...(copyLabel ? { copyLabel } : {})} />;
  const short = all ? pieces : upTo(pieces, most);
  return (
    <div className="longtext jsontext">
      {copyLabel && <CopyButton text={text} label={copyLabel} className="ib longtext-copy" />}
      <pre className="mono">
        {short.map((piece, i) => (
          <span key={i} className={`json-${piece.tone}`}>
            {piece.text}
          </span>
        ))}
        {short.length < pieces.length && "…"}
      </pre>
      {(all || short.length < pieces.length) && (
        <button type="button" className="link xs" onClick={() => setAll(!all)}>
          {bytes(textBytes(text))}, {all ? "fold" : "show"}
        </button>
      )}
    </div>
  );
}

function upTo<T extends { text: string }>(pieces: T[], most: number): T[] {
  let length = 0;
  const end = pieces.findIndex((piece) => {
    length += piece.text.length;
    return length > most;
  });
  return end === -1 ? pieces : pieces.slice(0, Math.max(1, end));
}
