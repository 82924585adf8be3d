import type { StoryAgent, StoryCall } from "../../api/story";
import { costNote, tokensOf, usageNote } from "../../model/agents";
import { priceSources } from "../../model/conversation";
import { count, dollars, line, plural } from "../../model/format";
import "./TokensByAgent.css";

/** What each agent used, all its calls together. */
export function TokensByAgent({ agents, calls }: { agents: StoryAgent[]; calls: StoryCall[] }) {
  const most = Math.max(1, ...agents.map(({ usage }) => tokensOf(usage) ?? 0));
  const sources = priceSources(calls);
  return (
    <div className="token-section">
      <h3 className="eyebrow">By agent</h3>
      <ul className="byagent">
        {agents.map((agent) => {
          const tokens = tokensOf(agent.usage);
          return (
            <li
              key={agent.name}
              title={`${plural(agent.model_calls, "model call")}, ${plural(agent.tool_calls, "tool call")}`}
            >
              <span className="el">{line(agent.name)}</span>
              <i style={{ width: `${(100 * (tokens ?? 0)) / most}%` }} aria-hidden="true" />
              <span className="num" title={usageNote(agent.usage)}>
                {tokens === null ? "–" : count(tokens)}
              </span>
              <span className="num m" title={costNote(agent.cost, agent.unpriced_calls)}>
                {priceOf(agent)}
              </span>
            </li>
          );
        })}
      </ul>
      <p className="xs d byagent-note">
        {sources.length > 0 && `Prices from ${sources.join(", ")}. `}A model call counts once, never again on what is
        above it.
      </p>
    </div>
  );
}

function priceOf({ cost, unpriced_calls, model_calls }: StoryAgent): string {
  if (cost === null) return model_calls > 0 ? "unknown" : "–";
  return `${unpriced_calls > 0 ? "≥ " : ""}${dollars(cost.total_usd)}`;
}
