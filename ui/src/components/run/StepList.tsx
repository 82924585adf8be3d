import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, useEffect, useLayoutEffect, useRef } from "react";
import type { App, Step } from "../../api/runs";
import { count, duration, line, plural } from "../../model/format";
import { rootShare, type StepPages, stepAt } from "../../model/run";
import { Icon, type IconName } from "../Icon";
import "./StepList.css";

interface StepListProps {
  app: App;
  pages: StepPages;
  /** The chosen step's place; -1 when it is not known, or is before the first. */
  at: number;
  /** Whether the state before the first step has a row, and is chosen. */
  start: "none" | "there" | "chosen";
  onStart: () => void;
  error: Error | null;
  onSelect: (step: Step) => void;
  onShow: (first: number, last: number) => void;
}

const ROW = 32;
const BAR = 56;

/** Every step of a run, however many there are. */
export function StepList({ app, pages, at, start, error, onSelect, onStart, onShow }: StepListProps) {
  const scrollRef = useRef<HTMLDivElement>(null);
  const above = start === "none" ? 0 : 1;
  const rows = app.step_count + above;
  const chosen = start === "chosen" ? 0 : at < 0 ? -1 : at + above;
  const virtual = useVirtualizer({
    count: rows,
    getScrollElement: () => scrollRef.current,
    estimateSize: () => ROW,
    overscan: 12,
  });
  const items = virtual.getVirtualItems();
  const placeOf = (row: number | undefined) => Math.max(0, (row ?? 0) - above);
  const [first, last] = [placeOf(items[0]?.index), placeOf(items.at(-1)?.index)];
  useEffect(() => onShow(first, last), [first, last, onShow]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only a move of the selection scrolls
  useLayoutEffect(() => {
    if (chosen < 0) return;
    virtual.scrollToIndex(chosen, { align: "auto" });
    if (!scrollRef.current?.contains(document.activeElement)) return;
    const frame = requestAnimationFrame(() => {
      scrollRef.current?.querySelector<HTMLElement>('[aria-selected="true"]')?.focus({ preventScroll: true });
    });
    return () => cancelAnimationFrame(frame);
  }, [chosen]);
  const longest = longestOf(pages, app);
  return (
    <>
      <div className="runpane-title">
        <h2>Steps</h2> <span className="d">{count(app.step_count)}</span>
        <span className="grow" />
        <span className="d xs" title="Bars are as long as the square root of the time">
          time
        </span>
      </div>
      {rows === 0 ? (
        <p className="steplist-empty sm d">
          {error ? error.message : "No step was taken yet. The first one appears here as soon as it begins."}
        </p>
      ) : (
        <div ref={scrollRef} className="steplist" role="listbox" aria-label="Steps" tabIndex={chosen < 0 ? 0 : -1}>
          <div role="presentation" className="steplist-rows" style={{ height: virtual.getTotalSize() }}>
            {items.map(({ index, start: top }) => {
              if (index < above) {
                return <StartRow key="start" of={rows} selected={start === "chosen"} onSelect={onStart} />;
              }
              const step = stepAt(pages, index - above);
              return step ? (
                <StepRow
                  key={index}
                  step={step}
                  top={top}
                  place={index + 1}
                  of={rows}
                  selected={index === chosen}
                  ahead={index > chosen}
                  longest={longest}
                  onSelect={onSelect}
                />
              ) : (
                <div key={index} className="steprow" role="presentation" style={{ transform: `translateY(${top}px)` }}>
                  <span />
                  <span />
                  <i className="steprow-waiting" />
                </div>
              );
            })}
          </div>
        </div>
      )}
    </>
  );
}

function longestOf(pages: StepPages, app: App): number {
  let longest = 1;
  for (const { duration_ns } of app.trail) longest = Math.max(longest, duration_ns ?? 0);
  for (const steps of pages.values()) {
    for (const { duration_ns } of steps) longest = Math.max(longest, duration_ns ?? 0);
  }
  return longest;
}

/** The state before the first step. */
function StartRow({ of, selected, onSelect }: { of: number; selected: boolean; onSelect: () => void }) {
  return (
    <div
      className="steprow"
      role="option"
      aria-selected={selected}
      aria-posinset={1}
      aria-setsize={of}
      data-step="start"
      tabIndex={selected ? 0 : -1}
      onClick={onSelect}
    >
      <span />
      <span className="d">
        <Icon name="start" />
      </span>
      <span className="steprow-name">
        <span className="el">start</span>
      </span>
      <span className="num d">state</span>
    </div>
  );
}

interface StepRowProps {
  step: Step;
  top: number;
  place: number;
  of: number;
  selected: boolean;
  /** After the chosen one. */
  ahead: boolean;
  longest: number;
  onSelect: (step: Step) => void;
}

const StepRow = memo(function StepRow(props: StepRowProps) {
  const { step, top, place, of, selected, ahead, longest, onSelect } = props;
  const failed = step.state === "failed";
  const running = step.state === "running";
  return (
    <div
      className={ahead ? "steprow ahead" : "steprow"}
      style={{ transform: `translateY(${top}px)` }}
      role="option"
      aria-selected={selected}
      aria-posinset={place}
      aria-setsize={of}
      data-step={`${step.sequence}.${step.attempt}`}
      tabIndex={selected ? 0 : -1}
      title={step.error === null ? undefined : line(step.error)}
      onClick={() => onSelect(step)}
    >
      <span className="d num xs">{step.sequence}</span>
      <span className="d">
        <Icon name="function" />
      </span>
      <span className="steprow-name">
        <span className={failed ? "el err" : "el"}>{line(step.action || "(not named)")}</span>
        {failed && (
          <span className="err" role="img" aria-label="failed">
            <Icon name="cross" small />
          </span>
        )}
        <Marks step={step} />
      </span>
      <Time step={step} />
      <i
        className={`steprow-bar${failed ? " failed" : ""}${running ? " running" : ""}`}
        style={{ width: running ? BAR : Math.max(1, rootShare(step.duration_ns, longest) * BAR) }}
      />
    </div>
  );
});

function Time({ step }: { step: Step }) {
  const { state, duration_ns } = step;
  if (state === "running") return <span className="num live">running</span>;
  if (duration_ns === null) {
    return <span className="num d">{state === "lost" ? "lost" : "–"}</span>;
  }
  return <span className={state === "failed" ? "num err" : "num"}>{duration(duration_ns)}</span>;
}

function Marks({ step }: { step: Step }) {
  const { attempt, suspect, children, annotations, stream, edited } = step;
  return (
    <>
      {edited && <RowMark icon="pen" text="edited" says="the state was edited by hand before it" />}
      {attempt > 0 && <RowMark icon="retry" text={String(attempt + 1)} says={`attempt ${attempt + 1}`} />}
      {suspect && <RowMark icon="alert" says="The recorded state is likely that of before the step" />}
      {children.length > 0 && (
        <RowMark
          icon="fork"
          text={children.length > 1 ? count(children.length) : ""}
          says={plural(children.length, "run came of it", "runs came of it")}
        />
      )}
      {stream !== null && <RowMark icon="sound" text={streamText(stream)} says={streamNote(stream)} />}
      {annotations > 0 && (
        <RowMark icon="note" text={annotations > 1 ? count(annotations) : ""} says={plural(annotations, "note")} />
      )}
    </>
  );
}

function RowMark({ icon, text = "", says }: { icon: IconName; text?: string; says: string }) {
  return (
    <span className="steprow-mark" role="img" aria-label={says} title={says}>
      <Icon name={icon} small />
      {text}
    </span>
  );
}

/** How soon the first item came. */
function streamText({ first_item_ns, items }: NonNullable<Step["stream"]>): string {
  if (first_item_ns !== null) return duration(first_item_ns);
  return items === null ? "streams" : plural(items, "item");
}

export function streamNote({ first_item_ns, duration_ns, items }: NonNullable<Step["stream"]>): string {
  const parts = [
    first_item_ns === null ? "no item came" : `first item after ${duration(first_item_ns)}`,
    items === null ? "not over, or abandoned" : plural(items, "item"),
    items !== null && items > 1 && duration_ns !== null && duration_ns > 0
      ? `${count(Math.round(items / (duration_ns / 1e9)))} items/s`
      : "",
  ];
  return `Stream: ${parts.filter(Boolean).join(", ")}`;
}
