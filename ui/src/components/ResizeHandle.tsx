import { useState } from "react";
import "./ResizeHandle.css";

const KEY = "trackway.detail";
const LEAST = 280;
const MOST = 800;
const STEP = 24;

const clamp = (width: number) => Math.round(Math.min(MOST, window.innerWidth / 2, Math.max(LEAST, width)));

/** The detail pane's width as CSS: the design's own until the reader chooses another, which is remembered. */
export function usePaneWidth(): [string, (width: number) => void] {
  const [width, setWidth] = useState<number | null>(() => {
    try {
      return Number(localStorage.getItem(KEY)) || null;
    } catch {
      return null; // Storage may be forbidden.
    }
  });
  const choose = (to: number) => {
    const next = clamp(to);
    setWidth(next);
    try {
      localStorage.setItem(KEY, String(next));
    } catch {
      // The width then lasts as long as the page.
    }
  };
  const standard = window.innerWidth < 1340 ? 312 : 352;
  return [`${width === null ? standard : clamp(width)}px`, choose];
}

interface ResizeHandleProps {
  width: string;
  onResize: (width: number) => void;
}

/** The left edge of a pane on the right; dragging or the arrow keys resize it. */
export function ResizeHandle({ width, onResize }: ResizeHandleProps) {
  return (
    <div
      className="resizehandle"
      role="separator"
      aria-orientation="vertical"
      aria-label="Width of the details"
      aria-valuenow={Number.parseInt(width, 10)}
      aria-valuemin={LEAST}
      aria-valuemax={MOST}
      tabIndex={0}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={(event) => {
        if (event.currentTarget.hasPointerCapture(event.pointerId)) onResize(window.innerWidth - event.clientX);
      }}
      onKeyDown={(event) => {
        const by = event.key === "ArrowLeft" ? STEP : event.key === "ArrowRight" ? -STEP : 0;
        if (by === 0) return;
        event.preventDefault();
        onResize((event.currentTarget.parentElement?.offsetWidth ?? 0) + by);
      }}
    />
  );
}
