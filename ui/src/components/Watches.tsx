import type { Watched, Watches as WatchesState } from "../api/types";
import { reading } from "../model/burr";
import { count, plural } from "../model/format";
import { BurrFiles, WATCH_ICONS } from "./BurrFiles";
import { Icon } from "./Icon";
import "./Watches.css";

/** The directories that the server follows by itself, and how far it has read them. */
export function Watches({ watches }: { watches: WatchesState }) {
  const { watched, burr_store } = watches;
  return (
    <section className="card" aria-label="Watched directories">
      <h2 className="system-title">Watched directories</h2>
      {watched.map((each) => (
        <Directory key={each.path} watched={each} />
      ))}
      {watched.length === 0 && !burr_store && (
        <p className="watch-none m">
          None. <code className="mono">trackway serve --watch DIR</code> shows what Burr writes there, as it runs.
        </p>
      )}
      <BurrFiles watches={{ watched: [], burr_store }} />
    </section>
  );
}

function Directory({ watched }: { watched: Watched }) {
  const { path, state, message, applications, read, troubles, trouble_count } = watched;
  const failed = state === "failed";
  return (
    <div className="watch">
      <span className={failed ? "warn" : "m"}>
        <Icon name={WATCH_ICONS[state]} small />
      </span>
      <span className="mono watch-path">{path}</span>
      <span className={failed ? "xs warn" : "xs d"}>{state}</span>
      <p className="watch-more m">{message ?? reading(watched)}</p>
      {state === "reading" && applications > 0 && (
        <div
          className="watch-more watch-progress"
          role="progressbar"
          aria-label={`Reading ${path}`}
          aria-valuemin={0}
          aria-valuemax={applications}
          aria-valuenow={read}
        >
          <i style={{ width: `${(100 * read) / applications}%` }} />
        </div>
      )}
      {trouble_count > 0 && (
        <details className="watch-more" open={trouble_count <= 3}>
          <summary className="warn">
            {plural(trouble_count, "file cannot", "files cannot")} be read; each is tried again
          </summary>
          <ul className="watch-troubles">
            {troubles.map((trouble) => (
              <li key={`${trouble.path} ${trouble.what}`}>
                <span className="mono">{below(trouble.path, path)}</span> <span className="m">{trouble.what}</span>
              </li>
            ))}
          </ul>
          {trouble_count > troubles.length && <p className="m">and {count(trouble_count - troubles.length)} more</p>}
        </details>
      )}
    </div>
  );
}

const below = (path: string, directory: string) =>
  path.startsWith(`${directory}/`) ? path.slice(directory.length + 1) : path;
