import type { TreeSpan } from "../api/types";
import { silence } from "../model/format";
import { useNow } from "./now";

/** What is said of a span that was announced and then lost, `lost: no news for 31 s`; null for every other span. */
export function useSilence(span: TreeSpan | null): string | null {
  const announced = span?.state === "lost" ? span.announced : null;
  const now = useNow(announced === null ? 0 : 1000);
  return announced === null ? null : `lost: no news for ${silence(announced, now)}`;
}
