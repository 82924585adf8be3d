import type { Nanoseconds } from "../api/types";
import { tick } from "../model/format";
import { type TimeRange, ticks, xOf } from "../model/waterfall";
import { TimeBrush } from "./TimeBrush";
import "./Ruler.css";

interface RulerProps {
  range: TimeRange;
  width: number;
  /** Null while nothing is open. */
  now: Nanoseconds | null;
  onRange: (range: TimeRange | null) => void;
}

export function Ruler({ range, width, now, onRange }: RulerProps) {
  const { step, at } = ticks(range, width);
  const nowX = now === null ? null : xOf(now, range, width);
  return (
    <div className="ruler">
      <div className="ruler-heads xs d">
        <span>Span</span>
        <span>self</span>
      </div>
      <TimeBrush className="ruler-times" range={range} width={width} onRange={onRange}>
        {at.map((time) => (
          <span key={time} className="ruler-tick xs" style={{ left: xOf(time, range, width) }}>
            {tick(time, step)}
          </span>
        ))}
        {nowX !== null && nowX >= 0 && nowX <= width && (
          <span className="ruler-now xs live" style={{ left: Math.max(0, nowX - 34) }}>
            now
          </span>
        )}
      </TimeBrush>
    </div>
  );
}
