import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { api, RequestFailed } from "../api/client";
import { useLive, useLiveScope } from "../api/live";
import { Notice } from "../components/Notice";
import { Link, listAddress, navigate } from "../components/navigation";
import { Page } from "../components/Page";
import { useThrottled } from "../components/throttle";
import { line } from "../model/format";
import { HINTS } from "../model/keys";

const ASK_AGAIN_MS = 1000;

/** Finds a trace by the id that its client gave it, and goes there. */
export function OriginalPage({ id }: { id: string }) {
  useLiveScope({ project: null, traceId: null });
  const { data, error, refetch } = useQuery({
    queryKey: ["original", id],
    queryFn: async ({ signal }) => (await api.tree(id, { limit: 1, cursor: null }, signal)).trace.trace_id,
    retry: false,
  });
  const askAgain = useThrottled(refetch, ASK_AGAIN_MS);
  useLive({ trace: () => error !== null && askAgain() });
  useEffect(() => {
    if (data !== undefined) navigate(`/trace/${data}${location.search}`, "replace");
  }, [data]);
  const isUnknown = error instanceof RequestFailed && [400, 404].includes(error.status);
  return (
    <Page title="Find a trace" hints={HINTS.other} keys={null} className="centred">
      {error === null ? (
        <Notice title={`Looking for ${line(id)}…`} />
      ) : (
        <Notice
          tone={isUnknown ? "plain" : "error"}
          title={isUnknown ? `No trace is called ${line(id)} here` : "The trace cannot be looked for"}
          detail={isUnknown ? "This page goes there as soon as it comes." : error.message}
        >
          <Link to={listAddress()} className="btn">
            To the traces
          </Link>
        </Notice>
      )}
    </Page>
  );
}
