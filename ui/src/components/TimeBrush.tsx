import { type PointerEvent, type ReactNode, useRef, useState } from "react";
import { type TimeRange, timeAt } from "../model/waterfall";
import "./TimeBrush.css";

interface TimeBrushProps {
  className: string;
  /** What is shown between left and right. */
  range: TimeRange;
  width: number;
  onRange: (range: TimeRange | null) => void;
  children: ReactNode;
}

const LEAST_DRAG = 4;

/** A stretch of time over which dragging chooses a part and a double-click the whole. */
export function TimeBrush({ className, range, width, onRange, children }: TimeBrushProps) {
  const ref = useRef<HTMLDivElement>(null);
  const [drag, setDrag] = useState<{ from: number; to: number } | null>(null);
  const x = (event: PointerEvent) => event.clientX - (ref.current?.getBoundingClientRect().left ?? 0);
  return (
    <div
      ref={ref}
      className={`timebrush ${className}`}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        setDrag({ from: x(event), to: x(event) });
      }}
      onPointerMove={(event) => drag && setDrag({ from: drag.from, to: x(event) })}
      onPointerUp={() => {
        if (drag && Math.abs(drag.to - drag.from) >= LEAST_DRAG) {
          const [from, to] = drag.from < drag.to ? [drag.from, drag.to] : [drag.to, drag.from];
          onRange({ from: timeAt(from, range, width), to: timeAt(to, range, width) });
        }
        setDrag(null);
      }}
      onPointerCancel={() => setDrag(null)}
      onDoubleClick={() => onRange(null)}
    >
      {children}
      {drag && (
        <i
          className="timebrush-drag"
          style={{ left: Math.min(drag.from, drag.to), width: Math.abs(drag.to - drag.from) }}
        />
      )}
    </div>
  );
}
