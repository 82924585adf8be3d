import { useCallback, useEffect, useRef } from "react";

/** Calls at most once in `ms`, and always once after the last request. */
export function useThrottled(action: () => unknown, ms: number): () => void {
  const latest = useRef(action);
  useEffect(() => {
    latest.current = action;
  });
  const timer = useRef(0);
  useEffect(() => () => clearTimeout(timer.current), []);
  return useCallback(() => {
    if (timer.current !== 0) return;
    timer.current = window.setTimeout(() => {
      timer.current = 0;
      void latest.current();
    }, ms);
  }, [ms]);
}
