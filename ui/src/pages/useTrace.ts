import { type InfiniteData, useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";
import { api, RequestFailed } from "../api/client";
import { useLive, useLiveScope } from "../api/live";
import type { TraceSummary, TraceTree } from "../api/types";
import { useThrottled } from "../components/throttle";
import { addNews, mergeSpans, type SpanNews } from "../model/spans";
import { buildTree, type Node } from "../model/tree";

/** The first page is small, so that there is something to see at once. */
const FIRST_PAGE = 1000;
const PAGE = 5000;
const GATHER_MS = 250;
const ASK_AGAIN_MS = 1500;

export type Trace = ReturnType<typeof useTrace>;

/** An open span that its client sent as it would any other: nobody tells when it ends, but the trace's counts do. */
function isStoredOpen({ span }: Node): boolean {
  return span !== null && span.duration_ns === null && span.announced === null;
}

/** A trace with all its spans, page after page, and what becomes of them. */
export function useTrace(id: string) {
  const client = useQueryClient();
  const listening = useLiveScope({ project: null, traceId: id }) === "listening";
  const key = useMemo(() => ["tree", id], [id]);
  const query = useInfiniteQuery<TraceTree, Error, InfiniteData<TraceTree>, string[], string | null>({
    queryKey: key,
    queryFn: ({ pageParam, signal }) =>
      api.tree(id, { limit: pageParam === null ? FIRST_PAGE : PAGE, cursor: pageParam }, signal),
    initialPageParam: null,
    getNextPageParam: (last) => last.next,
    enabled: listening,
    staleTime: 0,
  });
  const { data, hasNextPage, isFetching, isError, fetchNextPage } = query;
  useEffect(() => {
    if (hasNextPage && !isFetching && !isError) void fetchNextPage();
  }, [hasNextPage, isFetching, isError, fetchNextPage]);

  const [news, setNews] = useState<SpanNews[]>([]);
  const [newest, setNewest] = useState<TraceSummary | null>(null);
  const [departed, setDeparted] = useState<"deleted" | "gone" | null>(null);
  const askAgain = useThrottled(() => client.invalidateQueries({ queryKey: key }), ASK_AGAIN_MS);
  const gathered = useRef<SpanNews[]>([]);
  const flush = useThrottled(() => {
    const more = gathered.current.splice(0);
    setNews((old) => addNews(old, more));
  }, GATHER_MS);
  useLive({
    span: ({ change, trace_id, span }) => {
      if (trace_id !== id) return;
      gathered.current.push({ change, span });
      flush();
    },
    trace: ({ change, trace_id, trace }) => {
      if (trace_id === null) return void query.refetch(); // a whole project was deleted, perhaps with this trace
      if (trace_id !== id) return;
      const leaving = change === "deleted" || change === "gone" ? change : null;
      setDeparted(leaving);
      setNewest(trace);
      if (leaving) setNews([]);
      else if (departed || data === undefined) void query.refetch();
    },
    lagged: askAgain,
    resumed: askAgain,
  });

  const asked = useMemo(() => data?.pages.flatMap((page) => page.spans) ?? [], [data]);
  const spans = useMemo(() => mergeSpans(asked, news), [asked, news]);
  const tree = useMemo(() => buildTree(spans), [spans]);
  const summary = newest ?? data?.pages.at(-1)?.trace ?? null;

  const complete = query.isSuccess && !hasNextPage && !isFetching;
  const stored = useMemo(() => tree.nodes.filter(isStoredOpen).length, [tree]);
  const behind =
    complete && summary !== null && (spans.length < summary.span_count || (stored > 0 && stored > summary.open_count));
  const askedFor = useRef("");
  useEffect(() => {
    const state = `${summary?.span_count} ${summary?.open_count}`;
    if (!behind || askedFor.current === state) return;
    askedFor.current = state;
    askAgain();
  }, [behind, summary, askAgain]);

  return {
    query,
    summary,
    tree,
    loaded: spans.length,
    complete,
    missing: query.error instanceof RequestFailed && query.error.status === 404,
    departed,
  };
}
