import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type RunName, runs } from "../../api/runs";
import { count, line, plural } from "../../model/format";
import { Icon } from "../Icon";
import "./Remarks.css";

const SHOWN = 100;

/** What of the log could not be used as it was; nothing where all could. */
export function Remarks({ name, count: total }: { name: RunName; count: number }) {
  const [open, setOpen] = useState(false);
  const { data, error } = useQuery({
    queryKey: ["remarks", name, total],
    queryFn: ({ signal }) => runs.remarks(name, { limit: SHOWN, cursor: null }, signal),
    enabled: open && total > 0,
  });
  if (total === 0) return null;
  return (
    <details className="remarks" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <span className="warn">
          <Icon name="alert" small />
        </span>
        {plural(total, "line of the log is flagged", "lines of the log are flagged")}
      </summary>
      <ul>
        {error && <li className="err">{error.message}</li>}
        {data?.remarks.map(({ place, what, text }, i) => (
          <li key={i}>
            <span className="mono d">{line(place)}</span> {line(what)}
            {text !== "" && <div className="mono d el">{line(text)}</div>}
          </li>
        ))}
        {data && total > data.remarks.length && <li className="d">{count(total - data.remarks.length)} more</li>}
      </ul>
    </details>
  );
}
