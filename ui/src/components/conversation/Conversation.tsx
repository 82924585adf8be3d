import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { Story } from "../../api/story";
import { tracePath } from "../../model/address";
import { callOfRow, conversation, nextFailure, type Row, rowOfSpan } from "../../model/conversation";
import { useKeys } from "../keys";
import { listAddress, navigate } from "../navigation";
import { formatsOf, type TextFormat } from "./format";
import { StoryTree } from "./StoryTree";
import { TokenPane } from "./TokenPane";
import { Transcript } from "./Transcript";
import "./Conversation.css";

interface ConversationProps {
  traceId: string;
  story: Story;
  /** The span in the address. */
  selected: string | null;
}

/** What was chosen in the transcript, and the span that the address had then. */
interface Choice {
  row: string;
  span: string | null;
}

/** The story of a trace, what was said in it, and what that cost; one selection for all three. */
export function Conversation({ traceId, story, selected }: ConversationProps) {
  const said = useMemo(() => conversation(story), [story]);
  const { rows } = said;
  const [choice, setChoice] = useState<Choice | null>(null);
  const [unfolded, setUnfolded] = useState<ReadonlySet<string>>(new Set());
  const [formats, setFormats] = useState<ReadonlyMap<string, TextFormat>>(new Map());

  const at = useMemo(() => {
    const chosen = choice?.span === selected ? rows.findIndex(({ key }) => key === choice.row) : -1;
    if (chosen >= 0 || selected === null) return chosen;
    return rowOfSpan(said, story.nodes, selected);
  }, [rows, said, story.nodes, selected, choice]);
  const atRef = useRef({ at, selected });
  useEffect(() => {
    atRef.current = { at, selected };
  });

  const choose = useCallback(
    (row: Row) => {
      const span = row.span ?? atRef.current.selected;
      setChoice({ row: row.key, span });
      if (span !== null) navigate(tracePath(traceId, span, "conversation"), "replace");
    },
    [traceId],
  );
  const chooseNode = useCallback(
    (node: { span_id: string }) => {
      setChoice(null);
      navigate(tracePath(traceId, node.span_id, "conversation"), "replace");
    },
    [traceId],
  );
  const fold = useCallback((key: string) => {
    setUnfolded((old) => {
      const next = new Set(old);
      if (!next.delete(key)) next.add(key);
      return next;
    });
  }, []);
  const format = useCallback((key: string, to: TextFormat) => setFormats((old) => new Map(old).set(key, to)), []);

  const move = (to: number) => {
    const row = rows[Math.max(0, Math.min(rows.length - 1, to))];
    if (row) choose(row);
  };
  const moveNode = (by: number) => {
    const now = story.nodes.findIndex(({ span_id }) => span_id === selected);
    const node = story.nodes[now < 0 ? 0 : Math.max(0, Math.min(story.nodes.length - 1, now + by))];
    if (node) chooseNode(node);
  };
  const row = rows[at] ?? null;
  const nextFormat = () => {
    if (!row) return;
    const all = formatsOf(row);
    const now = all.indexOf(formats.get(row.key) ?? all[0] ?? "plain");
    const next = all[(now + 1) % all.length];
    if (next) format(row.key, next);
  };
  useKeys({
    j: () => move(at + 1),
    k: () => move(at < 0 ? 0 : at - 1),
    ArrowDown: () => moveNode(1),
    ArrowUp: () => moveNode(-1),
    Home: () => move(0),
    End: () => move(rows.length - 1),
    u: () => row && fold(row.key),
    m: nextFormat,
    e: () => {
      const failure = nextFailure(rows, at);
      if (failure >= 0) move(failure);
    },
    Enter: () => selected !== null && navigate(tracePath(traceId, selected)),
    Escape: () => {
      if (selected === null) return navigate(listAddress());
      setChoice(null);
      navigate(tracePath(traceId, undefined, "conversation"), "replace");
    },
  });
  return (
    <div className="conversation">
      <StoryTree story={story} selected={selected} onSelect={chooseNode} />
      <Transcript
        traceId={traceId}
        story={story}
        rows={rows}
        at={at}
        unfolded={unfolded}
        formats={formats}
        onSelect={choose}
        onFold={fold}
        onFormat={format}
      />
      <TokenPane traceId={traceId} story={story} selected={callOfRow(rows, at, story.calls)} onSelect={chooseNode} />
    </div>
  );
}
