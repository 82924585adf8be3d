import { useVirtualizer } from "@tanstack/react-virtual";
import { useLayoutEffect, useRef, useState } from "react";
import type { Story } from "../../api/story";
import type { Row } from "../../model/conversation";
import { count } from "../../model/format";
import { Icon } from "../Icon";
import type { TextFormat } from "./format";
import { TranscriptRow } from "./TranscriptRow";
import "./Transcript.css";

interface TranscriptProps {
  traceId: string;
  story: Story;
  rows: Row[];
  /** The selected row; -1 for none. */
  at: number;
  unfolded: ReadonlySet<string>;
  formats: ReadonlyMap<string, TextFormat>;
  onSelect: (row: Row) => void;
  onFold: (key: string) => void;
  onFormat: (key: string, format: TextFormat) => void;
}

/** Nearer to its end than this, the reader follows what comes. */
const NEAR_END = 48;

/** What was said and done, in order. */
export function Transcript(props: TranscriptProps) {
  const { traceId, story, rows, at, unfolded, formats, onSelect, onFold, onFormat } = props;
  const scrollRef = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scrollRef.current,
    getItemKey: (index) => rows[index]?.key ?? index,
    estimateSize: (index) => likelyHeight(rows[index]),
    overscan: 6,
    paddingStart: 8,
    paddingEnd: 24,
  });
  const key = rows[at]?.key;
  // biome-ignore lint/correctness/useExhaustiveDependencies: only a move of the selection scrolls
  useLayoutEffect(() => {
    if (at < 0) return;
    virtual.scrollToIndex(at, { align: "auto" });
    const focused = document.activeElement;
    if (focused !== document.body && !scrollRef.current?.contains(focused)) return;
    const frame = requestAnimationFrame(() => {
      scrollRef.current?.querySelector<HTMLElement>('[aria-current="true"]')?.focus({ preventScroll: true });
    });
    return () => cancelAnimationFrame(frame);
  }, [key]);

  const [seen, setSeen] = useState(rows.length);
  const isAtEnd = useRef(false);
  const toEnd = () => virtual.scrollToIndex(rows.length - 1, { align: "end" });
  // biome-ignore lint/correctness/useExhaustiveDependencies: only what comes anew is followed
  useLayoutEffect(() => {
    if (!isAtEnd.current) return;
    setSeen(rows.length);
    toEnd();
  }, [rows.length]);
  const scrolled = () => {
    const { scrollTop = 0, clientHeight = 0, scrollHeight = 0 } = scrollRef.current ?? {};
    isAtEnd.current = scrollHeight > clientHeight && scrollTop + clientHeight > scrollHeight - NEAR_END;
    if (isAtEnd.current && seen !== rows.length) setSeen(rows.length);
  };
  const unseen = rows.length - seen;
  return (
    <section className="transcript" aria-label="Conversation">
      <div
        ref={scrollRef}
        className="transcript-scroll"
        role="list"
        aria-label="Messages"
        tabIndex={at < 0 ? 0 : -1}
        onScroll={scrolled}
      >
        <div role="presentation" style={{ height: virtual.getTotalSize(), position: "relative" }}>
          {virtual.getVirtualItems().map(({ index, start }) => {
            const row = rows[index];
            return (
              row && (
                <div
                  key={row.key}
                  ref={virtual.measureElement}
                  data-index={index}
                  data-row={row.entry.type}
                  role="listitem"
                  aria-posinset={index + 1}
                  aria-setsize={rows.length}
                  aria-current={index === at}
                  tabIndex={index === at ? 0 : -1}
                  className="transcript-row"
                  style={{ transform: `translateY(${start}px)` }}
                  onClick={(event) => isPlainClick(event.target) && onSelect(row)}
                >
                  <TranscriptRow
                    traceId={traceId}
                    story={story}
                    row={row}
                    unfolded={unfolded.has(row.key)}
                    format={formats.get(row.key) ?? null}
                    onFold={onFold}
                    onFormat={onFormat}
                  />
                </div>
              )
            );
          })}
        </div>
      </div>
      {unseen > 0 && (
        <button type="button" className="btn livebtn transcript-new" onClick={toEnd}>
          {count(unseen)} new below
          <Icon name="down" small />
        </button>
      )}
    </section>
  );
}

/** A click that neither works a control nor ends a selection of text. */
function isPlainClick(target: EventTarget): boolean {
  const isControl = target instanceof Element && target.closest("button, a, summary") !== null;
  return !isControl && getSelection()?.toString() === "";
}

function likelyHeight(row: Row | undefined): number {
  switch (row?.entry.type) {
    case "message":
      return row.call ? 96 : 60;
    case "tool":
      return 132;
    case "fold":
      return 40;
    case "missing":
      return 80;
    default:
      return 48;
  }
}
