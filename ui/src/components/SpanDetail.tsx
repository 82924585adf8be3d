import { useQuery } from "@tanstack/react-query";
import { type RefObject, useEffect, useRef, useState } from "react";
import { api } from "../api/client";
import type { Nanoseconds, Span, TreeSpan } from "../api/types";
import { type Colour, colourVariable } from "../model/colours";
import { dateAndClock, duration, line, percent } from "../model/format";
import type { Node } from "../model/tree";
import { Attributes } from "./Attributes";
import { ErrorBlock } from "./ErrorBlock";
import { EventList } from "./EventList";
import { Icon } from "./Icon";
import { LinkList } from "./LinkList";
import { LongText } from "./LongText";
import { Notice } from "./Notice";
import { ResourceView } from "./ResourceView";
import { SpanFacts } from "./SpanFacts";
import { Stat } from "./Stat";
import { useSilence } from "./silence";
import "./SpanDetail.css";

interface SpanDetailProps {
  traceId: string;
  node: Node;
  colour: Colour;
  whole: Nanoseconds;
  lasts: Nanoseconds | null;
  paneRef: RefObject<HTMLElement | null>;
  onClose: () => void;
}

type Tab = "attributes" | "events" | "links" | "resource" | "raw";

/** Everything that was recorded of one span. */
export function SpanDetail({ traceId, node, colour, whole, lasts, paneRef, onClose }: SpanDetailProps) {
  const [tab, setTab] = useState<Tab>("attributes");
  const [nth, setNth] = useState<number | null>(null);
  const { span: brief } = node;
  const query = useQuery({
    queryKey: ["span", traceId, node.id],
    queryFn: ({ signal }) => api.span(traceId, node.id, signal),
    enabled: brief !== null,
  });
  const { refetch } = query;
  const newest = `${node.key} ${brief?.state} ${brief?.duration_ns} ${brief?.event_count} ${brief?.attribute_count} ${brief?.announced}`;
  const seen = useRef(newest);
  useEffect(() => {
    if (seen.current === newest) return;
    const isSameSpan = seen.current.startsWith(`${node.key} `);
    seen.current = newest;
    if (isSameSpan) void refetch();
    else setNth(null);
  }, [node.key, newest, refetch]);

  const records = query.data?.spans ?? [];
  const usual = Math.max(0, Number(node.key.split("~")[1] ?? 1) - 1);
  const span = records[Math.min(nth ?? usual, records.length - 1)] ?? null;
  return (
    <aside className="detail" ref={paneRef} tabIndex={-1} aria-label="Span">
      <div className="detail-head">
        <div className="row xs d">
          {brief && (
            <>
              <i className="sw" style={{ background: colourVariable(colour) }} />
              <span className="el">{line(brief.service)}</span>
              <span>·</span>
              <span>{brief.kind}</span>
              <State span={brief} />
            </>
          )}
          <span className="grow" />
          <button
            type="button"
            className="ib detail-close"
            aria-label="Close the details"
            title="Close (Esc)"
            onClick={onClose}
          >
            <Icon name="cross" small />
          </button>
        </div>
        <h2>{brief === null ? "Missing parent" : line(brief.name || "(no name)")}</h2>
        <div className="stats">
          <Stat name="Duration" value={lasts === null ? "–" : duration(lasts)} />
          <Stat name="Self" value={node.self === null ? "–" : duration(node.self)} />
          <Stat name="Start" value={`+${duration(node.start)}`} />
          <Stat name="Of trace" value={lasts === null ? "–" : percent(lasts, whole)} />
        </div>
      </div>
      {brief === null ? (
        <p className="detail-note m">
          Spans name <span className="mono">{node.id}</span> as their parent, and it has not come: it was not sampled,
          its program does not send here, or it has not ended yet.
        </p>
      ) : query.isError ? (
        <Notice tone="error" title="The span cannot be read" detail={query.error.message}>
          <button type="button" className="btn" onClick={() => void refetch()}>
            Try again
          </button>
        </Notice>
      ) : span === null ? (
        <p className="detail-note d" role="status">
          {query.isSuccess ? "The span is no longer there." : "Reading the span…"}
        </p>
      ) : (
        <>
          {records.length > 1 && (
            <div className="detail-records xs">
              <span className="m">{records.length} records share this id</span>
              {records.map((record, i) => (
                <button type="button" key={i} className="tag" aria-pressed={record === span} onClick={() => setNth(i)}>
                  {i + 1}
                </button>
              ))}
            </div>
          )}
          <ErrorBlock span={span} />
          <Tabs span={span} tab={tab} onTab={setTab} />
          <div className="detail-body" role="tabpanel" aria-label={tab}>
            <Body span={span} tab={tab} />
          </div>
        </>
      )}
    </aside>
  );
}

function State({ span }: { span: TreeSpan }) {
  const silence = useSilence(span);
  if (span.state === "finished") return null;
  const title =
    span.announced === null ? undefined : `Last announced by its program at ${dateAndClock(span.announced)}`;
  return (
    <span className={span.state === "open" ? "tag l" : "tag"} title={title}>
      {span.state === "open" ? "running" : (silence ?? "lost")}
    </span>
  );
}

function Tabs({ span, tab, onTab }: { span: Span; tab: Tab; onTab: (tab: Tab) => void }) {
  const tabs: { id: Tab; name: string; count?: number }[] = [
    { id: "attributes", name: "Attributes", count: span.attributes.length },
    { id: "events", name: "Events", count: span.events.length },
    { id: "links", name: "Links", count: span.links.length },
    { id: "resource", name: "Resource" },
    { id: "raw", name: "Raw" },
  ];
  return (
    <div className="tabs" role="tablist">
      {tabs.map(({ id, name, count }) => (
        <button type="button" key={id} role="tab" aria-selected={id === tab} onClick={() => onTab(id)}>
          {name}
          {count !== undefined && <span className="cnt">{count}</span>}
        </button>
      ))}
    </div>
  );
}

function Body({ span, tab }: { span: Span; tab: Tab }) {
  switch (tab) {
    case "attributes":
      return (
        <>
          <Attributes attributes={span.attributes} dropped={span.dropped.attributes} />
          <SpanFacts span={span} />
        </>
      );
    case "events":
      return <EventList events={span.events} dropped={span.dropped.events} start={span.start} />;
    case "links":
      return <LinkList links={span.links} dropped={span.dropped.links} />;
    case "resource":
      return <ResourceView span={span} />;
    case "raw":
      return (
        <div className="detail-raw">
          <LongText text={JSON.stringify(span, null, 2)} most={20_000} copyLabel="Copy the span as JSON" />
        </div>
      );
  }
}
