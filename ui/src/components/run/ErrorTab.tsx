import type { RunName, Step } from "../../api/runs";
import { line } from "../../model/format";
import { traceback } from "../../model/runState";
import { LongText } from "../LongText";
import { useStepDetail } from "./Inspector";
import { Code } from "./SourceTab";
import "./ErrorTab.css";

/** Why the step failed, in as many words as fit above the rest. */
export function ErrorSummary({ text, onMore }: { text: string; onMore?: () => void }) {
  const read = traceback(text);
  const message = read === null ? (text.split("\n", 1)[0] ?? "") : read.message || read.type;
  const place = read?.frames[0];
  return (
    <div className="runerror">
      <div className="row">
        <b>{line(message === "Traceback (most recent call last):" ? "failed" : message)}</b>
        {read && read.message !== "" && <span className="m">{line(read.type)}</span>}
      </div>
      {read?.causes.map((cause, i) => (
        <div key={i} className="m">
          caused by: {line(cause)}
        </div>
      ))}
      {place && (
        <div className="m mono">
          {line(place.file)}:{place.line}
          {place.where !== "" && ` in ${line(place.where)}`}
        </div>
      )}
      {onMore && (
        <button type="button" className="link" onClick={onMore}>
          {read ? "Traceback" : "All of it"}
        </button>
      )}
    </div>
  );
}

/** The whole error: the frame where it happened first, then who called it. */
export function ErrorTab({ name, step }: { name: RunName; step: Step }) {
  const { data, error } = useStepDetail(name, step);
  if (error) return <p className="inspector-note err">{error.message}</p>;
  const text = data?.error ?? step.error ?? "";
  const read = traceback(text);
  return (
    <>
      <ErrorSummary text={text} />
      {read?.frames.map((frame, i) => (
        <section key={i} className="frame" aria-label={`${frame.where}, line ${frame.line}`}>
          <span className="mono">
            <b>{line(frame.where || "(module)")}</b>{" "}
            <span className="d">
              {line(frame.file)}:{frame.line}
            </span>
          </span>
          {frame.code !== "" && <Code text={frame.code} />}
        </section>
      ))}
      <details className="error-raw" open={read === null}>
        <summary className="sm m">As it was recorded</summary>
        <LongText text={text} most={8000} copyLabel="Copy the error" />
      </details>
    </>
  );
}
