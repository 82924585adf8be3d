import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "../api/client";
import { useLiveScope } from "../api/live";
import type { ProjectList } from "../api/types";
import { Counters } from "../components/Counters";
import { DeleteProject } from "../components/DeleteProject";
import { Listeners } from "../components/Listeners";
import { Notice } from "../components/Notice";
import { useNow } from "../components/now";
import { Page } from "../components/Page";
import { Projects } from "../components/Projects";
import { Stat } from "../components/Stat";
import { Storage } from "../components/Storage";
import { Watches } from "../components/Watches";
import { ago, dateAndClock } from "../model/format";
import { HINTS } from "../model/keys";
import "./SystemPage.css";

const CHECK_MS = 2000;

/** What the server does, where, and how well. */
export function SystemPage() {
  useLiveScope({ project: null, traceId: null });
  const now = useNow(1000);
  const health = useQuery({
    queryKey: ["health"],
    queryFn: ({ signal }) => api.health(signal),
    refetchInterval: CHECK_MS,
  });
  const stats = useQuery({
    queryKey: ["stats"],
    queryFn: ({ signal }) => api.stats(signal),
    refetchInterval: CHECK_MS,
  });
  const projects = useQuery({
    queryKey: ["projects"],
    queryFn: ({ signal }) => api.projects(signal),
    refetchInterval: CHECK_MS,
  });
  const watches = useQuery({
    queryKey: ["state"],
    queryFn: ({ signal }) => api.state(signal),
    refetchInterval: CHECK_MS,
  });
  const [deleting, setDeleting] = useState<ProjectList["projects"][number] | null>(null);
  const failure = health.error ?? stats.error ?? projects.error;
  return (
    <Page title="System" hints={HINTS.other} keys={null} className="system">
      <div className="system-head">
        <h1>System</h1>
        {health.data?.status === "read_only" && <span className="tag w">read-only: the disk failed a write</span>}
        <span className="grow" />
        {health.data && (
          <div className="stats">
            <Stat name="Version" value={health.data.version} />
            <Stat name="Running for" value={ago(health.data.started, now)} title={dateAndClock(health.data.started)} />
            <Stat name="Process" value={String(health.data.pid)} />
          </div>
        )}
      </div>
      <div className="system-body">
        {failure && !health.data && (
          <Notice tone="error" title="The server does not answer" detail={failure.message}>
            <button type="button" className="btn" onClick={() => void health.refetch()}>
              Try again
            </button>
          </Notice>
        )}
        <div className="system-columns">
          <div>{stats.data && <Counters stats={stats.data} />}</div>
          <div>
            {health.data && (
              <>
                <section className="card" aria-label="Listening">
                  <h2 className="system-title">Listening</h2>
                  <Listeners listeners={health.data.listeners} />
                </section>
                <Storage directory={health.data.data_dir} stats={stats.data} />
              </>
            )}
            {watches.data && <Watches watches={watches.data} />}
            {projects.data && <Projects projects={projects.data.projects} now={now} onDelete={setDeleting} />}
          </div>
        </div>
      </div>
      {deleting && <DeleteProject project={deleting} onClose={() => setDeleting(null)} />}
    </Page>
  );
}
