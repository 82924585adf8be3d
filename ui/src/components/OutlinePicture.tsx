import type { TraceSummary } from "../api/types";
import { colourVariable, traceColours } from "../model/colours";

const WIDTH = 132;
const HEIGHT = 16;
const STEP = 2.7;

/** The trace's longest spans as a tiny picture. */
export function OutlinePicture({ trace }: { trace: TraceSummary }) {
  const colours = traceColours(trace.services.map(({ name }) => name));
  const whole = Math.max(1, trace.duration_ns);
  const x = (ns: number) => (Math.min(Math.max(ns, 0), whole) / whole) * (WIDTH - 4);
  const bars = trace.outline.map(({ span_id, offset_ns, duration_ns, service, error }, i) => {
    const from = x(offset_ns);
    const to = x(offset_ns + (duration_ns ?? Number.POSITIVE_INFINITY));
    const colour = colourVariable(colours.get(service) ?? "c8");
    return { key: `${span_id} ${i}`, x: from, y: 0.5 + i * STEP, width: Math.max(1.5, to - from), colour, error };
  });
  return (
    <svg width={WIDTH} height={HEIGHT} aria-hidden="true">
      {bars.map((bar) => (
        <rect key={bar.key} x={bar.x} y={bar.y} width={bar.width} height="2" fill={bar.colour} opacity=".9" />
      ))}
      {bars
        .filter((bar) => bar.error)
        .map((bar) => (
          <rect
            key={bar.key}
            x={Math.max(0.5, bar.x - 1.5)}
            y={Math.max(0.5, bar.y - 1.5)}
            width={Math.min(bar.width + 3, WIDTH - 1 - Math.max(0.5, bar.x - 1.5))}
            height="5"
            fill="none"
            stroke="var(--error-fill)"
          />
        ))}
      {trace.status === "running" && (
        <path d={`M${WIDTH - 1.5} 0v${HEIGHT}`} stroke="var(--live-fill)" strokeWidth="1.5" />
      )}
    </svg>
  );
}
