import type { Nanoseconds } from "../api/types";
import { tick } from "../model/format";
import { type TimeRange, ticks, xOf } from "../model/waterfall";
import { TimeBrush } from "./TimeBrush";
import "./Ruler.css";

const NOW_ROOM = 52;

interface RulerProps {
  range: TimeRange;
  width: number;
  /** Null while nothing is open. */
  now: Nanoseconds | null;
  onRange: (range: TimeRange | null) => void;
}

export function Ruler({ range, width, now, onRange }: RulerProps) {
  const { step, at } = ticks(range, width);
  const nowX = now === null ? Number.POSITIVE_INFINITY : xOf(now, range, width);
  const labelled = at.filter((time) => Math.abs(xOf(time, range, width) + 18 - nowX) > NOW_ROOM);
  return (
    <div className="ruler">
      <div className="ruler-heads xs d">
        <span>Span</span>
        <span>self</span>
      </div>
      <TimeBrush className="ruler-times" range={range} width={width} onRange={onRange}>
        {labelled.map((time) => (
          <span key={time} className="ruler-tick xs" style={{ left: xOf(time, range, width) }}>
            {tick(time, step)}
          </span>
        ))}
        {nowX >= 0 && nowX <= width && (
          <span className="ruler-now xs live" style={{ left: Math.max(0, nowX - 34) }}>
            now
          </span>
        )}
      </TimeBrush>
    </div>
  );
}
