import type { SpanLink } from "../api/types";
import { tracePath } from "../model/address";
import { plural } from "../model/format";
import { Attributes } from "./Attributes";
import { Link } from "./navigation";
import "./LinkList.css";

export function LinkList({ links, dropped }: { links: SpanLink[]; dropped: number }) {
  return (
    <div className="links">
      {links.map((link, i) => (
        <div key={i} className="spanlink">
          <Target link={link} />
          {link.trace_state !== "" && <div className="mono d">{link.trace_state}</div>}
          {(link.attributes.length > 0 || link.dropped_attributes > 0) && (
            <Attributes attributes={link.attributes} dropped={link.dropped_attributes} />
          )}
        </div>
      ))}
      {links.length === 0 && dropped === 0 && <p className="attributes-note d">No links.</p>}
      {dropped > 0 && <p className="attributes-note warn">{plural(dropped, "link")} dropped by the client.</p>}
    </div>
  );
}

function Target({ link }: { link: SpanLink }) {
  const text = (
    <>
      trace {link.trace_id ?? "unreadable"}
      <br />
      span {link.span_id ?? "unreadable"}
    </>
  );
  if (link.trace_id === null) return <span className="mono m">{text}</span>;
  return (
    <Link to={tracePath(link.trace_id, link.span_id ?? undefined)} className="link mono">
      {text}
    </Link>
  );
}
