import { useQuery } from "@tanstack/react-query";
import { api } from "../../api/client";
import type { Content } from "../../api/types";

/** What was said in a span, without cuts; asked for when `when` says so. */
export function useSpanContent(traceId: string, spanId: string | null, when: "now" | "later") {
  const query = useQuery({
    queryKey: ["span", traceId, spanId],
    queryFn: ({ signal }) => api.span(traceId, spanId ?? "", signal),
    enabled: when === "now" && spanId !== null,
  });
  const content: Content | null = query.data?.spans.findLast((span) => span.content !== null)?.content ?? null;
  return { content, isReading: query.isFetching && content === null, failure: query.error?.message ?? null };
}
