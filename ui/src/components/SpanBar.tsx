import type { CSSProperties } from "react";
import type { Nanoseconds } from "../api/types";
import { callText, titleOf } from "../model/agents";
import { type Colour, colourVariable } from "../model/colours";
import { duration, line } from "../model/format";
import type { Node } from "../model/tree";
import { bar, shownEnd, type TimeRange } from "../model/waterfall";
import { useSilence } from "./silence";
import "./SpanBar.css";

interface SpanBarProps {
  node: Node;
  /** A parent's bar is a pale frame, since the time is its children's. */
  framed: boolean;
  colour: Colour;
  range: TimeRange;
  width: number;
  now: Nanoseconds;
  lastNews: Nanoseconds;
}

const GAP = 6;
/** A generous guess, so that a label never leaves the column. */
const LETTER = 6.2;
const LONGEST_MESSAGE = 40;
/** Between the duration and what a model call used, in letters. */
const CALL_GAP = 2;

export function SpanBar({ node, framed, colour, range, width, now, lastNews }: SpanBarProps) {
  const { span } = node;
  const silence = useSilence(span);
  const end = shownEnd(node, now, lastNews);
  const place = bar(node.start, end, range, width);
  if (place === null) return <div className="spanbar" />;
  const { left, width: length } = place;
  if (span === null)
    return (
      <div className="spanbar">
        <i className="bar-missing" style={{ left, width: length }} />
      </div>
    );

  const failed = span.status.code === "error";
  const open = node.end === null;
  const shape = open ? "bar-open" : framed ? "bar-framed" : "bar-solid";
  const [lasted, message] = labelOf(node, end, silence);
  const call = message === "" && span.data !== null ? callText(span.data, titleOf(span)) : "";
  const least = lasted.length * LETTER + GAP;
  const whole = least + (message.length + call.length + (call === "" ? 0 : CALL_GAP)) * LETTER;
  const right = left + length + GAP;
  const withAll = besideBar(right, left, width, whole);
  const fits = withAll !== null;
  const beside = withAll ?? besideBar(right, left, width, least);
  const tone = failed ? "err" : span.state === "open" ? "live" : "";
  return (
    <div className="spanbar">
      <i
        className={`bar-any ${shape}`}
        style={{ left, width: length, "--c": colourVariable(colour) } as CSSProperties}
      />
      {failed && <i className="bar-any bar-failed" style={{ left, width: length }} />}
      <span className={`spanbar-label ${tone} ${beside ? "" : "over"}`} style={beside ?? { right: GAP }}>
        {lasted}
        {message}
        {call !== "" && fits && <span className="spanbar-call">{line(call)}</span>}
      </span>
    </div>
  );
}

/** Right of the bar where there is room for the text, else left of it; null where it fits on neither side. */
function besideBar(right: number, left: number, width: number, room: number): CSSProperties | null {
  if (right + room <= width) return { left: right, maxWidth: width - right };
  return left - room >= 0 ? { right: width - left + GAP, maxWidth: left - GAP } : null;
}

function labelOf(
  { span, start, end: recorded }: Node,
  end: Nanoseconds,
  silence: string | null,
): [lasted: string, message: string] {
  const lasted = duration((recorded ?? end) - start);
  if (span?.state === "open") return [`${lasted}, running`, ""];
  if (span?.state === "lost") return [silence ?? "lost, no end", ""];
  if (span?.status.code !== "error") return [lasted, ""];
  const { message } = span.status;
  const short = message.length > LONGEST_MESSAGE ? `${message.slice(0, LONGEST_MESSAGE)}…` : message;
  return [`✕ ${lasted}`, short === "" ? "" : ` · ${short}`];
}
