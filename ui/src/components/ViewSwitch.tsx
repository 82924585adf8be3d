import { tracePath, type View } from "../model/address";
import { Link, useSearch } from "./navigation";
import "./ViewSwitch.css";

const VIEWS: { view: View; name: string }[] = [
  { view: "trace", name: "Trace" },
  { view: "conversation", name: "Conversation" },
];

/** Leads from one view of a trace to the other; the selected span stays. */
export function ViewSwitch({ view, traceId }: { view: View; traceId: string }) {
  const span = useSearch().get("span") ?? undefined;
  return (
    <nav className="viewswitch" aria-label="Views of the trace">
      {VIEWS.map((each) => (
        <Link
          key={each.view}
          to={tracePath(traceId, span, each.view)}
          current={each.view === view}
          title={each.view === view ? "" : `${each.name} (v)`}
        >
          {each.name}
        </Link>
      ))}
    </nav>
  );
}
