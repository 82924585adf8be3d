import { useVirtualizer } from "@tanstack/react-virtual";
import { useLayoutEffect, useMemo, useRef } from "react";
import type { StoryCall } from "../../api/story";
import { callName, callPrice, shares } from "../../model/conversation";
import { count, dollars, line } from "../../model/format";
import "./TokensByCall.css";

interface TokensByCallProps {
  calls: StoryCall[];
  /** The number of the call that is looked at. */
  selected: number | null;
  onSelect: (call: StoryCall) => void;
}

const ROW = 28;
/** As many calls are seen at once; more are scrolled. */
const SEEN = 12;

/** A bar for every call, all of one scale. */
export function TokensByCall({ calls, selected, onSelect }: TokensByCallProps) {
  const scrollRef = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: calls.length,
    getScrollElement: () => scrollRef.current,
    estimateSize: () => ROW,
    overscan: 8,
  });
  const most = useMemo(() => Math.max(1, ...calls.map(({ usage }) => shares(usage)?.total ?? 0)), [calls]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only a move of the selection scrolls
  useLayoutEffect(() => {
    if (selected !== null) virtual.scrollToIndex(selected - 1, { align: "auto" });
  }, [selected]);
  if (calls.length === 0) return <p className="tokens-none d sm">No model was called.</p>;
  return (
    <div ref={scrollRef} className="tokens" style={{ maxHeight: SEEN * ROW + 8 }}>
      <div role="list" aria-label="Tokens by call" style={{ height: virtual.getTotalSize(), position: "relative" }}>
        {virtual.getVirtualItems().map(({ index, start }) => {
          const call = calls[index];
          return (
            call && (
              <div
                key={call.span_id}
                role="listitem"
                aria-posinset={index + 1}
                aria-setsize={calls.length}
                className="tokens-line"
                style={{ transform: `translateY(${start}px)` }}
              >
                <button type="button" aria-current={call.index === selected} onClick={() => onSelect(call)}>
                  <Bar call={call} most={most} />
                </button>
              </div>
            )
          );
        })}
      </div>
    </div>
  );
}

function Bar({ call, most }: { call: StoryCall; most: number }) {
  const used = shares(call.usage);
  const width = (tokens: number) => `${(100 * tokens) / most}%`;
  return (
    <>
      <span className="m el" title={line(`${call.title}, ${call.model ?? "model unknown"}`)}>
        <span className="d">{call.index} </span>
        {line(callName(call))}
      </span>
      <span className="tokens-bar" aria-hidden="true">
        {used && (
          <>
            {used.cached > 0 && <i className="token-cached" style={{ width: width(used.cached) }} />}
            {used.fresh > 0 && <i className="token-fresh" style={{ width: width(used.fresh) }} />}
            {used.out > 0 && <i className="token-out" style={{ width: width(used.out) }} />}
          </>
        )}
      </span>
      <span className={used ? "num" : "num d"}>{used ? count(used.total) : "–"}</span>
      <span className="num m" title={callPrice(call)}>
        {call.cost ? dollars(call.cost.total_usd) : "unknown"}
      </span>
    </>
  );
}
