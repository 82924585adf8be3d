import type { Cost, Usage } from "../api/types";
import { tokensOf } from "../model/agents";
import { count, dollars } from "../model/format";

interface UsageTableProps {
  usage: Usage | null;
  cost: Cost | null;
}

interface Row {
  name: string;
  tokens: number | null;
  cost: number | null;
  level: "whole" | "part";
}

/** The tokens that went in and came out with what they cost; the parts of each below it. */
export function UsageTable({ usage, cost }: UsageTableProps) {
  const rows = rowsOf(usage, cost).filter((row) => row.tokens !== null || row.cost !== null);
  const requests = usage?.requests ?? 1;
  return (
    <section className="facts">
      <table className="usage">
        <thead>
          <tr>
            <th scope="col" className="eyebrow">
              Usage{requests > 1 && ` of ${count(requests)} requests`}
            </th>
            <th scope="col" className="eyebrow num">
              Tokens
            </th>
            {cost && (
              <th scope="col" className="eyebrow num">
                Cost
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, i) => (
            <tr key={i} className={`usage-${row.level}`}>
              <th scope="row">{row.name}</th>
              <td className="num">{row.tokens === null ? "" : count(row.tokens)}</td>
              {cost && <td className="num">{row.cost === null ? "" : dollars(row.cost)}</td>}
            </tr>
          ))}
        </tbody>
      </table>
      {cost && <p className="usage-source xs d">prices from {cost.source}</p>}
    </section>
  );
}

function rowsOf(usage: Usage | null, cost: Cost | null): Row[] {
  const whole = (name: string, tokens: number | null | undefined, usd: number | null | undefined): Row => {
    return { name, tokens: tokens ?? null, cost: usd ?? null, level: "whole" };
  };
  const part = (name: string, tokens: number | null | undefined): Row => {
    return { name, tokens: tokens ?? null, cost: null, level: "part" };
  };
  return [
    whole("in", usage?.input_tokens, cost?.input_usd),
    part("read from a cache", usage?.cache_read_tokens),
    part("written to a cache", usage?.cache_write_tokens),
    part("sound", usage?.audio_input_tokens),
    whole("out", usage?.output_tokens, cost?.output_usd),
    part("thinking", usage?.reasoning_tokens),
    part("sound", usage?.audio_output_tokens),
    whole("in all", usage === null ? null : tokensOf(usage), cost?.total_usd),
  ];
}
