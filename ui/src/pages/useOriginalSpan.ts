import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { api } from "../api/client";
import { navigate } from "../components/navigation";
import { tracePath } from "../model/address";

/** Of the tree's own keys: an id, with `~2` where it was used again. */
const KEY = /^[0-9a-f]{16}(~\d+)?$/;

/** Goes from the id that a client gave a span, in the address, to the span as it is known here. */
export function useOriginalSpan(traceId: string, selected: string | null) {
  const { data } = useQuery({
    queryKey: ["original span", traceId, selected],
    queryFn: async ({ signal }) => (await api.span(traceId, selected ?? "", signal)).spans[0]?.span_id ?? null,
    enabled: selected !== null && !KEY.test(selected),
    retry: false,
  });
  useEffect(() => {
    if (data) navigate(tracePath(traceId, data), "replace");
  }, [traceId, data]);
}
