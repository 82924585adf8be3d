import { memo } from "react";
import type { Story } from "../../api/story";
import { type Row, speaker } from "../../model/conversation";
import { line } from "../../model/format";
import { Icon } from "../Icon";
import { CallLine } from "./CallLine";
import { ErrorLine } from "./ErrorLine";
import { Fold } from "./Fold";
import type { TextFormat } from "./format";
import { GuardrailLine } from "./GuardrailLine";
import { HandoffRule } from "./HandoffRule";
import { MessageBody } from "./MessageBody";
import { MissingContent } from "./MissingContent";
import { ToolPair } from "./ToolPair";
import "./TranscriptRow.css";

export interface TranscriptRowProps {
  traceId: string;
  story: Story;
  row: Row;
  unfolded: boolean;
  /** As the reader wants the text; null for the best. */
  format: TextFormat | null;
  onFold: (key: string) => void;
  onFormat: (key: string, format: TextFormat) => void;
}

/** Who, what, and, under an answer, what the call of the model took. */
export const TranscriptRow = memo(function TranscriptRow(props: TranscriptRowProps) {
  const { traceId, story, row, unfolded, onFold } = props;
  const { entry } = row;
  if (entry.type === "fold") {
    return <Fold traceId={traceId} story={story} entry={entry} unfolded={unfolded} onFold={() => onFold(row.key)} />;
  }
  if (entry.type === "handoff") return <HandoffRule entry={entry} />;
  const { name, icon } = row.call && entry.type === "call" ? callSpeaker(row) : speaker(entry);
  return (
    <div className="said">
      <div className="said-who" title={line(name)}>
        <Icon name={icon} />
        <b className="el">{line(name)}</b>
      </div>
      <div className="said-what">
        <What {...props} />
        {row.call && <CallLine call={row.call} />}
      </div>
    </div>
  );
});

function callSpeaker({ call }: Row) {
  return { name: call?.agent ?? "model", icon: call?.agent ? ("agent" as const) : ("gen_ai" as const) };
}

function What({ traceId, story, row, unfolded, format, onFold, onFormat }: TranscriptRowProps) {
  const { entry } = row;
  const fold = () => onFold(row.key);
  switch (entry.type) {
    case "message":
      return (
        <MessageBody
          traceId={traceId}
          entry={entry}
          row={row}
          unfolded={unfolded}
          format={format}
          onFold={fold}
          onFormat={(to) => onFormat(row.key, to)}
        />
      );
    case "tool":
    case "work":
      return (
        <ToolPair
          traceId={traceId}
          entry={entry}
          running={story.trace.status === "running"}
          unfolded={unfolded}
          isPlain={format === "plain"}
          onFold={fold}
          onFormat={(to) => onFormat(row.key, to)}
        />
      );
    case "guardrail":
      return <GuardrailLine entry={entry} />;
    case "error":
      return <ErrorLine entry={entry} />;
    case "missing":
      return (
        <MissingContent
          entry={entry}
          isFirst={story.entries.find(({ type }) => type === "missing") === entry}
          unfolded={unfolded}
          onFold={fold}
        />
      );
    default:
      return <p className="d xs">{row.asks.length > 0 ? `asks for ${line(row.asks.join(", "))}` : "answered"}</p>;
  }
}
