import { useQueries } from "@tanstack/react-query";
import { runs } from "../api/runs";
import { Notice } from "../components/Notice";
import { chips, type Filters, NO_FILTERS, parametersOf } from "../model/address";
import { plural } from "../model/format";

const MOST = 100;

interface NoMatchProps {
  filters: Filters;
  onChange: (change: Partial<Filters>) => void;
}

/** Nothing matches: says which filters are on, and what each of them keeps away. */
export function NoMatch({ filters, onChange }: NoMatchProps) {
  const active = chips(filters);
  const without = useQueries({
    queries: active.map(({ field }) => {
      const search = parametersOf({ ...filters, [field]: null });
      return {
        queryKey: ["without", search.toString()],
        queryFn: ({ signal }: { signal: AbortSignal }) => runs.activity(search, { limit: MOST, cursor: null }, signal),
      };
    }),
  });
  if (active.length === 0) {
    return (
      <Notice
        title={filters.project ? `Nothing in ${filters.project}` : "Nothing here"}
        detail="New ones appear here by themselves."
      />
    );
  }
  return (
    <Notice title="Nothing matches" detail="Remove a filter to see more; new matches appear here by themselves.">
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

function matches(list: { items: unknown[]; next: string | null } | undefined): string {
  if (!list) return "";
  return `${plural(list.items.length, "match", "matches")}${list.next === null ? "" : " or more"}`;
}
