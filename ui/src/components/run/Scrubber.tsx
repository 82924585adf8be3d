import { type PointerEvent, useLayoutEffect, useMemo, useRef, useState } from "react";
import type { App, Step } from "../../api/runs";
import { count, duration, line } from "../../model/format";
import {
  indexAt,
  marksOfSteps,
  marksOfTrail,
  type Print,
  printOf,
  prints,
  STEPS_PAGE,
  type StepPages,
  sinceStart,
} from "../../model/run";
import { Icon } from "../Icon";
import "./Scrubber.css";

interface ScrubberProps {
  app: App;
  pages: StepPages;
  /** The chosen step's place; -1 when it is not known yet, or is before the first. */
  at: number;
  /** Whether one may stand before the first step, and does. */
  start: "none" | "there" | "chosen";
  /** Whether the page goes on to each new step. */
  follows: boolean;
  step: Step | null;
  playing: boolean;
  onGo: (index: number) => void;
  onPlay: () => void;
  onNow: () => void;
}

const HEIGHT = 68;
const LETTER = 6.2;
/** What stands before the first print. */
const BEFORE = 20;

/** The whole run as a trail of prints, and the buttons that walk along it. */
export function Scrubber({ app, pages, at, start, follows, step, playing, onGo, onPlay, onNow }: ScrubberProps) {
  const since = step ? sinceStart(step, app) : null;
  const isRunning = app.status === "running";
  return (
    <div className="scrubber">
      <div className="scrubber-buttons">
        <button
          type="button"
          className="btn sq"
          aria-label="Previous step"
          title="Previous step (←)"
          disabled={at <= (start === "there" ? -1 : 0)}
          onClick={() => onGo(at - 1)}
        >
          <Icon name="left" />
        </button>
        <button
          type="button"
          className="btn sq"
          aria-label={playing ? "Pause" : "Play"}
          title={playing ? "Pause (Space)" : "Play (Space)"}
          disabled={app.step_count < 2}
          onClick={onPlay}
        >
          <Icon name={playing ? "pause" : "play"} />
        </button>
        <button
          type="button"
          className="btn sq"
          aria-label="Next step"
          title="Next step (→)"
          disabled={at >= app.step_count - 1}
          onClick={() => onGo(at + 1)}
        >
          <Icon name="right" />
        </button>
        <div className="scrubber-at">
          <b>{step ? count(step.sequence) : start === "chosen" ? "start" : "–"}</b>{" "}
          <span className="d">{app.last_sequence === null ? "" : `of ${count(app.last_sequence)}`}</span>
          <div className="xs d">{since === null ? "\u00a0" : `+${duration(since)}`}</div>
        </div>
      </div>
      <Trail app={app} pages={pages} at={at} start={start} step={step} onGo={onGo} />
      <div className="scrubber-scale xs d">
        {isRunning ? (
          <button
            type="button"
            className={follows ? "btn livebtn" : "btn"}
            aria-pressed={follows}
            title="Go on to each new step (n)"
            onClick={onNow}
          >
            <i className={follows ? "dot l small" : "dot small d"} />
            now
          </button>
        ) : (
          <>
            {duration(app.duration_ns ?? 0)}
            <br />√ scale
          </>
        )}
      </div>
    </div>
  );
}

type TrailProps = Pick<ScrubberProps, "app" | "pages" | "at" | "start" | "step" | "onGo">;

function Trail({ app, pages, at, start, step, onGo }: TrailProps) {
  const ref = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    setWidth(element.clientWidth);
    return () => observer.disconnect();
  }, []);

  const left = start === "none" ? 0 : BEFORE;
  const steps = pages.get(0);
  const all = useMemo(() => {
    const isWhole = steps !== undefined && app.step_count <= STEPS_PAGE;
    const marks = isWhole ? marksOfSteps(steps) : marksOfTrail(app.trail, app.step_count, app.status);
    return prints(marks, width - 12 - left, isWhole ? 12 : 8);
  }, [steps, app, width, left]);
  const current = printOf(all, at);
  const point = (event: PointerEvent<HTMLDivElement>) => {
    const x = event.clientX - event.currentTarget.getBoundingClientRect().left - 2 - left;
    onGo(x < 0 && left > 0 ? -1 : indexAt(all, x, app.step_count));
  };
  const end = all.at(-1);
  return (
    <div
      ref={ref}
      className="scrubber-trail"
      role="slider"
      aria-label="Step"
      aria-valuemin={start === "none" ? 0 : -1}
      aria-valuemax={Math.max(0, app.step_count - 1)}
      aria-valuenow={start === "chosen" ? -1 : Math.max(0, at)}
      aria-valuetext={step ? `step ${step.sequence}, ${line(step.action)}` : start === "chosen" ? "start" : "no step"}
      tabIndex={0}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        point(event);
      }}
      onPointerMove={(event) => event.currentTarget.hasPointerCapture(event.pointerId) && point(event)}
    >
      <svg width={Math.max(0, width)} height={HEIGHT} aria-hidden="true">
        <line x1="0" x2={width} y1="33.5" y2="33.5" stroke="var(--line-strong)" strokeDasharray="1 4" />
        {start !== "none" && <StartMark isCurrent={start === "chosen"} />}
        <g transform={`translate(${left} 0)`}>
          {all.map((print) => (
            <PrintView key={print.index} print={print} at={at} isCurrent={print === current} />
          ))}
          {app.status === "lost" && end && (
            <path
              d={`M${end.x + end.width + 3} 29.5l8 8m0-8l-8 8`}
              stroke="var(--ink-3)"
              strokeWidth="1.6"
              strokeLinecap="round"
            />
          )}
          {app.status === "running" && end && (
            <path className="scrubber-now" d={`M${Math.min(width - 1 - left, end.x + end.width + 4)} 12v44`} />
          )}
        </g>
      </svg>
    </div>
  );
}

/** Where the run stood before its first step: a ring on the line. */
function StartMark({ isCurrent }: { isCurrent: boolean }) {
  return (
    <>
      <circle cx="8" cy="33.5" r="4" fill="var(--sunken)" stroke="var(--ink-2)" strokeWidth="1.5" />
      {isCurrent && <circle cx="8" cy="33.5" r="7" fill="none" stroke="var(--accent)" strokeWidth="1.5" />}
    </>
  );
}

function PrintView({ print, at, isCurrent }: { print: Print; at: number; isCurrent: boolean }) {
  const { index, x, width, side, failed, running, label } = print;
  const isAhead = index > at;
  const gap = width > 9 ? 4 : width > 4 ? 1.5 : 0;
  const wide = Math.max(1, width - gap);
  const y = side === "left" ? 20 : 38;
  const tone = `${failed ? " failed" : ""}${running ? " running" : ""}${isAhead && !running ? " ahead" : ""}`;
  const name = label?.replaceAll("_", " ") ?? "";
  return (
    <>
      <rect className={`print${tone}`} x={x + 2} y={y} width={wide} height="9" rx={Math.min(4.5, wide / 2)} />
      {isCurrent && (
        <rect
          x={x - 1.5}
          y={y - 3.5}
          width={wide + 7}
          height="16"
          rx="8"
          fill="none"
          stroke="var(--accent)"
          strokeWidth="1.5"
        />
      )}
      {name !== "" && wide > Math.max(36, name.length * LETTER) && (
        <text className={`scrubber-name${tone}`} x={x + 4} y={side === "left" ? 12 : 62}>
          {name}
        </text>
      )}
    </>
  );
}
