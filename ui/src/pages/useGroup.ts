import { type InfiniteData, useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { api } from "../api/client";
import { useLive, useLiveScope } from "../api/live";
import type { Group, GroupTrace } from "../api/types";
import { useThrottled } from "../components/throttle";

const PAGE = 50;
const ASK_AGAIN_MS = 1000;

/** The traces of a conversation, page after page, and what comes to them. */
export function useGroup(id: string, project: string | null) {
  const client = useQueryClient();
  const listening = useLiveScope({ project, traceId: null }) === "listening";
  const key = useMemo(() => ["group", id, project], [id, project]);
  const query = useInfiniteQuery<Group, Error, InfiniteData<Group>, (string | null)[], string | null>({
    queryKey: key,
    queryFn: ({ pageParam, signal }) => api.group(id, project, { limit: PAGE, cursor: pageParam }, signal),
    initialPageParam: null,
    getNextPageParam: (last) => last.next,
    enabled: listening,
    staleTime: 0,
  });
  const traces = useMemo(() => query.data?.pages.flatMap((page) => page.traces) ?? [], [query.data]);
  const askAgain = useThrottled(() => client.invalidateQueries({ queryKey: key }), ASK_AGAIN_MS);
  useLive({
    trace: ({ trace_id, trace }) => {
      if (trace_id === null || trace?.group_id === id || has(traces, trace_id)) askAgain();
    },
    lagged: askAgain,
    resumed: askAgain,
  });
  return { query, traces, totals: query.data?.pages.at(-1)?.totals ?? null };
}

function has(traces: GroupTrace[], id: string): boolean {
  return traces.some(({ trace }) => trace.trace_id === id);
}
