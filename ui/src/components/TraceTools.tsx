import type { RefObject } from "react";
import type { Nanoseconds } from "../api/types";
import { type Colour, colourVariable } from "../model/colours";
import { count, duration, line, plural } from "../model/format";
import { Icon } from "./Icon";
import "./TraceTools.css";

export interface Search {
  text: string;
  matches: number;
  /** The selected match, from 1; 0 when the selection is none. */
  at: number;
}

interface TraceToolsProps {
  search: Search;
  findRef: RefObject<HTMLInputElement | null>;
  onSearch: (text: string) => void;
  onMatch: (direction: "next" | "previous") => void;
  services: { service: string; self: Nanoseconds }[];
  colours: Map<string, Colour>;
  errors: number;
  onNextError: () => void;
}

const LEGEND = 4;

export function TraceTools({
  search,
  findRef,
  onSearch,
  onMatch,
  services,
  colours,
  errors,
  onNextError,
}: TraceToolsProps) {
  const more = services.length - LEGEND;
  return (
    <div className="tracetools">
      <search className="tracetools-find">
        <Icon name="search" small />
        <input
          ref={findRef}
          className="mono"
          value={search.text}
          placeholder="Find a span"
          aria-label="Find by name, service, span id (also 3:0.1 of a step) or status message"
          spellCheck={false}
          autoComplete="off"
          onChange={(event) => onSearch(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter") {
              event.preventDefault();
              onMatch(event.shiftKey ? "previous" : "next");
            } else if (event.key === "Escape") {
              event.preventDefault();
              event.stopPropagation();
              onSearch("");
              event.currentTarget.blur();
            }
          }}
        />
        {search.text.trim() !== "" && (
          <span className="xs d tracetools-count" role="status">
            {search.matches === 0
              ? "no match"
              : search.at === 0
                ? plural(search.matches, "match", "matches")
                : `${count(search.at)} of ${count(search.matches)}`}
          </span>
        )}
        <button
          type="button"
          aria-label="Previous match"
          disabled={search.matches === 0}
          onClick={() => onMatch("previous")}
        >
          <kbd>b</kbd>
        </button>
        <button type="button" aria-label="Next match" disabled={search.matches === 0} onClick={() => onMatch("next")}>
          <kbd>f</kbd>
        </button>
      </search>
      {errors > 0 && (
        <button type="button" className="btn" onClick={onNextError}>
          <span className="err">
            <Icon name="cross" small />
          </span>
          Next error <kbd>e</kbd>
        </button>
      )}
      <span className="grow" />
      <ul className="tracetools-legend xs m" aria-label="Services and the time in which each was at work itself">
        {services.slice(0, LEGEND).map(({ service, self }) => (
          <li key={service}>
            <i className="sw" style={{ background: colourVariable(colours.get(service) ?? "c8") }} />
            <span className="el">{line(service)}</span>
            <span className="d">{duration(self)} self</span>
          </li>
        ))}
        {more > 0 && (
          <li
            className="d"
            title={services
              .slice(LEGEND)
              .map(({ service, self }) => `${service} ${duration(self)}`)
              .join("\n")}
          >
            {count(more)} more
          </li>
        )}
      </ul>
    </div>
  );
}
