import { useState } from "react";
import type { Message } from "../../api/types";
import { sizeOf } from "../../model/conversation";
import { bytes, line } from "../../model/format";
import { PartView } from "./PartView";

const LONG = 1200;
const MANY_LINES = 16;

/** A message that the model had before. */
export function FoldMessage({ message: { role, name, parts } }: { message: Message }) {
  const [all, setAll] = useState(false);
  const size = sizeOf(parts);
  const isLong = size.characters > LONG || size.lines > MANY_LINES;
  return (
    <div className="fold-message">
      <span className="m el sm" title={line(name ?? role)}>
        {line(role)}
      </span>
      <div>
        <div className={isLong && !all ? "message-body folded short" : "message-body"}>
          {parts.map((part, i) => (
            <PartView key={i} part={part} format={null} />
          ))}
          {parts.length === 0 && <p className="d">nothing</p>}
        </div>
        {isLong && (
          <button type="button" className="link xs" onClick={() => setAll(!all)}>
            {bytes(size.bytes)}, {all ? "fold" : "show"}
          </button>
        )}
      </div>
    </div>
  );
}
