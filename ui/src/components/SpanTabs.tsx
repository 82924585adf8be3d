import type { ToldSpan, TraceSummary } from "../api/types";
import { AgentSection } from "./AgentSection";
import { Attributes } from "./Attributes";
import { EventList } from "./EventList";
import { LinkList } from "./LinkList";
import { LongText } from "./LongText";
import { ResourceView } from "./ResourceView";
import { SpanFacts } from "./SpanFacts";

export type Tab = "agent" | "attributes" | "events" | "links" | "resource" | "raw";

interface SpanTabsProps {
  span: ToldSpan;
  trace: TraceSummary | null;
  /** Null while the reader has chosen none. */
  chosen: Tab | null;
  onChoose: (tab: Tab) => void;
}

/** What was recorded of a span, a part at a time; of an agent's span, what it means first. */
export function SpanTabs({ span, trace, chosen, onChoose }: SpanTabsProps) {
  const first = isOfAgent(span) ? "agent" : "attributes";
  const tab = chosen === null || (chosen === "agent" && first !== "agent") ? first : chosen;
  return (
    <>
      <Tabs span={span} tab={tab} onTab={onChoose} />
      <div className="detail-body" role="tabpanel" aria-label={tab}>
        <Body span={span} trace={trace} tab={tab} />
      </div>
    </>
  );
}

function isOfAgent({ data, original, parent_elsewhere }: ToldSpan): boolean {
  return data !== null || original !== null || parent_elsewhere !== null;
}

function Tabs({ span, tab, onTab }: { span: ToldSpan; tab: Tab; onTab: (tab: Tab) => void }) {
  const tabs: { id: Tab; name: string; count?: number }[] = [
    ...(isOfAgent(span) ? [{ id: "agent" as const, name: "Agent" }] : []),
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
          {count !== undefined && count > 0 && <span className="cnt">{count}</span>}
        </button>
      ))}
    </div>
  );
}

function Body({ span, trace, tab }: { span: ToldSpan; trace: TraceSummary | null; tab: Tab }) {
  switch (tab) {
    case "agent":
      return <AgentSection span={span} trace={trace} />;
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
