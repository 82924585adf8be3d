import { useEffect, useRef } from "react";
import type { Nanoseconds } from "../api/types";
import type { Colour } from "../model/colours";
import { duration } from "../model/format";
import type { Tree } from "../model/tree";
import { shownEnd, type TimeRange, xOf } from "../model/waterfall";
import { TimeBrush } from "./TimeBrush";
import { useShownTheme } from "./theme";
import "./Minimap.css";

interface MinimapProps {
  tree: Tree;
  colours: Map<string, Colour>;
  whole: TimeRange;
  range: TimeRange;
  now: Nanoseconds;
  lastNews: Nanoseconds;
  width: number;
  onRange: (range: TimeRange | null) => void;
}

const HEIGHT = 59;
const TOP = 6;
const ERROR_HEIGHT = 3;

/** The whole trace, very small; dragging over it zooms. */
export function Minimap({ tree, colours, whole, range, now, lastNews, width, onRange }: MinimapProps) {
  const ref = useRef<HTMLCanvasElement>(null);
  const theme = useShownTheme();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme changes what the style says
  useEffect(() => {
    const canvas = ref.current;
    const pen = canvas?.getContext("2d");
    if (!canvas || !pen || width <= 0) return;
    const density = window.devicePixelRatio || 1;
    canvas.width = width * density;
    canvas.height = HEIGHT * density;
    pen.scale(density, density);
    const style = getComputedStyle(canvas);
    const paint = new Map<string, string>();
    for (const [service, colour] of colours) paint.set(service, style.getPropertyValue(`--${colour}`));
    const other = style.getPropertyValue("--c8");
    const errorPaint = style.getPropertyValue("--error-fill");
    const step = Math.min(2.4, (HEIGHT - TOP - 4) / Math.max(1, tree.nodes.length));
    pen.globalAlpha = 0.9;
    tree.nodes.forEach((node, i) => {
      if (node.span === null) return;
      const from = xOf(node.start, whole, width);
      const to = xOf(shownEnd(node, now, lastNews), whole, width);
      const length = Math.max(1, to - from);
      pen.fillStyle = paint.get(node.span.service) ?? other;
      pen.fillRect(from, TOP + i * step, length, Math.max(1, Math.min(1.6, step)));
      if (node.span.status.code !== "error") return;
      pen.fillStyle = errorPaint;
      pen.fillRect(from, 0, Math.max(2, length), ERROR_HEIGHT);
    });
  }, [tree, colours, whole, now, lastNews, width, theme]);

  const zoomed = range.from > whole.from || range.to < whole.to;
  return (
    <div className="minimap">
      <div className="minimap-label xs">
        <b>
          {range.from === 0 ? "0" : duration(range.from)} – {duration(range.to)}
        </b>
        <br />
        <span className="d">{zoomed ? "double-click or 0 for all" : "drag to zoom"}</span>
      </div>
      <TimeBrush className="minimap-picture" range={whole} width={width} onRange={onRange}>
        <canvas ref={ref} style={{ width, height: HEIGHT }} aria-hidden="true" />
        {zoomed && (
          <>
            <i className="minimap-out" style={{ left: 0, width: Math.max(0, xOf(range.from, whole, width)) }} />
            <i className="minimap-out" style={{ left: xOf(range.to, whole, width), right: 0 }} />
          </>
        )}
      </TimeBrush>
    </div>
  );
}
