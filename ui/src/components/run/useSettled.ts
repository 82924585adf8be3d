import { useEffect, useState } from "react";

const SETTLES_MS = 120;

/** What was last given for a while: one change is passed on at once, many in a row when they stop. */
export function useSettled<T extends { step: { sequence: number; attempt: number } }>(now: T): T {
  const [settled, setSettled] = useState(now);
  const [changed, setChanged] = useState(0);
  const isSame = settled.step.sequence === now.step.sequence && settled.step.attempt === now.step.attempt;
  const isFirst = !isSame && performance.now() - changed > SETTLES_MS * 2;
  if (isFirst) {
    setChanged(performance.now());
    setSettled(now);
  }
  useEffect(() => {
    if (isSame) return;
    const timer = setTimeout(() => {
      setChanged(performance.now());
      setSettled(now);
    }, SETTLES_MS);
    return () => clearTimeout(timer);
  }, [now, isSame]);
  return isSame || isFirst ? now : settled;
}
