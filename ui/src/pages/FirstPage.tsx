import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { api, sendTestSpan } from "../api/client";
import { useLiveScope } from "../api/live";
import { BurrFiles } from "../components/BurrFiles";
import { Icon } from "../components/Icon";
import { useKeys } from "../components/keys";
import { Listeners } from "../components/Listeners";
import { useNow } from "../components/now";
import { Page } from "../components/Page";
import { SnippetCard } from "../components/SnippetCard";
import { plural } from "../model/format";
import { HINTS } from "../model/keys";
import { snippetsFor } from "../model/snippets";
import { received, refused } from "../model/stats";
import { WhatYouGet } from "./WhatYouGet";
import "./FirstPage.css";

const CHECK_MS = 2000;

/** How to send the first span; it is the page while nothing was ever recorded, and stays at hand afterwards. */
export function FirstPage({ reader }: { reader: "new" | "returning" }) {
  useLiveScope({ project: null, traceId: null });
  const client = useQueryClient();
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
  const watches = useQuery({
    queryKey: ["state"],
    queryFn: ({ signal }) => api.state(signal),
    refetchInterval: CHECK_MS,
  });
  const snippets = useMemo(() => snippetsFor(location.origin), []);

  const arrived = () => client.invalidateQueries();
  const demo = useMutation({ mutationFn: api.loadDemo, onSuccess: arrived });
  const test = useMutation({ mutationFn: sendTestSpan, onSuccess: arrived });
  const loadDemo = () => !demo.isPending && demo.mutate();
  useKeys({ d: loadDemo });
  const failure = demo.error ?? test.error ?? health.error;
  const checked = Math.max(0, Math.round((now - health.dataUpdatedAt) / 1000));
  return (
    <Page
      title={reader === "new" ? "Waiting for the first span" : "How to send traces"}
      hints={HINTS.first}
      keys="First page"
      className="first"
    >
      <div className="first-column">
        <div className="first-hero">
          <div className="grow">
            <h1>{reader === "new" ? "Waiting for the first span…" : "How to send traces"}</h1>
            <p className="m">
              {reader === "new"
                ? "Send one from any of these. This page turns into the list by itself."
                : "From any of these, and from whatever else speaks OTLP."}
            </p>
          </div>
          <Prints />
        </div>
        <div className="first-grid">
          <SnippetCard snippets={snippets}>
            <div className="first-foot">
              <span className={failure ? "err" : "m"} role={failure ? "alert" : undefined}>
                {failure ? failure.message : "No program at hand?"}
              </span>
              <span className="grow" />
              <button type="button" className="btn" disabled={test.isPending} onClick={() => test.mutate()}>
                <Icon name="terminal" />
                Send a test span
              </button>
              <button type="button" className="btn pri" disabled={demo.isPending} onClick={loadDemo}>
                <Icon name="run" />
                Load the demo
              </button>
            </div>
          </SnippetCard>
          <section className="card first-listening" aria-label="Listening">
            <div className="first-title">
              <h2>Listening</h2>
              <span className="grow" />
              {health.isSuccess && <span className="d xs">checked {checked < 1 ? "now" : `${checked} s ago`}</span>}
            </div>
            <Listeners listeners={health.data?.listeners ?? []} />
            {watches.data && <BurrFiles watches={watches.data} />}
            <span className="grow" />
            <div className="first-foot">
              <i className="dot l" />
              <span className="m">
                {stats.data
                  ? `${plural(received(stats.data), "span")} received, ${refused(stats.data)} refused`
                  : "Counting…"}
              </span>
            </div>
          </section>
        </div>
        <WhatYouGet />
      </div>
    </Page>
  );
}

/** Seven steps to come; the first is waited for. */
function Prints() {
  return (
    <svg width="176" height="32" aria-hidden="true" className="first-prints">
      <path d="M0 16h176" stroke="var(--line-strong)" strokeDasharray="1 4" />
      {Array.from({ length: 7 }, (_, i) => (
        <rect
          key={i}
          x={4.5 + i * 24}
          y={i % 2 ? 18.5 : 6.5}
          width="16"
          height="7"
          rx="3.5"
          fill="none"
          stroke={i === 0 ? "var(--live-fill)" : "var(--line-control)"}
          strokeWidth={i === 0 ? 1.5 : 1}
          strokeDasharray={i === 0 ? "3 2" : undefined}
        />
      ))}
    </svg>
  );
}
