import type { Message, Part } from "../api/types";
import { bytes, line } from "../model/format";
import { Icon } from "./Icon";
import { JsonText } from "./JsonText";
import { LongText } from "./LongText";

interface MessageViewProps {
  message: Message;
  /** The tools of the calls that results answer, by the calls' ids. */
  calls?: ReadonlyMap<string, string>;
}

/** Who says a message, and its parts in order. */
export function MessageView({ message, calls }: MessageViewProps) {
  return (
    <div className="message">
      <span className="message-role">
        {line(message.role)}
        {message.name && <span className="d"> {line(message.name)}</span>}
      </span>
      <div className="message-parts">
        {message.parts.map((part, i) => (
          <PartView key={i} part={part} calls={calls} />
        ))}
        {message.parts.length === 0 && <span className="d">nothing</span>}
      </div>
    </div>
  );
}

const MOST = 1200;

function PartView({ part, calls }: { part: Part; calls: ReadonlyMap<string, string> | undefined }) {
  switch (part.type) {
    case "text":
      return /^\s*[{[]/.test(part.text) ? (
        <JsonText text={part.text} />
      ) : (
        <div className="message-text">
          <LongText text={part.text} most={MOST} />
        </div>
      );
    case "reasoning":
      return <Aside word="thinking" text={part.text} />;
    case "refusal":
      return <Aside word="declined" text={part.text} />;
    case "other":
      return <JsonText text={part.text} />;
    case "tool_call":
      return (
        <div>
          <div className="message-call">
            <Icon name="tool" small />
            <b className="el">{line(part.name)}</b>
            {part.id && <span className="mono d el">{line(part.id)}</span>}
          </div>
          <JsonText text={part.arguments} />
        </div>
      );
    case "tool_result":
      return (
        <div>
          <div className="message-call">
            <span className="d">result of</span>
            <span className="el">{line(part.name ?? calls?.get(part.id ?? "") ?? part.id ?? "a call")}</span>
            {part.id && <span className="mono d el">{line(part.id)}</span>}
          </div>
          <JsonText text={part.result} />
        </div>
      );
    case "media":
      return (
        <div className="message-call m">
          <Icon name={part.kind === "audio" ? "sound" : "note"} small />
          <span className="el" title={part.uri === null ? undefined : line(part.uri)}>
            {[part.kind, part.format, part.bytes > 0 ? bytes(part.bytes) : null, part.uri]
              .filter((word) => word !== null)
              .map(line)
              .join(", ")}
          </span>
        </div>
      );
  }
}

function Aside({ word, text }: { word: string; text: string }) {
  return (
    <div className="message-text message-aside">
      <span className="d xs">{word}</span>
      <LongText text={text} most={MOST} />
    </div>
  );
}
