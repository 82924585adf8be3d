import type { RunName, Step, StepAttribute } from "../../api/runs";
import { line } from "../../model/format";
import { grouped } from "../../model/grouped";
import { FieldSize, JsonView } from "./FieldValue";
import { useStepDetail } from "./Inspector";

/** What was logged in the step, and in the spans of it. */
export function AttributesTab({ name, step }: { name: RunName; step: Step }) {
  const { data, error } = useStepDetail(name, step);
  if (error) return <p className="inspector-note err">{error.message}</p>;
  if (data?.attributes.length === 0) return <p className="inspector-note d">Nothing was logged in this step.</p>;
  const bySpan = grouped(data?.attributes ?? [], ({ span }) => span ?? "");
  return [...bySpan].map(([span, attributes]) => (
    <section key={span} aria-label={span === "" ? "the step" : `span ${span}`}>
      {span !== "" && (
        <div className="difftitle">
          <h3>Span</h3>
          <span className="mono m">{line(span)}</span>
        </div>
      )}
      {attributes.map((each, i) => (
        <AttributeLine key={i} attribute={each} />
      ))}
    </section>
  ));
}

function AttributeLine({ attribute: { key, value, tags } }: { attribute: StepAttribute }) {
  const marks = tags !== null && typeof tags === "object" && !Array.isArray(tags) ? Object.entries(tags) : [];
  return (
    <div className="statefield">
      <div className="row">
        <h4 className="mono el">{line(key)}</h4>
        {marks.map(([name, mark]) => (
          <span key={name} className="tag">
            {line(name)}={line(typeof mark === "string" ? mark : JSON.stringify(mark))}
          </span>
        ))}
        <span className="grow" />
        <FieldSize value={value} />
      </div>
      <JsonView value={value} />
    </div>
  );
}
