import { useMemo } from "react";
import type { ToolEntry, WorkEntry } from "../../api/story";
import { KINDS } from "../../model/agents";
import { laidOut } from "../../model/conversationJson";
import { bytes, duration, line } from "../../model/format";
import { prettyJson } from "../../model/json";
import { textBytes } from "../../model/value";
import { Icon } from "../Icon";
import type { TextFormat } from "./format";
import { Pieces } from "./Pieces";
import { Reading } from "./Reading";
import { useSpanContent } from "./useSpanContent";
import "./ToolPair.css";

interface ToolPairProps {
  traceId: string;
  entry: ToolEntry | WorkEntry;
  /** The trace may still bring the result. */
  running: boolean;
  unfolded: boolean;
  isPlain: boolean;
  onFold: () => void;
  onFormat: (format: TextFormat) => void;
}

const LONG = 1200;
const MANY_LINES = 18;

/** What was asked of a tool, and beside it what came of that. */
export function ToolPair({ traceId, entry, running, unfolded, isPlain, onFold, onFormat }: ToolPairProps) {
  const isCut = entry.cut;
  const { content, isReading, failure } = useSpanContent(traceId, entry.span_id, isCut && unfolded ? "now" : "later");
  const whole = isCut && unfolded ? content : null;
  const asked = whole?.arguments ?? entry.arguments;
  const error = entry.type === "tool" ? entry.error : null;
  const got = error === null ? (whole?.result ?? entry.result) : error;
  const isLong = isCut || isLengthy(asked) || isLengthy(got);
  const hasJson = [entry.arguments, entry.result].some((text) => text !== null && prettyJson(text) !== null);
  const isWaiting = entry.type === "tool" && entry.state === "waiting";
  const hasBody = entry.type === "tool" || asked !== null || got !== null;
  const hasResult = entry.type === "tool" || got !== null;
  return (
    <div className="pair">
      <div className="pair-head">
        <span className="d">
          <Icon name={entry.type === "tool" ? "tool" : KINDS[entry.kind].icon} />
        </span>
        <b className="el">{line(entry.type === "tool" ? entry.name : entry.title)}</b>
        <About entry={entry} />
        <span className="grow" />
        {hasJson && (
          <button
            type="button"
            className="pair-format xs d"
            title="JSON or plain text (m)"
            onClick={() => onFormat(isPlain ? "json" : "plain")}
          >
            as {isPlain ? "Plain" : "JSON"}
          </button>
        )}
        <State entry={entry} running={running} />
      </div>
      {hasBody && (
        <div className={`pair-body${isLong && !unfolded ? " folded" : ""}${hasResult ? "" : " alone"}`}>
          <div>
            <div className="xs d">{hasResult ? "arguments" : "data"}</div>
            <Value text={asked} isPlain={isPlain} nothing="none" />
          </div>
          {hasResult && (
            <div className={error !== null ? "pair-error" : isWaiting && running ? "pair-waiting" : undefined}>
              <div className={error !== null ? "xs err" : "xs d"}>{error !== null ? "error" : "result"}</div>
              <Value text={got} isPlain={isPlain} nothing={nothingYet(entry, running)} />
            </div>
          )}
        </div>
      )}
      {hasBody && isLong && (
        <div className="pair-foot xs">
          <button type="button" className="link" onClick={onFold}>
            {isCut ? "Cut short" : bytes(textBytes(`${asked ?? ""}${got ?? ""}`))}, {unfolded ? "fold" : "show"}
          </button>
          <Reading isReading={isCut && unfolded && isReading} failure={unfolded ? failure : null} />
        </div>
      )}
    </div>
  );
}

function isLengthy(text: string | null): boolean {
  return text !== null && (text.length > LONG || text.split("\n", MANY_LINES + 1).length > MANY_LINES);
}

function nothingYet(entry: ToolEntry | WorkEntry, running: boolean): string {
  if (entry.type === "tool" && entry.state === "waiting") return running ? "waiting for it" : "none came";
  return "not recorded";
}

function About({ entry }: { entry: ToolEntry | WorkEntry }) {
  if (entry.type === "work") return null;
  return (
    <>
      {entry.call_id && <span className="mono d el">{line(entry.call_id)}</span>}
      {entry.server && (
        <span className="tag" title="The MCP server that has the tool">
          <Icon name="plug" small />
          {line(entry.server)}
        </span>
      )}
    </>
  );
}

function State({ entry, running }: { entry: ToolEntry | WorkEntry; running: boolean }) {
  const lasted = entry.duration_ns === null ? null : <span className="m">{duration(entry.duration_ns)}</span>;
  if (entry.type === "work") return lasted;
  return (
    <>
      {entry.state === "failed" && (
        <span className="err pair-state">
          <Icon name="cross" small />
          failed
        </span>
      )}
      {entry.attempt > 1 && (
        <span className="m pair-state">
          <Icon name="retry" small />
          attempt {entry.attempt}
        </span>
      )}
      {entry.state === "waiting" && (
        <span className={running ? "live pair-state" : "d pair-state"}>
          {running && <i className="dot l small" />}
          {running ? "waiting" : "no result"}
        </span>
      )}
      {lasted}
    </>
  );
}

interface ValueProps {
  text: string | null;
  isPlain: boolean;
  /** Stands where there is no text. */
  nothing: string;
}

function Value({ text, isPlain, nothing }: ValueProps) {
  const pieces = useMemo(() => (text === null || isPlain ? null : laidOut(text)), [text, isPlain]);
  if (pieces !== null) return <Pieces pieces={pieces} />;
  if (text === null || text === "{}") return <span className="d sm">{nothing}</span>;
  return <pre className="pieces">{text === "" ? <span className="d">empty text</span> : text}</pre>;
}
