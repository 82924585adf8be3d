import { count } from "../model/format";
import "./LoadProgress.css";

interface LoadProgressProps {
  loaded: number;
  total: number;
  failure: string | null;
  onRetry: () => void;
}

/** How much of a trace is here while the rest is still read. */
export function LoadProgress({ loaded, total, failure, onRetry }: LoadProgressProps) {
  return (
    <div className="loadprogress xs" role="status">
      <i style={{ width: `${(100 * loaded) / Math.max(1, total)}%` }} />
      <span>
        {count(loaded)} of {count(total)} spans
      </span>
      {failure && (
        <>
          <span className="err">{failure}</span>
          <button type="button" className="link" onClick={onRetry}>
            Try again
          </button>
        </>
      )}
    </div>
  );
}
