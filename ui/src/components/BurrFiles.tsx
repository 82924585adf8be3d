import type { Watches, WatchState } from "../api/types";
import { importCommand, watchCommand } from "../model/burr";
import { plural } from "../model/format";
import { CopyButton } from "./CopyButton";
import { Icon, type IconName } from "./Icon";
import "./Listeners.css";
import "./BurrFiles.css";

export const WATCH_ICONS: Record<WatchState, IconName> = {
  waiting: "minus",
  reading: "retry",
  watching: "check",
  failed: "alert",
};

/** What Burr writes on this machine: how it is watched, and how it could be where it is not. */
export function BurrFiles({ watches: { burr_store, watched } }: { watches: Watches }) {
  return (
    <div className="burrfiles">
      {watched.map(({ path, state, message }) => (
        <div key={path} className="listener">
          <span className={state === "failed" ? "warn" : "m"}>
            <Icon name={WATCH_ICONS[state]} small />
          </span>
          <span>Burr files</span>
          <Path path={path} />
          <span className={state === "failed" ? "xs warn" : "xs d"}>{state}</span>
          {message && <span className="listener-message xs m">{message}</span>}
        </div>
      ))}
      {burr_store && (
        <section aria-label="Import from Burr">
          <div className="listener burrfiles-found">
            <span className="burrfiles-new">
              <Icon name="plus" small />
            </span>
            <span>Burr files</span>
            <Path path={burr_store.path} />
            <span className="xs burrfiles-new">{plural(burr_store.projects, "project")} found</span>
          </div>
          <Command says="Import what is there" text={importCommand(burr_store.path)} />
          <Command
            says="Or start the server with it, and see every step as it runs"
            text={watchCommand(burr_store.path)}
          />
        </section>
      )}
    </div>
  );
}

function Path({ path }: { path: string }) {
  return (
    <span className="mono m el" title={path}>
      {path}
    </span>
  );
}

function Command({ says, text }: { says: string; text: string }) {
  return (
    <div className="burrfiles-command">
      <span className="xs d">{says}</span>
      <div className="row">
        <code className="mono grow">{text}</code>
        <CopyButton text={text} label={`Copy ${text}`} />
      </div>
    </div>
  );
}
