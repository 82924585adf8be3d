import { useEffect, useRef } from "react";
import type { GroupTrace } from "../api/types";
import { tracePath } from "../model/address";
import { costNote, costText, someOf, tokensOf, usageNote } from "../model/agents";
import { ago, count, dateAndClock, duration, line, shortId } from "../model/format";
import { Link } from "./navigation";
import { StatusMark } from "./StatusMark";
import "./GroupRow.css";

interface GroupRowProps {
  /** Its place in the conversation, from 1. */
  number: number;
  entry: GroupTrace;
  now: number;
  selected: boolean;
}

const NAMED = 3;
/** The rest is in the conversation. */
const LONGEST = 1000;

/** A trace of a conversation: what was asked, what was answered, and what it took. */
export function GroupRow({ number, entry, now, selected }: GroupRowProps) {
  const { trace, first, last } = entry;
  const { agents, failure } = trace;
  const row = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (!selected) return;
    row.current?.scrollIntoView({ block: "nearest" });
    row.current?.querySelector("a")?.focus({ preventScroll: true });
  }, [selected]);
  const tokens = agents === null ? null : tokensOf(agents.usage);
  const cost = agents === null ? "" : costText(agents.cost, agents.unpriced_calls, tokens);
  return (
    <li ref={row} className={selected ? "grouprow sel" : "grouprow"} data-trace={trace.trace_id}>
      <span className="grouprow-number d">{count(number)}</span>
      <div className="grouprow-head">
        <span className="grouprow-status">
          <StatusMark status={trace.status} />
        </span>
        <Link to={tracePath(trace.trace_id, undefined, "conversation")} className="el grouprow-name">
          <b>{line(trace.root_name || "(no name)")}</b>
        </Link>
        <span className="mono d">{shortId(trace.trace_id)}</span>
        {agents && <span className="el m">{line(someOf(agents.agents, NAMED))}</span>}
        <span className="grow" />
        {tokens !== null && agents && (
          <span className="m" title={usageNote(agents.usage)}>
            {count(tokens)} tokens
          </span>
        )}
        {cost !== "" && agents && (
          <span className={agents.cost ? "m" : "d"} title={costNote(agents.cost, agents.unpriced_calls)}>
            {cost}
          </span>
        )}
        <span className={trace.status === "running" ? "num live" : "num m"}>{duration(trace.duration_ns)}</span>
        <span className="num d grouprow-when" title={dateAndClock(trace.start)}>
          {ago(trace.start, now)}
        </span>
        <Link to={tracePath(trace.trace_id)} className="link">
          Trace
        </Link>
      </div>
      <div className="grouprow-said">
        <Said who="user" text={first} />
        <Said who="assistant" text={last} />
        {failure && (
          <>
            <span className="err">failed</span>
            <p className="err">{short(failure.message || failure.name)}</p>
          </>
        )}
      </div>
    </li>
  );
}

function Said({ who, text }: { who: string; text: string | null }) {
  return (
    <>
      <span className="d">{who}</span>
      {text === null ? (
        <p className="d">{who === "user" ? "not recorded" : "no answer recorded"}</p>
      ) : (
        <p>{short(text)}</p>
      )}
    </>
  );
}

/** The start of a text, without the stars that make Markdown bold: the conversation shows it as it was meant. */
function short(text: string): string {
  const start = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  return start.replace(/\*\*([^*\n]+)\*\*/g, "$1");
}
