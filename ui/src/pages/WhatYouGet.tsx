import type { ReactNode } from "react";
import "./WhatYouGet.css";

export function WhatYouGet() {
  return (
    <div className="will">
      <Gain picture={<Waterfall />} title="Traces of any size">
        A waterfall that stays quick with a hundred thousand spans, and grows while you look. Solid is a span's own
        time.
      </Gain>
      <Gain picture={<Spoken />} title="Agents, word for word">
        Who said what, which tool answered, who took over, and what each call of a model cost.
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

function Spoken() {
  return (
    <svg width="200" height="44" aria-hidden="true">
      <rect x="0" y="2" width="120" height="6" rx="1" fill="var(--bar-strong)" />
      <rect x="0" y="12" width="86" height="6" rx="1" fill="var(--bar-strong)" />
      <rect x="20.500" y="24.500" width="90" height="17" rx="2" fill="none" stroke="var(--line-control)" />
      <path d="M66 25v17" stroke="var(--line-control)" />
      <rect x="27" y="30" width="30" height="5" rx="1" fill="var(--str)" />
      <rect x="73" y="30" width="22" height="5" rx="1" fill="var(--num)" />
      <rect x="164" y="2" width="36" height="6" rx="1" fill="var(--bar)" />
      <rect x="176" y="12" width="24" height="6" rx="1" fill="var(--bar)" />
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
