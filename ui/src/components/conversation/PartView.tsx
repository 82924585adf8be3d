import type { Part } from "../../api/types";
import { laidOut } from "../../model/conversationJson";
import { bytes, line } from "../../model/format";
import { Icon } from "../Icon";
import type { TextFormat } from "./format";
import { Pieces } from "./Pieces";
import { Said } from "./Said";
import "./PartView.css";

/** A part of a message. */
export function PartView({ part, format }: { part: Part; format: TextFormat | null }) {
  switch (part.type) {
    case "text":
      return <Said text={part.text} format={format} />;
    case "reasoning":
      return (
        <div className="part-aside m">
          <span className="d xs">thinking</span>
          <Said text={part.text} format={format} />
        </div>
      );
    case "refusal":
      return (
        <div>
          <span className="tag w">declined</span>
          <Said text={part.text} format={format} />
        </div>
      );
    case "other":
      return <Said text={part.text} format={format} />;
    case "tool_call": {
      const pieces = hasArguments(part.arguments) ? laidOut(part.arguments) : null;
      return (
        <div>
          <p className="part-head">
            <Icon name="tool" small />
            calls <b className="el">{line(part.name)}</b>
            {part.id && <span className="mono d el">{line(part.id)}</span>}
          </p>
          {pieces && <Pieces pieces={pieces} />}
          {!pieces && hasArguments(part.arguments) && <Said text={part.arguments} format={format} />}
        </div>
      );
    }
    case "tool_result":
      return (
        <div>
          <p className="part-head">
            result of <b className="el">{line(part.name ?? part.id ?? "a call")}</b>
          </p>
          <Said text={part.result} format={format} />
        </div>
      );
    case "media": {
      const about = [part.kind, part.format, part.bytes > 0 ? bytes(part.bytes) : null, part.uri];
      return (
        <p className="part-head" title={part.uri === null ? undefined : line(part.uri)}>
          <Icon name={part.kind === "audio" ? "sound" : "note"} small />
          <span className="el">
            {about
              .filter((word) => word !== null)
              .map(line)
              .join(", ")}
          </span>
        </p>
      );
    }
  }
}

/** Tools without arguments are called with an empty object. */
const hasArguments = (text: string) => !/^\s*(?:\{\s*\})?\s*$/.test(text);
