import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { type AnyAttempt, type AppDetail, type RunName, START } from "../../api/runs";
import { runPath, stepOf, tracePath } from "../../model/address";
import { hasStart, STEPS_PAGE, stepAt, whereabouts } from "../../model/run";
import { reachedBy } from "../../model/runGraph";
import { useKeys } from "../keys";
import { Notice } from "../Notice";
import { listAddress, navigate, useSearch } from "../navigation";
import { part } from "../part";
import { Inspector, InspectorEmpty } from "./Inspector";
import { type InspectorTab, tabOf } from "./inspectorTabs";
import { Lineage } from "./Lineage";
import { Remarks } from "./Remarks";
import { Scrubber } from "./Scrubber";
import { StartView } from "./StartView";
import { StepList } from "./StepList";
import { failureFrom, useSteps } from "./useSteps";
import "./RunView.css";

/** Fetched apart: it draws with a library of its own. */
const GraphPane = part(async () => (await import("./GraphPane")).GraphPane, <div className="runpane-title">Graph</div>);

interface RunViewProps {
  name: RunName;
  detail: AppDetail;
}

const PLAY_MS = 700;

/** The steps of a run, its graph and one step in full; one selection for all. */
export function RunView({ name, detail }: RunViewProps) {
  const { app } = detail;
  const search = useSearch();
  const count = app.step_count;
  const asked = useMemo(() => stepOf(search), [search]);
  const tab = tabOf(search.get("tab"));
  const [shown, setShown] = useState<[number, number]>([0, 0]);
  const [also, setAlso] = useState<number[]>([]);
  const steps = useSteps(name, app, shown, also);
  const [withGraph, setWithGraph] = useState(false);
  const show = useCallback(
    (from: number, to: number) => setShown((old) => (old[0] === from && old[1] === to ? old : [from, to])),
    [],
  );

  const first = steps.pages.get(0)?.[0]?.sequence ?? app.trail[0]?.sequence ?? 0;
  const least = hasStart(detail) ? -1 : 0;
  const isAtStart = least < 0 && (asked === null ? count === 0 : asked.sequence === START.sequence);
  const start = least === 0 ? "none" : isAtStart ? "chosen" : "there";
  const found =
    asked === null || isAtStart ? { at: isAtStart ? -1 : count - 1 } : whereabouts(steps.pages, count, first, asked);
  const at = found !== "absent" && "at" in found ? found.at : -1;
  const wants =
    found === "absent" ? null : "page" in found ? found.page : Math.floor(Math.max(0, found.at) / STEPS_PAGE);
  useEffect(() => {
    if (wants !== null) setAlso((old) => (old.includes(wants) ? old : [...old, wants].slice(-4)));
  }, [wants]);
  const step = at < 0 ? null : stepAt(steps.pages, at);

  const firstPage = steps.pages.get(0);
  const reached = useMemo(
    () => (firstPage && count <= STEPS_PAGE && at >= 0 ? reachedBy(firstPage.slice(0, at + 1)) : null),
    [firstPage, count, at],
  );

  const current = useRef({ name, tab });
  current.current = { name, tab };
  const select = useCallback((to: AnyAttempt | null, inTab?: InspectorTab) => {
    const { name: run, tab: now } = current.current;
    navigate(runPath(run.project, run.app, run.partition, { step: to, tab: tabParameter(inTab ?? now) }), "replace");
  }, []);
  const [wish, setWish] = useState<number | null>(null);
  const go = useCallback(
    (index: number) => {
      const to = Math.max(least, Math.min(count - 1, index));
      const known = to < 0 ? START : stepAt(steps.pages, to);
      if (known) {
        setWish(null);
        select(known);
      } else {
        setWish(to);
        setAlso((old) => [...old.slice(-3), Math.floor(to / STEPS_PAGE)]);
      }
    },
    [count, least, steps.pages, select],
  );
  useEffect(() => {
    if (wish !== null && stepAt(steps.pages, wish)) go(wish);
  }, [wish, steps.pages, go]);

  const [playing, setPlaying] = useState(false);
  useEffect(() => {
    if (!playing) return;
    if (at >= count - 1) return setPlaying(false);
    const timer = setTimeout(() => go(at + 1), PLAY_MS);
    return () => clearTimeout(timer);
  }, [playing, at, count, go]);
  const play = () => {
    if (!playing && at >= count - 1) go(0);
    setPlaying(!playing);
  };

  const nextFailure = async () => {
    if (app.error_count === 0) return;
    const next = (await failureFrom(name, at + 1, count)) ?? (await failureFrom(name, 0, at));
    if (next !== null) go(next);
  };
  const open = () => step?.trace_id && navigate(tracePath(step.trace_id, step.span_id ?? undefined));
  const back = () => go(at - 1);
  const forth = () => go(at + 1);
  useKeys({
    ArrowLeft: back,
    ArrowRight: forth,
    ArrowUp: back,
    ArrowDown: forth,
    k: back,
    j: forth,
    PageUp: () => go(at - 20),
    PageDown: () => go(at + 20),
    Home: () => go(least),
    End: () => go(count - 1),
    " ": play,
    d: () => step && select(step, tab === "diff" ? "overview" : "diff"),
    f: () => step && select(step, "load"),
    e: () => void nextFailure(),
    n: () => select(null),
    Enter: open,
    v: () => detail.trace_id && navigate(tracePath(detail.trace_id, step?.span_id ?? undefined)),
    Escape: () => (asked === null ? navigate(listAddress()) : select(null)),
  });
  useGraphKey(useCallback(() => setWithGraph((old) => !old), []));

  return (
    <>
      <Scrubber
        app={app}
        pages={steps.pages}
        at={at}
        start={start}
        follows={asked === null}
        step={step}
        playing={playing}
        onGo={go}
        onPlay={play}
        onNow={() => select(null)}
      />
      <div className={withGraph ? "runview with-graph" : "runview"}>
        <div className="runpane">
          <StepList
            app={app}
            pages={steps.pages}
            at={at}
            start={start}
            error={steps.error}
            onSelect={select}
            onStart={() => select(START)}
            onShow={show}
          />
          <Lineage detail={detail} />
          <Remarks name={name} count={app.remark_count} />
        </div>
        <section className="runpane runpane-graph" aria-label="Graph" tabIndex={-1}>
          <GraphPane
            detail={detail}
            current={step}
            reached={reached}
            onBack={() => setWithGraph(false)}
            onSelect={(action) => goToAction(action)}
          />
        </section>
        <section className="runpane runpane-inspector" aria-label="Step">
          {step ? (
            <Inspector
              key={app.run_id}
              name={name}
              detail={detail}
              step={step}
              pages={steps.pages}
              at={at}
              tab={tab}
              onTab={(to) => select(step, to)}
              onGraph={() => setWithGraph(true)}
            />
          ) : isAtStart ? (
            <StartView name={name} detail={detail} tab={tab} onTab={(to) => select(START, to)} />
          ) : steps.error ? (
            <Notice tone="error" title="The steps cannot be read" detail={steps.error.message} />
          ) : (
            <InspectorEmpty app={app} absent={found === "absent" ? asked : null} />
          )}
        </section>
      </div>
    </>
  );

  /** To the next step of this action, or from its last one to its first. */
  function goToAction(action: string) {
    const known = [...steps.pages].sort(([a], [b]) => a - b);
    const places = known.flatMap(([page, list]) =>
      list.flatMap((each, i) => (each.action === action ? [page * STEPS_PAGE + i] : [])),
    );
    const next = places.find((index) => index > at) ?? places[0];
    if (next !== undefined) go(next);
  }
}

const tabParameter = (tab: InspectorTab) => (tab === "overview" ? null : tab);

/** `g` also begins `g t`: it must not be taken from the page. */
function useGraphKey(toggle: () => void) {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const isTyping =
        event.target instanceof Element && event.target.closest("input, textarea, select, dialog") !== null;
      if (event.key !== "g" || event.ctrlKey || event.metaKey || event.altKey || isTyping) return;
      toggle();
      requestAnimationFrame(() => document.querySelector<HTMLElement>(".runpane-graph")?.focus());
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [toggle]);
}
