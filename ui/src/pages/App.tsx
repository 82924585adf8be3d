import { useQuery } from "@tanstack/react-query";
import { useLive } from "../api/live";
import { runs } from "../api/runs";
import { usePath } from "../components/navigation";
import { part } from "../components/part";
import { placeOf } from "../model/address";
import { FirstPage } from "./FirstPage";
import { GroupPage } from "./GroupPage";
import { NowherePage } from "./NowherePage";
import { OriginalPage } from "./OriginalPage";
import { SystemPage } from "./SystemPage";
import { TraceListPage } from "./TraceListPage";
import { TracePage } from "./TracePage";

/** Fetched when it is wanted: whoever has traces alone needs nothing of it. */
const RunPage = part(async () => (await import("./RunPage")).RunPage, null);

export function App() {
  const place = placeOf(usePath());
  switch (place.page) {
    case "traces":
      return <Traces />;
    case "trace":
      return <TracePage key={place.id} id={place.id} />;
    case "original":
      return <OriginalPage key={place.id} id={place.id} />;
    case "group":
      return <GroupPage key={place.id} id={place.id} />;
    case "run":
      return <RunPage key={`${place.project}/${place.app}`} project={place.project} app={place.app} />;
    case "system":
      return <SystemPage />;
    case "start":
      return <FirstPage reader="returning" />;
    case "nowhere":
      return <NowherePage />;
  }
}

/** The list, or the page that teaches how to fill it while there is nothing to list. */
function Traces() {
  const { data, refetch } = useQuery({
    queryKey: ["any trace"],
    queryFn: async ({ signal }) =>
      (await runs.activity(new URLSearchParams(), { limit: 1, cursor: null }, signal)).items.length > 0,
    refetchInterval: (query) => (query.state.data === false ? 2000 : false),
    staleTime: 0,
  });
  const askAgain = () => data !== true && void refetch();
  useLive({ trace: askAgain, run: askAgain });
  return data === false ? <FirstPage reader="new" /> : <TraceListPage />;
}
