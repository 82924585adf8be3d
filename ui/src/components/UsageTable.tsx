import type { Usage } from "../api/types";
import { tokensOf } from "../model/agents";
import { count } from "../model/format";

/** The tokens that went in and came out, the parts of each below it. */
export function UsageTable({ usage }: { usage: Usage }) {
  const rows: [name: string, tokens: number | null, level: "whole" | "part"][] = [
    ["in", usage.input_tokens, "whole"],
    ["read from a cache", usage.cache_read_tokens, "part"],
    ["written to a cache", usage.cache_write_tokens, "part"],
    ["sound", usage.audio_input_tokens, "part"],
    ["out", usage.output_tokens, "whole"],
    ["thinking", usage.reasoning_tokens, "part"],
    ["sound", usage.audio_output_tokens, "part"],
  ];
  const total = tokensOf(usage);
  return (
    <section className="facts">
      <h3 className="eyebrow">
        Tokens{usage.requests !== null && usage.requests > 1 ? ` of ${count(usage.requests)} requests` : ""}
      </h3>
      <table className="usage">
        <tbody>
          {rows.map(
            ([name, tokens, level], i) =>
              tokens !== null && (
                <tr key={i} className={`usage-${level}`}>
                  <th scope="row">{name}</th>
                  <td className="num">{count(tokens)}</td>
                </tr>
              ),
          )}
          {total !== null && (
            <tr>
              <th scope="row">in all</th>
              <td className="num">{count(total)}</td>
            </tr>
          )}
        </tbody>
      </table>
    </section>
  );
}
