import { useMemo } from "react";
import type { Nanoseconds } from "../api/types";
import { useNow } from "../components/now";
import { instantOfMilliseconds, nanosecondsBetween } from "../model/time";
import type { Tree } from "../model/tree";
import type { TimeRange } from "../model/waterfall";

/** Drawing many spans anew costs more than they can move in a moment. */
const LIVELY = 20_000;

/** The trace's time from its start to its end, or to now while something is open. */
export function useWhole(tree: Tree, lasts: Nanoseconds): { now: Nanoseconds; whole: TimeRange } {
  const open = tree.open > 0;
  const nowMs = useNow(!open ? 0 : tree.nodes.length > LIVELY ? 2000 : 250);
  const now = Math.max(tree.end, nanosecondsBetween(tree.origin, instantOfMilliseconds(nowMs)));
  const end = open ? now : Math.max(tree.end, lasts);
  const whole = useMemo(() => ({ from: 0, to: Math.max(1, end) }), [end]);
  return { now: open ? now : end, whole };
}
