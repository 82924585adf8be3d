import type { ReactNode } from "react";
import "./WhatYouGet.css";

export function WhatYouGet() {
  return (
    <div className="will">
      <Gain picture={<Waterfall />} title="Traces of any size">
        A waterfall that stays quick with a hundred thousand spans. Solid is the time a span spent itself.
      </Gain>
      <Gain picture={<Open />} title="Live">
        Open spans grow while you look, and nothing moves under you: what is new waits until you follow.
      </Gain>
      <Gain picture={<Failed />} title="Errors found">
        What failed carries a cross in the list, the minimap and the tree; <kbd>e</kbd> goes to the next one.
      </Gain>
    </div>
  );
}

function Gain({ picture, title, children }: { picture: ReactNode; title: string; children: ReactNode }) {
  return (
    <div>
      <div className="will-picture">{picture}</div>
      <p>
        <b>{title}</b>
        {children}
      </p>
    </div>
  );
}

const BARS = [
  [0, 190, "c1"],
  [8, 180, "c2"],
  [14, 70, "c3"],
  [76, 110, "c4"],
  [96, 60, "c4"],
] as const;

function Waterfall() {
  return (
    <svg width="200" height="44" aria-hidden="true">
      {BARS.map(([x, width, colour], i) => (
        <rect key={i} x={x} y={i * 9} width={width} height="6" rx="1" fill={`var(--${colour})`} />
      ))}
    </svg>
  );
}

function Open() {
  return (
    <svg width="200" height="44" aria-hidden="true">
      <defs>
        <pattern id="will-hatch" width="5.5" height="5.5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <rect width="3" height="5.5" fill="var(--c4)" />
        </pattern>
      </defs>
      <rect x="4" y="6" width="176" height="8" fill="url(#will-hatch)" />
      <rect x="60" y="26" width="120" height="8" fill="url(#will-hatch)" />
      <path d="M181 0v44" stroke="var(--live-fill)" strokeWidth="1.5" />
    </svg>
  );
}

function Failed() {
  return (
    <svg width="200" height="44" aria-hidden="true">
      <rect x="0" y="4" width="190" height="6" rx="1" fill="var(--c1)" opacity=".4" />
      <rect x="60" y="22" width="80" height="10" rx="2" fill="var(--c4)" stroke="var(--error-fill)" strokeWidth="1.5" />
      <path d="M150 23l8 8M158 23l-8 8" stroke="var(--error)" strokeWidth="1.6" strokeLinecap="round" />
    </svg>
  );
}
