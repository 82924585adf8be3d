import { useQuery, useQueryClient } from "@tanstack/react-query";
import { api } from "../api/client";
import { useLive, useLiveScope } from "../api/live";
import { AgentSnippets } from "../components/conversation/AgentSnippets";
import { Conversation } from "../components/conversation/Conversation";
import { ConversationSkeleton } from "../components/conversation/ConversationSkeleton";
import { Notice } from "../components/Notice";
import { Link } from "../components/navigation";
import { TraceHead, TraceHeadSkeleton } from "../components/TraceHead";
import { useThrottled } from "../components/throttle";
import { tracePath } from "../model/address";
import type { Trace } from "./useTrace";
import "./TraceConversation.css";

interface TraceConversationProps {
  id: string;
  trace: Trace;
  /** The selected span. */
  selected: string | null;
  onDelete: () => void;
}

/** A story is told anew when its trace changes, and not more often than this. */
const ASK_AGAIN_MS = 700;

/** A trace as what its agents did and said. */
export function TraceConversation({ id, trace, selected, onDelete }: TraceConversationProps) {
  const query = useStory(id);
  const story = query.data ?? null;
  const summary = trace.summary ?? story?.trace ?? null;
  return (
    <>
      {summary ? (
        <TraceHead trace={summary} view="conversation" lasts={summary.duration_ns} onDelete={onDelete} />
      ) : (
        <TraceHeadSkeleton />
      )}
      {story === null ? (
        query.isError ? (
          <Notice tone="error" title="The conversation cannot be read" detail={query.error.message}>
            <button type="button" className="btn" onClick={() => void query.refetch()}>
              Try again
            </button>
          </Notice>
        ) : (
          <ConversationSkeleton />
        )
      ) : story.nodes.length === 0 && story.entries.length === 0 ? (
        <NoAgents id={id} running={story.trace.status === "running"} />
      ) : (
        <Conversation traceId={id} story={story} selected={selected} />
      )}
    </>
  );
}

function useStory(id: string) {
  const client = useQueryClient();
  const listening = useLiveScope({ project: null, traceId: id }) === "listening";
  const queryKey = ["story", id];
  const askAgain = useThrottled(() => client.invalidateQueries({ queryKey }), ASK_AGAIN_MS);
  useLive({
    span: ({ trace_id }) => trace_id === id && askAgain(),
    trace: ({ trace_id }) => trace_id === id && askAgain(),
    lagged: askAgain,
    resumed: askAgain,
  });
  return useQuery({ queryKey, queryFn: ({ signal }) => api.story(id, signal), enabled: listening, staleTime: 0 });
}

/** Teaches what makes a conversation, where there is none. */
function NoAgents({ id, running }: { id: string; running: boolean }) {
  return (
    <div className="noagents">
      <Notice
        title={running ? "No agent has spoken yet" : "No agent has worked in this trace"}
        detail={
          <>
            A conversation is told from the spans of agents, tools and model calls: of the OpenAI Agents SDK, and of
            programs that speak OpenTelemetry's GenAI conventions, OpenInference, OpenLLMetry, Logfire, Langfuse or
            Vercel's AI SDK. {running && "It appears here with the first of them."}
          </>
        }
      >
        <Link to={tracePath(id)} className="btn">
          To the trace <kbd>v</kbd>
        </Link>
      </Notice>
      <div className="noagents-lines">
        <p className="m sm">For a program of the Agents SDK these lines are enough, before its first run:</p>
        <AgentSnippets />
      </div>
    </div>
  );
}
