import type { Stats } from "../api/types";
import { facts, warnings } from "../model/storage";
import { CopyButton } from "./CopyButton";
import { Stat } from "./Stat";
import "./Storage.css";

/** Where the data is, what it takes, and what somebody should do about it. */
export function Storage({ directory, stats }: { directory: string; stats: Stats | undefined }) {
  return (
    <section className="card" aria-label="Data directory">
      <h2 className="system-title">Data directory</h2>
      <div className="system-directory">
        <span className="mono">{directory}</span>
        <CopyButton text={directory} label="Copy the data directory" />
      </div>
      {stats && (
        <div className="storage-facts">
          {facts(stats).map(({ name, value, meaning }) => (
            <Stat key={name} name={name} value={value} title={meaning} />
          ))}
        </div>
      )}
      {stats &&
        warnings(stats).map(({ title, detail }) => (
          <p key={title} className="storage-warning">
            <b>{title}.</b> {detail}
          </p>
        ))}
    </section>
  );
}
