import { useVirtualizer } from "@tanstack/react-virtual";
import { useLayoutEffect, useMemo, useRef } from "react";
import type { Story, StoryNode } from "../../api/story";
import { KINDS } from "../../model/agents";
import { type Line, storyLines } from "../../model/conversation";
import { duration, line, plural } from "../../model/format";
import { Icon } from "../Icon";
import "./StoryTree.css";

interface StoryTreeProps {
  story: Story;
  selected: string | null;
  onSelect: (node: StoryNode) => void;
}

const ROW = 28;
/** Deeper lines are not moved in any further, so that their names can be read. */
const DEEPEST = 8;

/** What the agents did, line by line. */
export function StoryTree({ story, selected, onSelect }: StoryTreeProps) {
  const { nodes, cut } = story;
  const lines = useMemo(() => storyLines(story), [story]);
  const scrollRef = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: nodes.length,
    getScrollElement: () => scrollRef.current,
    estimateSize: () => ROW,
    overscan: 12,
  });
  const at = selected === null ? -1 : nodes.findIndex(({ span_id }) => span_id === selected);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only a move of the selection scrolls
  useLayoutEffect(() => {
    if (at < 0) return;
    virtual.scrollToIndex(at, { align: "auto" });
    if (!scrollRef.current?.contains(document.activeElement)) return;
    const frame = requestAnimationFrame(() => {
      scrollRef.current?.querySelector<HTMLElement>('[aria-selected="true"]')?.focus({ preventScroll: true });
    });
    return () => cancelAnimationFrame(frame);
  }, [selected, at >= 0]);
  return (
    <section className="conversation-pane" aria-label="Story">
      <h2 className="conversation-title">
        Story <span className="d">{plural(nodes.length, "step")}</span>
      </h2>
      <div ref={scrollRef} className="story-scroll" role="tree" aria-label="Story" tabIndex={at < 0 ? 0 : -1}>
        <div role="presentation" style={{ height: virtual.getTotalSize(), position: "relative" }}>
          {virtual.getVirtualItems().map(({ index, start }) => {
            const shown = lines[index];
            return (
              shown && (
                <LineView key={shown.node.span_id} of={shown} top={start} selected={index === at} onSelect={onSelect} />
              )
            );
          })}
        </div>
      </div>
      {cut && (
        <p className="story-cut xs warn">
          The trace has more than a story holds: later texts are cut short, or later spans left out. The trace view has
          all.
        </p>
      )}
    </section>
  );
}

interface LineProps {
  of: Line;
  top: number;
  selected: boolean;
  onSelect: (node: StoryNode) => void;
}

function LineView({ of: { node, name, attempt }, top, selected, onSelect }: LineProps) {
  const isAgent = node.kind === "agent";
  const kind = KINDS[node.kind] ?? KINDS.custom;
  const failure = failureOf(node);
  return (
    <div
      role="treeitem"
      aria-level={node.depth + 1}
      aria-selected={selected}
      tabIndex={selected ? 0 : -1}
      className={isAgent ? "story-line story-agent" : "story-line"}
      data-node={node.span_id}
      style={{ transform: `translateY(${top}px)`, paddingLeft: 16 + 20 * Math.min(node.depth, DEEPEST) }}
      title={`${kind.word} ${line(node.title)}`}
      onClick={() => onSelect(node)}
    >
      <span className="d">
        <Icon name={kind.icon} />
      </span>
      <span className={node.failed && !node.survived ? "el err" : "el"}>{line(name)}</span>
      {failure && (
        <span className={failure.tone} role="img" aria-label={failure.says} title={failure.says}>
          <Icon name="cross" small />
        </span>
      )}
      {attempt > 1 && (
        <span className="d" role="img" aria-label={`attempt ${attempt}`} title={`attempt ${attempt}`}>
          <Icon name="retry" small />
        </span>
      )}
      <span className="grow" />
      {node.state === "open" ? (
        <span className="story-open live xs">
          <i className="dot l small" />
          running
        </span>
      ) : (
        !isAgent && <span className="d xs">{node.duration_ns === null ? "lost" : duration(node.duration_ns)}</span>
      )}
    </div>
  );
}

function failureOf(node: StoryNode): { tone: string; says: string } | null {
  if (node.failed && node.survived) return { tone: "d", says: "failed, and the work went on" };
  if (node.failed) return { tone: "err", says: "failed" };
  return node.failed_below ? { tone: "err story-below", says: "something below failed" } : null;
}
