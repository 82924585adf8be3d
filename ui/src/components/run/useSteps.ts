import { useQueries, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef } from "react";
import { type App, type RunName, runs, type Step } from "../../api/runs";
import { STEPS_PAGE, type StepPages } from "../../model/run";

const KEPT_MS = 60_000;

export interface Steps {
  /** As far as somebody looked at them. */
  pages: StepPages;
  error: Error | null;
}

/** The steps of a run around what is shown: these places, and these pages also. */
export function useSteps(name: RunName, app: App | null, shown: [first: number, last: number], also: number[]): Steps {
  const client = useQueryClient();
  const count = app?.step_count ?? 0;
  const end = Math.ceil(count / STEPS_PAGE) - 1;
  const [first, last] = [Math.floor(shown[0] / STEPS_PAGE), Math.floor(shown[1] / STEPS_PAGE)];
  const wanted = useMemo(() => {
    const all = new Set([0, ...also]);
    for (let page = first; page <= last; page++) all.add(page);
    return [...all].filter((page) => page <= end).sort((a, b) => a - b);
  }, [first, last, also, end]);

  const before = useRef(app);
  useEffect(() => {
    const old = before.current;
    before.current = app;
    if (app === null || old === null || old === app) return;
    const least = areOldStepsSame(old, app) ? Math.floor(Math.max(0, old.step_count - 2) / STEPS_PAGE) : 0;
    if (least > 0 || !isSame(old, app)) {
      const isConcerned = ({ queryKey }: { queryKey: readonly unknown[] }) => Number(queryKey[2]) >= least;
      void client.invalidateQueries({ queryKey: ["steps", name], predicate: isConcerned });
    }
  }, [app, client, name]);

  return useQueries({
    queries: wanted.map((page) => ({
      queryKey: ["steps", name, page],
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        runs.steps(name, { limit: STEPS_PAGE, from: page * STEPS_PAGE }, signal),
      staleTime: Number.POSITIVE_INFINITY,
      gcTime: KEPT_MS,
    })),
    combine: useCallback(
      (answers: { data: { steps: Step[] } | undefined; error: Error | null }[]) => ({
        pages: new Map(
          answers.flatMap(({ data }, i): [number, Step[]][] => (data ? [[wanted[i] ?? 0, data.steps]] : [])),
        ),
        error: answers.find(({ error }) => error !== null)?.error ?? null,
      }),
      [wanted],
    ),
  });
}

/** While a run works, mostly only its last steps change. */
function areOldStepsSame(old: App, now: App): boolean {
  return (
    old.annotation_count === now.annotation_count &&
    old.suspect_count === now.suspect_count &&
    old.child_count === now.child_count &&
    now.step_count >= old.step_count
  );
}

const isSame = (old: App, now: App) => JSON.stringify(old) === JSON.stringify(now);

const SEARCHED = 1000;

/** The place of the first step that failed, from one place to before another. */
export async function failureFrom(name: RunName, from: number, to: number): Promise<number | null> {
  for (let place = from; place < to; place += SEARCHED) {
    const { steps } = await runs.steps(name, { limit: SEARCHED, from: place });
    const at = steps.findIndex(({ state }) => state === "failed");
    if (at >= 0) return place + at < to ? place + at : null;
    if (steps.length === 0) return null;
  }
  return null;
}
