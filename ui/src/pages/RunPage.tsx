import { useMemo } from "react";
import { Notice } from "../components/Notice";
import { Link, listAddress, useSearch } from "../components/navigation";
import { Page } from "../components/Page";
import { RunHead, RunHeadSkeleton } from "../components/run/RunHead";
import { RunView } from "../components/run/RunView";
import { runPath } from "../model/address";
import { line } from "../model/format";
import { HINTS } from "../model/keys";
import { useRun } from "./useRun";
import "./RunPage.css";

interface RunPageProps {
  project: string;
  app: string;
}

/** A run of a state machine, step by step. */
export function RunPage({ project, app }: RunPageProps) {
  const partition = useSearch().get("partition");
  const name = useMemo(() => ({ project, app, partition }), [project, app, partition]);
  const { query, detail, missing, partitions } = useRun(name);
  const title = `${line(app)} · ${line(project)}`;
  if (detail === null && query.isError) {
    return (
      <Page title={title} hints={HINTS.other} keys={null} className="trace-missing">
        {missing ? (
          <Notice
            title={`No run ${line(app)} here`}
            detail={`The project “${line(project)}” has none of this name. It may have been deleted, or nothing was told of it yet: this page shows it as soon as it comes.`}
          >
            <Link to={listAddress()} className="btn">
              To the list
            </Link>
          </Notice>
        ) : partitions.length > 0 ? (
          <Notice title={`Several runs are called ${line(app)}`} detail={query.error.message}>
            {partitions.map((each) => (
              <Link key={each ?? ""} to={runPath(project, app, each ?? "")} className="btn">
                {each === null ? "without a partition" : line(each)}
              </Link>
            ))}
          </Notice>
        ) : (
          <Notice tone="error" title="The run cannot be read" detail={query.error.message}>
            <button type="button" className="btn" onClick={() => void query.refetch()}>
              Try again
            </button>
          </Notice>
        )}
      </Page>
    );
  }
  return (
    <Page title={title} hints={HINTS.run} keys="Run" className="run">
      {detail === null ? (
        <RunHeadSkeleton />
      ) : (
        <>
          <RunHead name={name} detail={detail} />
          <RunView name={name} detail={detail} />
        </>
      )}
    </Page>
  );
}
