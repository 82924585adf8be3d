import { useQuery } from "@tanstack/react-query";
import { type RunName, runs, type Step } from "../../api/runs";
import type { StepTest } from "../../model/rustSnippets";
import { CopyButton } from "../CopyButton";
import { Code } from "./SourceTab";

interface TestPartProps {
  name: RunName;
  step: Step;
  test: StepTest;
}

/** The step as a test: what it was given and what came of it, and the lines that check it. */
export function TestPart({ name, step, test }: TestPartProps) {
  const { sequence, attempt } = step;
  const { data, error } = useQuery({
    queryKey: ["test case", name, sequence, attempt, step.state],
    queryFn: ({ signal }) => runs.testCase(name, { sequence, attempt }, signal),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  const title = `Test step ${sequence}`;
  return (
    <section className="loadpart" aria-label={title}>
      <div className="row">
        <h3 className="sm">
          <b>{title}</b>
        </h3>
        <span className="grow" />
        {data !== undefined && (
          <>
            <CopyButton
              text={data}
              label="Copy the case: the state before, the inputs, what came of it"
              className="btn"
            >
              Copy the case
            </CopyButton>
            <CopyButton text={test.whole(data)} label="Copy as test" className="btn">
              Copy as test
            </CopyButton>
          </>
        )}
      </div>
      <p className="sm m">
        The action with the state before the step and its inputs; the state after it is expected. The case is a file,
        which the first command writes; what “Copy as test” copies holds it.
      </p>
      {error && <p className="sm err">{error.message}</p>}
      <Code text={`${test.command}\n\n${test.program}`} />
    </section>
  );
}
