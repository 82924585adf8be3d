import { useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { api, RequestFailed } from "../api/client";
import { useLive } from "../api/live";
import { copy } from "../components/clipboard";
import { Facet } from "../components/Facets";
import { FilterBar } from "../components/FilterBar";
import { useKeys } from "../components/keys";
import { Notice } from "../components/Notice";
import { Link, navigate, rememberList, useSearch } from "../components/navigation";
import { Page } from "../components/Page";
import { TraceTable } from "../components/TraceTable";
import { useThrottled } from "../components/throttle";
import {
  chips,
  type Filters,
  filtersOf,
  groupPath,
  parametersOf,
  runPath,
  STATUSES,
  tracePath,
} from "../model/address";
import { count } from "../model/format";
import { HINTS } from "../model/keys";
import { idOf, isRun, type Listed } from "../model/tracelist";
import { NoMatch } from "./NoMatch";
import { useTraceList } from "./useTraceList";
import "./TraceListPage.css";

/** Where each list was scrolled to, so that coming back from a trace finds it as it was. */
const offsets = new Map<string, number>();

export function TraceListPage() {
  const search = useSearch();
  const filters = useMemo(() => filtersOf(search), [search]);
  const address = search.toString();
  useEffect(() => rememberList(`/?${address}`), [address]);

  const [live, setLive] = useState(true);
  const [offset, setOffset] = useState(offsets.get(address) ?? 0);
  useEffect(() => setOffset(offsets.get(address) ?? 0), [address]);
  const [pointer, setPointer] = useState(false);
  const [selected, setSelected] = useState<string | null>(null);
  const reading = offset > 4 || pointer || selected !== null;
  const reader = live && !reading ? "following" : "reading";
  const { query, items, waiting, overflowed, follow } = useTraceList(filters, reader);

  const scrollRef = useRef<HTMLDivElement>(null);
  const nameRef = useRef<HTMLInputElement>(null);
  const { data: services, refetch: askForServices } = useQuery({
    queryKey: ["services", filters.project],
    queryFn: ({ signal }) => api.services(filters.project, signal),
    refetchInterval: 30_000,
  });
  const byUse = useMemo(() => services?.services.toSorted((a, b) => b.span_count - a.span_count) ?? [], [services]);

  const knownServices = useMemo(() => new Set(byUse.map(({ name }) => name)), [byUse]);
  const refreshServices = useThrottled(askForServices, 1000);
  useLive({
    trace: ({ trace }) => trace?.services.some(({ name }) => !knownServices.has(name)) && refreshServices(),
  });

  const change = (part: Partial<Filters>) => {
    setSelected(null);
    scrollRef.current?.scrollTo({ top: 0 });
    const parameters = parametersOf({ ...filters, ...part }).toString();
    navigate(parameters ? `/?${parameters}` : "/");
  };
  const open = useCallback(
    (item: Listed) =>
      navigate(isRun(item) ? runPath(item.project, item.app_id, item.partition_key) : tracePath(item.trace_id)),
    [],
  );
  const scrolled = useCallback(
    (to: number) => {
      offsets.set(address, to);
      setOffset(to);
    },
    [address],
  );
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const more = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);

  const toTheNewest = () => {
    setLive(true);
    setSelected(null);
    setPointer(false);
    scrollRef.current?.scrollTo({ top: 0 });
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
    follow();
  };
  const toggleLive = () => {
    if (live && waiting > 0) toTheNewest();
    else if (live) setLive(false);
    else toTheNewest();
  };
  const move = (by: number) => {
    const at = items.findIndex((item) => idOf(item) === selected);
    const to = items[Math.max(0, Math.min(items.length - 1, at + by))];
    if (to) setSelected(idOf(to));
  };
  useKeys({
    j: () => move(1),
    ArrowDown: () => move(1),
    k: () => move(-1),
    ArrowUp: () => move(-1),
    PageDown: () => move(20),
    PageUp: () => move(-20),
    Home: () => move(-Infinity),
    End: () => move(items.length),
    Enter: () => {
      const item = items.find((each) => idOf(each) === selected);
      if (item) open(item);
    },
    "/": () => nameRef.current?.select(),
    l: toggleLive,
    y: () => selected && copy(selected),
    Escape: () => setSelected(null),
  });

  // A search that ran out of time may have found nothing yet.
  const searching = query.isSuccess && items.length === 0 && hasNextPage;
  useEffect(() => {
    if (searching) more();
  }, [searching, more]);

  const narrowed = chips(filters);
  const nothing = query.isSuccess && items.length === 0 && !hasNextPage;
  const mistake = query.error instanceof RequestFailed ? query.error : null;
  const wrong = mistake?.place ? { place: mistake.place, why: mistake.message } : null;
  return (
    <Page title="Traces" hints={HINTS.list} keys="List" className="list">
      <FilterBar
        filters={filters}
        services={byUse.map(({ name }) => name)}
        nameRef={nameRef}
        wrong={wrong}
        onChange={change}
      >
        <button type="button" className={live ? "btn livebtn" : "btn"} aria-pressed={live} onClick={toggleLive}>
          <i className={live ? "dot l small" : "dot small d"} />
          Live
        </button>
      </FilterBar>
      <div className="list-body">
        <aside className="list-facets" aria-label="Filters">
          <Facet
            name="Status"
            values={STATUSES.map((value) => ({ value, count: null }))}
            chosen={filters.status}
            onChoose={(value) => change({ status: STATUSES.find((status) => status === value) ?? null })}
          />
          <Facet
            name="Service"
            values={byUse.map(({ name, span_count }) => ({ value: name, count: span_count }))}
            chosen={filters.service}
            onChoose={(service) => change({ service })}
          />
        </aside>
        <div className="list-main">
          <div className="list-tools">
            <span>
              <b>{query.isSuccess ? count(items.length) + (hasNextPage ? "+" : "") : "–"}</b>{" "}
              <span className="m">{whatOf(items)}</span>
            </span>
            {narrowed.map(({ field, text }) => (
              <button
                type="button"
                key={field}
                className="tag"
                title="Remove this filter"
                onClick={() => change({ [field]: null })}
              >
                <span className="el list-chip">{text}</span> ✕
              </button>
            ))}
            {filters.group !== null && (
              <Link to={groupPath(filters.group, filters.project)} className="link">
                Read the group
              </Link>
            )}
            <span className="grow" />
            <span role="status">
              {waiting > 0 && (
                <button type="button" className="list-waiting live" onClick={toTheNewest}>
                  {live ? "paused while you read" : "live is off"} ·{" "}
                  <b>{count(waiting) + (overflowed ? "+" : "")} new</b> · press <kbd>l</kbd> to follow
                </button>
              )}
            </span>
          </div>
          {query.isError && items.length === 0 ? (
            <Notice
              tone="error"
              title={wrong ? "The filter cannot be read" : "The runs and traces cannot be listed"}
              detail={query.error.message}
            >
              {!wrong && (
                <button type="button" className="btn" onClick={() => void query.refetch()}>
                  Try again
                </button>
              )}
            </Notice>
          ) : nothing ? (
            <NoMatch filters={filters} onChange={change} />
          ) : (
            <TraceTable
              key={address}
              scrollRef={scrollRef}
              items={query.isSuccess && !searching ? items : null}
              selected={selected}
              initialOffset={offsets.get(address) ?? 0}
              onOpen={open}
              onNearEnd={more}
              onScroll={scrolled}
              onPointer={setPointer}
            />
          )}
        </div>
      </div>
    </Page>
  );
}

/** What the rows are: a project may have only the one or the other. */
function whatOf(items: Listed[]): string {
  const one = items.length === 1;
  const runs = items.some(isRun);
  const traces = items.some((item) => !isRun(item));
  if (runs && traces) return "runs and traces";
  if (runs) return one ? "run" : "runs";
  return one ? "trace" : "traces";
}
