import type { FoldEntry, Story } from "../../api/story";
import { newSince } from "../../model/conversation";
import { count, plural } from "../../model/format";
import { Icon } from "../Icon";
import { FoldMessage } from "./FoldMessage";
import { Reading } from "./Reading";
import { useSpanContent } from "./useSpanContent";
import "./Fold.css";

interface FoldProps {
  traceId: string;
  story: Story;
  entry: FoldEntry;
  unfolded: boolean;
  onFold: () => void;
}

/** Messages that the model was asked with again; they are fetched when somebody wants to see them. */
export function Fold({ traceId, story, entry, unfolded, onFold }: FoldProps) {
  const { content, isReading, failure } = useSpanContent(traceId, entry.span_id, unfolded ? "now" : "later");
  const isNew = newSince(story.entries, entry);
  const messages = content?.input.slice(0, entry.count) ?? [];
  return (
    <div className="fold">
      <button
        type="button"
        className={unfolded ? "fold-head open" : "fold-head"}
        aria-expanded={unfolded}
        onClick={onFold}
      >
        <Icon name="right" small />
        <b>{plural(entry.count, "earlier message")}</b>
        <span className="d el">as in call {count(entry.same_as)}</span>
        <span className="grow" />
        {isNew > 0 && <span className="m">+{count(isNew)} new since</span>}
        <span className="d">call {count(entry.call)}</span>
      </button>
      {unfolded && (
        <div className="fold-messages">
          {messages.map((message, i) => (
            <FoldMessage key={i} message={message} />
          ))}
          {content !== null && messages.length === 0 && <p className="d xs">They were not recorded with this call.</p>}
          <Reading isReading={isReading} failure={failure} />
        </div>
      )}
    </div>
  );
}
