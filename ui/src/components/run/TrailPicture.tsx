import type { App } from "../../api/runs";
import { marksOfTrail, prints } from "../../model/run";

const WIDTH = 132;
const HEIGHT = 16;
const LEAST = 3;
const MOST = 22;

/** A run's steps as a tiny trail: prints left and right of a line that nobody draws. */
export function TrailPicture({ run }: { run: App }) {
  const all = prints(marksOfTrail(run.trail, run.step_count, run.status), WIDTH - 10, LEAST, MOST);
  const end = all.at(-1);
  return (
    <svg width={WIDTH} height={HEIGHT} aria-hidden="true">
      {all.map(({ index, x, width, failed, running }, i) => (
        <rect
          key={index}
          x={x}
          y={i % 2 === 0 ? 2 : 9}
          width={Math.max(2, width - 1.5)}
          height="5"
          rx={Math.min(2.5, Math.max(1, width / 2))}
          fill={failed ? "var(--error-fill)" : running ? "var(--live-fill)" : "var(--bar-strong)"}
        />
      ))}
      {run.status === "lost" && end && (
        <path d={`M${end.x + end.width + 2} 5.5l5 5m0-5l-5 5`} stroke="var(--ink-3)" strokeWidth="1.4" />
      )}
    </svg>
  );
}
