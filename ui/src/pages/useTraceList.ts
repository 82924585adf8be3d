import { type InfiniteData, useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useLive, useLiveScope } from "../api/live";
import { type ActivityList, runs } from "../api/runs";
import { useThrottled } from "../components/throttle";
import { type Filters, parametersOf } from "../model/address";
import {
  fits,
  follow,
  hear,
  idOf,
  type ListEvent,
  listedOf,
  NO_NEWS,
  type Reader,
  rows,
  settle,
} from "../model/tracelist";

const PAGE = 100;
const GATHER_MS = 50;
const ASK_AGAIN_MS = 1000;

/** The list that some filters ask for, and what came since. */
export function useTraceList(filters: Filters, reader: Reader) {
  const client = useQueryClient();
  const listening = useLiveScope({ project: filters.project, traceId: null }) === "listening";
  const search = useMemo(() => parametersOf(filters), [filters]);
  const key = useMemo(() => ["traces", search.toString()], [search]);
  const query = useInfiniteQuery<ActivityList, Error, InfiniteData<ActivityList>, string[], string | null>({
    queryKey: key,
    queryFn: ({ pageParam, signal }) => runs.activity(search, { limit: PAGE, cursor: pageParam }, signal),
    initialPageParam: null,
    getNextPageParam: (last) => last.next,
    enabled: listening,
    staleTime: 0,
  });

  const [news, setNews] = useState(NO_NEWS);
  // biome-ignore lint/correctness/useExhaustiveDependencies: other filters, other news
  useEffect(() => setNews(NO_NEWS), [key]);
  useEffect(() => {
    if (reader === "following") setNews(follow);
  }, [reader]);

  const pages = useMemo(() => query.data?.pages.flatMap((page) => page.items.map(listedOf)) ?? [], [query.data]);
  const listed = useMemo(() => new Map(pages.map((item) => [idOf(item), item])), [pages]);

  const askForHead = useThrottled(async () => {
    const newest = await runs.activity(search, { limit: PAGE, cursor: null });
    const items = newest.items.map(listedOf);
    const events = items.map((item): ListEvent => ({ change: "new", id: idOf(item), item }));
    setNews((old) => hear(old, events, listed, reader, () => true));
  }, ASK_AGAIN_MS);

  const gathered = useRef<ListEvent[]>([]);
  const flush = useThrottled(() => {
    const events = gathered.current.splice(0);
    const now = Date.now();
    if (events.some(({ item }) => item !== null && fits(item, filters, now) === null)) askForHead();
    setNews((old) => hear(old, events, listed, reader, (item) => fits(item, filters, now) === true));
  }, GATHER_MS);

  const head = query.data?.pages[0];
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new head settles the news once
  useEffect(() => setNews((old) => settle(old, listed)), [head]);

  const askAgain = useThrottled(() => client.invalidateQueries({ queryKey: ["traces"] }), ASK_AGAIN_MS);
  useEffect(() => {
    if (news.overflowed && reader === "following") askAgain();
  }, [news.overflowed, reader, askAgain]);
  useLive({
    trace: ({ change, trace_id, trace }) => {
      if (trace_id === null) return askAgain(); // a whole project was deleted
      gathered.current.push({ change, id: trace_id, item: trace });
      flush();
    },
    run: ({ change, run_id, run }) => {
      gathered.current.push({ change, id: run_id, item: run });
      flush();
    },
    lagged: askAgain,
    resumed: askAgain,
  });

  return {
    query,
    items: useMemo(() => rows(pages, news), [pages, news]),
    waiting: news.waiting.size,
    overflowed: news.overflowed,
    follow: useCallback(() => setNews(follow), []),
  };
}
