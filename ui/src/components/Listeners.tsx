import type { Health } from "../api/types";
import { Icon, type IconName } from "./Icon";
import "./Listeners.css";

type Listener = Health["listeners"][number];

const NAMES = new Map([
  ["main", "This address"],
  ["otlp_http", "OTLP HTTP"],
  ["otlp_grpc", "OTLP gRPC"],
]);

const ICONS: Record<Listener["state"], IconName> = { ready: "check", taken: "alert", off: "minus" };

/** Where spans can be sent to. */
export function Listeners({ listeners }: { listeners: Listener[] }) {
  return (
    <div className="listeners">
      {listeners.map(({ name, address, state, message }) => (
        <div key={name} className="listener">
          <span className={state === "taken" ? "warn" : "m"}>
            <Icon name={ICONS[state]} small />
          </span>
          <span>{NAMES.get(name) ?? name}</span>
          <span className="mono m el">{address ?? "–"}</span>
          <span className={state === "taken" ? "xs warn" : "xs d"}>{state}</span>
          {message && <span className="listener-message xs m">{message}</span>}
        </div>
      ))}
    </div>
  );
}
