import { useState } from "react";
import { copy } from "../components/clipboard";
import { DeleteTrace } from "../components/DeleteTrace";
import { useKeys } from "../components/keys";
import { Notice } from "../components/Notice";
import { Link, listAddress, navigate, useSearch } from "../components/navigation";
import { Page } from "../components/Page";
import { part } from "../components/part";
import { TraceHeadSkeleton } from "../components/TraceHead";
import { otherView, tracePath, viewOf } from "../model/address";
import { shortId } from "../model/format";
import { HINTS } from "../model/keys";
import { TraceTimeline } from "./TraceTimeline";
import { useTrace } from "./useTrace";
import "./TracePage.css";

/** Fetched when it is wanted: the list and the waterfall need nothing of it. */
const TraceConversation = part(
  async () => (await import("./TraceConversation")).TraceConversation,
  <TraceHeadSkeleton />,
);

/** A trace in one of its views: its spans in time, or what its agents said. */
export function TracePage({ id }: { id: string }) {
  const trace = useTrace(id);
  const { query, summary, missing, departed } = trace;
  const search = useSearch();
  const selected = search.get("span");
  const view = viewOf(search);
  const [deleting, setDeleting] = useState(false);
  useKeys({
    v: () => navigate(tracePath(id, selected ?? undefined, otherView(view))),
    y: () => copy(id),
  });

  const title = summary
    ? `${summary.root_name.slice(0, LONGEST_TITLE) || "(no name)"} ${shortId(id)}`
    : `Trace ${shortId(id)}`;
  if (missing || departed) {
    return (
      <Page title={title} hints={HINTS.other} keys={null} className="trace-missing">
        <Notice
          title={departed === "deleted" ? `Trace ${shortId(id)}… was deleted` : `No trace ${shortId(id)}… here`}
          detail={ABSENCE[departed ?? "missing"]}
        >
          <Link to={listAddress()} className="btn">
            To the traces
          </Link>
        </Notice>
      </Page>
    );
  }
  if (query.isError && !summary) {
    return (
      <Page title={title} hints={HINTS.other} keys={null} className="trace-missing">
        <Notice tone="error" title="The trace cannot be read" detail={query.error.message}>
          <button type="button" className="btn" onClick={() => void query.refetch()}>
            Try again
          </button>
        </Notice>
      </Page>
    );
  }
  return (
    <Page
      title={title}
      hints={HINTS[view]}
      keys={view === "trace" ? "Trace" : "Conversation"}
      className={view === "trace" ? "trace" : "trace trace-said"}
    >
      {view === "trace" ? (
        <TraceTimeline id={id} trace={trace} selected={selected} onDelete={() => setDeleting(true)} />
      ) : (
        <TraceConversation id={id} trace={trace} selected={selected} onDelete={() => setDeleting(true)} />
      )}
      {deleting && summary && (
        <DeleteTrace trace={summary} onClose={() => setDeleting(false)} onDeleted={() => navigate(listAddress())} />
      )}
    </Page>
  );
}

const LONGEST_TITLE = 80;

const ABSENCE = {
  missing: "It may have been deleted, or its spans have not arrived yet. This page shows it as soon as it comes.",
  deleted: "Spans that come for it from now on are stored anew, and this page shows them.",
  gone: "Its program said that it runs and was then not heard of for long. This page shows it as soon as it comes again.",
};
