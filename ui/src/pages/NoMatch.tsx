import { useQueries } from "@tanstack/react-query";
import { api } from "../api/client";
import { Notice } from "../components/Notice";
import { chips, type Filters, NO_FILTERS, parametersOf } from "../model/address";
import { plural } from "../model/format";

const MOST = 100;

interface NoMatchProps {
  filters: Filters;
  onChange: (change: Partial<Filters>) => void;
}

/** No trace matches: says which filters are on, and what each of them keeps away. */
export function NoMatch({ filters, onChange }: NoMatchProps) {
  const active = chips(filters);
  const without = useQueries({
    queries: active.map(({ field }) => {
      const search = parametersOf({ ...filters, [field]: null });
      return {
        queryKey: ["without", search.toString()],
        queryFn: ({ signal }: { signal: AbortSignal }) => api.traces(search, { limit: MOST, cursor: null }, signal),
      };
    }),
  });
  if (active.length === 0) {
    return (
      <Notice
        title={filters.project ? `No trace in ${filters.project}` : "No trace"}
        detail="New ones appear here by themselves."
      />
    );
  }
  return (
    <Notice title="No trace matches" detail="Remove a filter to see more; new matches appear here by themselves.">
      {active.map(({ field, text }, i) => (
        <button type="button" key={field} className="btn" onClick={() => onChange({ [field]: null })}>
          {text} ✕<span className="d">{matches(without[i]?.data)}</span>
        </button>
      ))}
      {active.length > 1 && (
        <button
          type="button"
          className="btn quiet"
          onClick={() => onChange({ ...NO_FILTERS, project: filters.project })}
        >
          Remove all
        </button>
      )}
    </Notice>
  );
}

function matches(list: { traces: unknown[]; next: string | null } | undefined): string {
  if (!list) return "";
  return `${plural(list.traces.length, "match", "matches")}${list.next === null ? "" : " or more"}`;
}
