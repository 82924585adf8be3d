import type { CSSProperties } from "react";
import type { Nanoseconds } from "../api/types";
import { type Colour, colourVariable } from "../model/colours";
import { duration } from "../model/format";
import type { Node } from "../model/tree";
import { bar, shownEnd, type TimeRange } from "../model/waterfall";
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

export function SpanBar({ node, framed, colour, range, width, now, lastNews }: SpanBarProps) {
  const { span } = node;
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
  const label = labelOf(node, end);
  const space = label.length * LETTER + GAP;
  const right = left + length + GAP;
  const beside: CSSProperties =
    right + space <= width ? { left: right } : left - space >= 0 ? { right: width - left + GAP } : { right: GAP };
  const tone = failed ? "err" : span.state === "open" ? "live" : "";
  return (
    <div className="spanbar">
      <i
        className={`bar-any ${shape}`}
        style={{ left, width: length, "--c": colourVariable(colour) } as CSSProperties}
      />
      {failed && <i className="bar-any bar-failed" style={{ left, width: length }} />}
      <span className={`spanbar-label ${tone}`} style={beside}>
        {label}
      </span>
    </div>
  );
}

function labelOf({ span, start, end: recorded }: Node, end: Nanoseconds): string {
  const lasts = duration((recorded ?? end) - start);
  if (span?.state === "open") return `${lasts} and open`;
  if (span?.state === "lost") return "lost, no end";
  if (span?.status.code !== "error") return lasts;
  const { message } = span.status;
  const short = message.length > LONGEST_MESSAGE ? `${message.slice(0, LONGEST_MESSAGE)}…` : message;
  return short === "" ? `✕ ${lasts}` : `✕ ${lasts} · ${short}`;
}
