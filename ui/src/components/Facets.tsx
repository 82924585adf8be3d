import { useState } from "react";
import { count, line } from "../model/format";
import { Icon } from "./Icon";
import "./Facets.css";

export interface FacetValue {
  value: string;
  count: number | null;
}

interface FacetProps {
  name: string;
  values: FacetValue[];
  chosen: string | null;
  onChoose: (value: string | null) => void;
}

const SHORT = 12;

/** The values of one field; a tick keeps only these. */
export function Facet({ name, values, chosen, onChoose }: FacetProps) {
  const [all, setAll] = useState(false);
  const shown = all ? values : values.filter(({ value }, i) => i < SHORT || value === chosen);
  return (
    <section className="facet" aria-label={name}>
      <h2 className="eyebrow">{name}</h2>
      {shown.map(({ value, count: n }) => {
        const on = value === chosen;
        return (
          <button
            type="button"
            key={value}
            aria-pressed={on}
            title={line(value)}
            onClick={() => onChoose(on ? null : value)}
          >
            <span className={on ? "check on" : "check"}>{on && <Icon name="check" small />}</span>
            <span className="el">{line(value)}</span>
            {n !== null && <span className="d xs">{count(n)}</span>}
          </button>
        );
      })}
      {shown.length < values.length && (
        <button type="button" className="facet-more xs d" onClick={() => setAll(true)}>
          {count(values.length - shown.length)} more…
        </button>
      )}
    </section>
  );
}
