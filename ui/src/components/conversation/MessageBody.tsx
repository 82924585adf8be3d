import { useMemo } from "react";
import type { MessageEntry } from "../../api/story";
import type { Content, Part } from "../../api/types";
import { type Row, sizeOf, wholeText } from "../../model/conversation";
import { bytes, line } from "../../model/format";
import { FORMAT_NAMES, formatsOf, type TextFormat } from "./format";
import { PartView } from "./PartView";
import { Reading } from "./Reading";
import { useSpanContent } from "./useSpanContent";
import "./MessageBody.css";

interface MessageBodyProps {
  traceId: string;
  entry: MessageEntry;
  row: Row;
  unfolded: boolean;
  format: TextFormat | null;
  onFold: () => void;
  onFormat: (format: TextFormat) => void;
}

/** What was said in a message; what is long is folded, and what the story has cut is fetched when it is wanted. */
export function MessageBody({ traceId, entry, row, unfolded, format, onFold, onFormat }: MessageBodyProps) {
  const isCut = entry.cut;
  const { content, isReading, failure } = useSpanContent(traceId, entry.span_id, isCut && unfolded ? "now" : "later");
  const parts = useMemo(
    () => (isCut && unfolded && content ? row.parts.map((part) => whole(part, content, entry)) : row.parts),
    [isCut, unfolded, content, row.parts, entry],
  );
  const size = useMemo(() => sizeOf(row.parts), [row.parts]);
  const isInstruction = entry.role === "system" || entry.role === "developer";
  const isLong = isCut || size.characters > (isInstruction ? 480 : 3000) || size.lines > (isInstruction ? 6 : 28);
  const formats = useMemo(() => formatsOf(row), [row]);
  const shown = format ?? formats[0];
  const next = shown && formats[(formats.indexOf(shown) + 1) % formats.length];
  return (
    <>
      {formats.length > 1 && shown && next && (
        <button
          type="button"
          className="message-format xs"
          title={`Shown as ${FORMAT_NAMES[shown]}; show as ${FORMAT_NAMES[next]} (m)`}
          onClick={() => onFormat(next)}
        >
          as {FORMAT_NAMES[shown]}
        </button>
      )}
      <div className={`message-body${isLong && !unfolded ? (isInstruction ? " folded short" : " folded") : ""}`}>
        {parts.map((part, i) => (
          <PartView key={i} part={part} format={format} />
        ))}
        {parts.length === 0 && row.asks.length === 0 && <p className="d">nothing</p>}
        {row.asks.length > 0 && <p className="d xs message-asks">asks for {line(row.asks.join(", "))}</p>}
      </div>
      {isLong && (
        <button type="button" className="link xs" onClick={onFold}>
          {bytes(entry.text_bytes ?? size.bytes)}, {unfolded ? "fold" : "show"}
        </button>
      )}
      <Reading isReading={unfolded && isCut && isReading} failure={unfolded ? failure : null} />
    </>
  );
}

function whole(part: Part, content: Content, { is_output }: MessageEntry): Part {
  const all = (beginning: string) => wholeText(content, beginning, is_output ? "output" : "input") ?? beginning;
  switch (part.type) {
    case "media":
      return part;
    case "tool_call":
      return { ...part, arguments: all(part.arguments) };
    case "tool_result":
      return { ...part, result: all(part.result) };
    default:
      return { ...part, text: all(part.text) };
  }
}
