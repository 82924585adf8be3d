import { useLiveScope } from "../api/live";
import { Notice } from "../components/Notice";
import { Link, listAddress } from "../components/navigation";
import { Page } from "../components/Page";
import { HINTS } from "../model/keys";

export function NowherePage() {
  useLiveScope({ project: null, traceId: null });
  return (
    <Page title="No such page" hints={HINTS.other} keys={null} className="centred">
      <Notice title="There is no page here">
        <Link to={listAddress()} className="btn">
          To the traces
        </Link>
      </Notice>
    </Page>
  );
}
