import type { SpanEvent, Time } from "../api/types";
import { dateAndClock, duration, line, plural } from "../model/format";
import { instant, nanosecondsBetween } from "../model/time";
import { Attributes } from "./Attributes";
import "./EventList.css";

interface EventListProps {
  events: SpanEvent[];
  dropped: number;
  /** The span's start, from which the times count. */
  start: Time;
}

export function EventList({ events, dropped, start }: EventListProps) {
  return (
    <div className="events">
      {events.map((event, i) => (
        <details key={i} className="event" open={events.length === 1}>
          <summary>
            <span className="mono d" title={dateAndClock(event.time)}>
              +{duration(nanosecondsBetween(instant(start), instant(event.time)))}
            </span>
            <span className={event.name === "exception" ? "el err" : "el"}>{line(event.name || "(no name)")}</span>
            <span className="d xs">{event.attributes.length > 0 ? event.attributes.length : ""}</span>
          </summary>
          <Attributes attributes={event.attributes} dropped={event.dropped_attributes} />
        </details>
      ))}
      {events.length === 0 && dropped === 0 && <p className="attributes-note d">No events.</p>}
      {dropped > 0 && <p className="attributes-note warn">{plural(dropped, "event")} dropped by the client.</p>}
    </div>
  );
}
