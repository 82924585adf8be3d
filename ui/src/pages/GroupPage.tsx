import { useState } from "react";
import { RequestFailed } from "../api/client";
import { CopyButton } from "../components/CopyButton";
import { copy } from "../components/clipboard";
import { GroupRow } from "../components/GroupRow";
import { Icon } from "../components/Icon";
import { useKeys } from "../components/keys";
import { Notice } from "../components/Notice";
import { Link, listAddress, navigate, useSearch } from "../components/navigation";
import { useNow } from "../components/now";
import { Page } from "../components/Page";
import { Stat } from "../components/Stat";
import { filtersOf, NO_FILTERS, parametersOf, tracePath } from "../model/address";
import { counted } from "../model/agents";
import { count, line } from "../model/format";
import { HINTS } from "../model/keys";
import { useGroup } from "./useGroup";
import "./GroupPage.css";

const LONGEST_TITLE = 80;

/** A conversation over several traces: what was asked and answered in each, the oldest first. */
export function GroupPage({ id }: { id: string }) {
  const { project } = filtersOf(useSearch());
  const { query, traces, totals } = useGroup(id, project);
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const isUnknown = query.error instanceof RequestFailed && query.error.status === 404;
  const [selected, setSelected] = useState<string | null>(null);
  const now = useNow(1000);

  const move = (by: number) => {
    const at = traces.findIndex(({ trace }) => trace.trace_id === selected);
    const to = traces[Math.max(0, Math.min(traces.length - 1, at + by))];
    if (to) setSelected(to.trace.trace_id);
  };
  useKeys({
    j: () => move(1),
    ArrowDown: () => move(1),
    k: () => move(-1),
    ArrowUp: () => move(-1),
    Home: () => move(-Infinity),
    End: () => move(traces.length),
    Enter: () => selected && navigate(tracePath(selected, undefined, "conversation")),
    y: () => copy(selected ?? id),
    Escape: () => (selected === null ? navigate(listAddress()) : setSelected(null)),
  });

  return (
    <Page title={`Group ${line(id).slice(0, LONGEST_TITLE)}`} hints={HINTS.group} keys="Group" className="group">
      <div className="group-head">
        <span className="d">
          <Icon name="thread" />
        </span>
        <h1 className="el" title={line(id)}>
          {line(id)}
        </h1>
        <CopyButton text={id} label="Copy the group's id" />
        {project !== null && <span className="tag">{line(project)}</span>}
        <span className="grow" />
        {totals && (
          <div className="stats">
            <Stat name="Traces" value={count(traces.length) + (hasNextPage ? "+" : "")} />
            {counted(totals).map(([name, value, note]) => (
              <Stat key={name} name={name} value={value} title={note} />
            ))}
          </div>
        )}
        <Link to={`/?${parametersOf({ ...NO_FILTERS, project, group: id })}`} className="btn">
          <Icon name="trace" />
          As a list
        </Link>
      </div>
      <div className="group-body">
        {query.isError && !isUnknown && traces.length === 0 ? (
          <Notice tone="error" title="The group cannot be read" detail={query.error.message}>
            <button type="button" className="btn" onClick={() => void query.refetch()}>
              Try again
            </button>
          </Notice>
        ) : (query.isSuccess || isUnknown) && traces.length === 0 ? (
          <Notice
            title="No trace of this group here"
            detail="Agents SDKs name the group in group_id, others in session.id or gen_ai.conversation.id. This page shows the first trace as soon as it comes."
          >
            <Link to={listAddress()} className="btn">
              To the traces
            </Link>
          </Notice>
        ) : query.isSuccess ? (
          <ol className="group-traces" aria-label="Traces of the group, the oldest first">
            {traces.map((each, i) => (
              <GroupRow
                key={each.trace.trace_id}
                number={i + 1}
                entry={each}
                now={now}
                selected={each.trace.trace_id === selected}
              />
            ))}
          </ol>
        ) : (
          <p className="group-note d" role="status">
            Reading the group…
          </p>
        )}
        {hasNextPage && (
          <p className="group-note">
            <button type="button" className="btn" disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
              Show more
            </button>
          </p>
        )}
      </div>
    </Page>
  );
}
