import type { Story, StoryCall } from "../../api/story";
import { CallFacts } from "./CallFacts";
import { TokensByAgent } from "./TokensByAgent";
import { TokensByCall } from "./TokensByCall";
import "./TokenPane.css";

interface TokenPaneProps {
  traceId: string;
  story: Story;
  /** The call that is looked at. */
  selected: StoryCall | null;
  onSelect: (of: { span_id: string }) => void;
}

/** What the calls of models used and cost. */
export function TokenPane({ traceId, story, selected, onSelect }: TokenPaneProps) {
  const call = selected ?? story.calls[0] ?? null;
  return (
    <section className="conversation-pane" aria-label="Tokens">
      <h2 className="conversation-title">
        Tokens by call
        <span className="grow" />
        <span className="d xs token-legend">
          <i className="sw token-cached" />
          cached
        </span>
        <span className="d xs token-legend">
          <i className="sw token-fresh" />
          in
        </span>
        <span className="d xs token-legend">
          <i className="sw token-out" />
          out
        </span>
      </h2>
      <TokensByCall calls={story.calls} selected={selected?.index ?? null} onSelect={onSelect} />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable without a pointer */}
      <div className="token-rest" tabIndex={0} role="group" aria-label="Agents and the selected call">
        {story.agents.length > 0 && <TokensByAgent agents={story.agents} calls={story.calls} />}
        {call && <CallFacts traceId={traceId} call={call} />}
      </div>
    </section>
  );
}
