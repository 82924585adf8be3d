import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { RequestFailed } from "../api/client";
import { useLive, useLiveScope } from "../api/live";
import { type RunName, runs } from "../api/runs";
import { useThrottled } from "../components/throttle";

const ASK_AGAIN_MS = 250;
/** While a run works, it is asked after even when nothing is told: a connection may be slow, or of an older server. */
const RUNNING_MS = 2000;

/** A run with what stands around it, asked for again whenever something of it changes. */
export function useRun(name: RunName) {
  const client = useQueryClient();
  const [runId, setRunId] = useState<string | null>(null);
  const listening = useLiveScope({ project: name.project, traceId: null, run: runId }) === "listening";
  const query = useQuery({
    queryKey: ["run", name],
    queryFn: ({ signal }) => runs.app(name, signal),
    enabled: listening,
    staleTime: 0,
    refetchInterval: ({ state }) => (state.data?.app.status === "running" || state.error ? RUNNING_MS : false),
  });
  const askAgain = useThrottled(() => client.invalidateQueries({ queryKey: ["run", name] }), ASK_AGAIN_MS);
  const known = query.data?.app.run_id ?? null;
  if (known !== null && known !== runId) setRunId(known);
  useLive({
    run: (event) => (runId === null || event.run_id === runId) && askAgain(),
    step: (event) => event.run_id === runId && askAgain(),
    lagged: askAgain,
    resumed: askAgain,
  });
  const failure = query.error instanceof RequestFailed ? query.error : null;
  const missing = failure?.status === 404;
  return { query, detail: missing ? null : (query.data ?? null), missing, partitions: failure?.partitions ?? [] };
}
