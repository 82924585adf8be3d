import { useQuery } from "@tanstack/react-query";
import { useConnection } from "../api/live";
import type { LiveEvents } from "../api/types";
import { bytes, count } from "../model/format";
import type { Hint } from "../model/keys";
import { Keys } from "./Keys";
import { Link } from "./navigation";
import { useNow } from "./now";
import "./StatusBar.css";

export const LIVE_STATS = ["live", "stats"];

export function StatusBar({ hints }: { hints: Hint[] }) {
  const { data: stats } = useQuery<LiveEvents["stats"] | null>({
    queryKey: LIVE_STATS,
    queryFn: () => null,
    enabled: false,
  });
  return (
    <footer className="bar">
      <ConnectionState />
      <span className="mono">{location.host}</span>
      {stats && (
        <>
          <span>{count(Math.round(stats.spans_per_second))} spans/s</span>
          {stats.dropped > 0 ? (
            <Link to="/system" className="warn" title="What was dropped, and why">
              {count(stats.dropped)} dropped
            </Link>
          ) : (
            <span>0 dropped</span>
          )}
          <span>{bytes(stats.bytes_on_disk)} on disk</span>
        </>
      )}
      <span className="grow" />
      <span className="bar-keys">
        {hints.map(([pressed, does]) => (
          <span key={pressed}>
            <Keys pressed={pressed} />
            {does}
          </span>
        ))}
      </span>
    </footer>
  );
}

function ConnectionState() {
  const connection = useConnection();
  const now = useNow(connection.state === "reconnecting" ? 250 : 0);
  if (connection.state === "reconnecting") {
    const seconds = Math.max(0, Math.ceil((connection.retryAt - now) / 1000));
    return (
      <span className="warn" role="status">
        <i className="dot small" />
        {seconds > 0 ? `reconnecting in ${seconds} s` : "reconnecting…"}
      </span>
    );
  }
  return (
    <span role="status">
      <i className={connection.state === "connected" ? "dot small bar-connected" : "dot small d"} />
      {connection.state}
    </span>
  );
}
