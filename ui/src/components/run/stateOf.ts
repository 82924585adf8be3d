/** States of a run as the server tells them: before a step, after it, and what was done to one by hand. */

import { useQuery } from "@tanstack/react-query";
import { type AnyAttempt, type RunName, runs, START, type StateChange, type Step, type When } from "../../api/runs";
import { changesBetween, cutInBoth, fieldsOf } from "../../model/runState";

/** The state on one side of a step; a step that still runs has none after it yet. */
export function useStepState(name: RunName, step: Step, when: When = "after", wanted = true) {
  const { sequence, attempt } = step;
  return useQuery({
    queryKey: ["state", name, sequence, attempt, step.state, when],
    queryFn: ({ signal }) => runs.state(name, { sequence, attempt }, { when }, signal),
    enabled: wanted && (when === "before" || step.has_state),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
}

/** The state before the first step. */
export function useStartState(name: RunName) {
  return useQuery({
    queryKey: ["state", name, START.sequence],
    queryFn: ({ signal }) => runs.state(name, START, { when: "after" }, signal),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
}

/** What was changed by hand between the step before and this one. */
export function useEdit(name: RunName, previous: AnyAttempt, step: Step) {
  const { sequence, attempt } = step;
  return useQuery({
    queryKey: ["edit", name, previous.sequence, previous.attempt, sequence, attempt],
    queryFn: ({ signal }) => edit(name, previous, { sequence, attempt }, signal),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
}

async function edit(name: RunName, from: AnyAttempt, to: AnyAttempt, signal: AbortSignal): Promise<StateChange[]> {
  const before = (key?: string) =>
    runs.state(name, from, { when: "after", ...(key === undefined ? {} : { key }) }, signal);
  const after = (key?: string) =>
    runs.state(name, to, { when: "before", ...(key === undefined ? {} : { key }) }, signal);
  const [was, is] = await Promise.all([before(), after()]);
  const changes = changesBetween(was.state, is.state);
  for (const key of cutInBoth(was.state, is.state)) {
    const [all, now] = await Promise.all([before(key), after(key)]);
    const isSame = JSON.stringify(all.state) === JSON.stringify(now.state);
    const [cut = null] = fieldsOf(is.state).flatMap(([field, value]) => (field === key ? [value] : []));
    if (!isSame) changes.push({ key, op: "replace", before: cut, after: cut });
  }
  return changes;
}
