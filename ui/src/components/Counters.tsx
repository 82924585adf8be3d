import type { Stats } from "../api/types";
import { bytes, count } from "../model/format";
import { type Counter, groups, isUnwanted } from "../model/stats";
import "./Counters.css";

/** Every counter with its meaning; what should be zero and is not stands out. */
export function Counters({ stats }: { stats: Stats }) {
  return (
    <>
      {groups(stats).map(({ name, counters }) => (
        <section key={name} className="card" aria-label={name}>
          <h2 className="system-title">{name}</h2>
          <table className="counters">
            <tbody>
              {counters.map((counter) => (
                <CounterRow key={counter.name} counter={counter} />
              ))}
            </tbody>
          </table>
        </section>
      ))}
    </>
  );
}

function CounterRow({ counter }: { counter: Counter }) {
  const { name, value, unit, help } = counter;
  return (
    <tr className={isUnwanted(counter) ? "counters-unwanted" : undefined}>
      <th scope="row" className="mono">
        {name}
      </th>
      <td className="num">{unit === "bytes" ? bytes(value) : count(value)}</td>
      <td className="d">{unit === "bytes" ? "" : unit}</td>
      <td className="m">{help}</td>
    </tr>
  );
}
