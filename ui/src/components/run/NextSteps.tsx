import type { Choice, GraphTransition, Step } from "../../api/runs";
import { type JudgedWay, judged, type Verdict, verdictWord, whyNowhere } from "../../model/choice";
import { line } from "../../model/format";
import { conditionText } from "../../model/runGraph";
import { Icon, type IconName } from "../Icon";

interface NextStepsProps {
  step: Step;
  /** The step after it in the log, where that is known. */
  next: Step | null;
  transitions: GraphTransition[];
}

/** Where it could go from here, and where it went. */
export function NextSteps({ step, next, transitions }: NextStepsProps) {
  const ways = transitions.filter(({ from }) => from === step.action);
  const isRetried = next !== null && next.action === step.action && next.sequence === step.sequence;
  if (ways.length === 0 && !isRetried && step.choice === null) return null;
  return (
    <section className="runsection" aria-label="Next">
      <h3 className="eyebrow">Next</h3>
      {isRetried && (
        <p className="nextline">
          <Icon name="retry" small />
          <span className="el">{line(step.action)}, again</span>
        </p>
      )}
      {step.choice === null ? (
        <Guessed step={step} next={next} ways={ways} />
      ) : (
        <Chosen choice={step.choice} ways={ways} />
      )}
    </section>
  );
}

/** As the run told it: every condition with what came of it. */
function Chosen({ choice, ways }: { choice: Choice; ways: GraphTransition[] }) {
  const nowhere = whyNowhere(choice);
  const all = judged(ways, choice);
  const isByHand = choice.next !== null && all.every(({ verdict }) => verdict !== "chosen");
  return (
    <>
      <ul className="nextlines">
        {isByHand && choice.next !== null && (
          <li className="nextline">
            <Icon name="check" small />
            <span className="el">{line(choice.next)}</span>
            <span />
            <span className="nextline-word">chosen</span>
          </li>
        )}
        {all.map((each, i) => (
          <WayOut key={i} of={each} />
        ))}
      </ul>
      {nowhere !== null && <p className="sm m">{nowhere}</p>}
    </>
  );
}

export const VERDICT_ICONS = {
  chosen: "check",
  false: "cross",
  error: "alert",
  untried: null,
} as const satisfies Record<Verdict, IconName | null>;

function WayOut({ of: { to, condition, verdict, error } }: { of: JudgedWay<GraphTransition> }) {
  const icon = VERDICT_ICONS[verdict];
  return (
    <li className={`nextline ${verdict}`}>
      {icon === null ? <span /> : <Icon name={icon} small />}
      <span className="el" title={line(to)}>
        {line(to)}
      </span>
      <span className="mono d el" title={line(condition)}>
        {line(condition)}
      </span>
      <span className="nextline-word">{verdictWord(verdict, condition)}</span>
      {error !== null && <span className="nextline-error">{line(error)}</span>}
    </li>
  );
}

interface GuessedProps {
  step: Step;
  next: Step | null;
  ways: GraphTransition[];
}

/** The run did not tell: the step after it says which way was taken, so that those before it were not. */
function Guessed({ step, next, ways }: GuessedProps) {
  const went = next !== null && step.state === "done" && next.sequence === step.sequence + 1 ? next.action : null;
  // Conditions are tried in their order: the first one that holds is the way, and later ones were not tried.
  const taken = ways.findIndex(({ to }) => to === went);
  return ways.map(({ to, condition }, i) => (
    <p key={i} className={i === taken ? "nextline" : "nextline d"}>
      {i === taken ? <Icon name="check" small /> : went !== null && i < taken ? <Icon name="cross" small /> : <span />}
      <span className="el">{line(to)}</span>
      <span className="mono d el" title={line(condition)}>
        {line(conditionText(condition))}
      </span>
    </p>
  ));
}
