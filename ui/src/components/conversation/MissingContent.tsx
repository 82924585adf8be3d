import type { MissingEntry } from "../../api/story";
import { line } from "../../model/format";
import { CopyButton } from "../CopyButton";
import { Icon } from "../Icon";
import { AgentSnippets } from "./AgentSnippets";
import "./MissingContent.css";

interface MissingContentProps {
  entry: MissingEntry;
  /** The first of a conversation shows the way out at once, the others when asked. */
  isFirst: boolean;
  unfolded: boolean;
  onFold: () => void;
}

/** Says that what was asked and answered is not here, why, and how to have it from now on. */
export function MissingContent({ entry, isFirst, unfolded, onFold }: MissingContentProps) {
  const { reason, response_id } = entry;
  const isOpen = isFirst !== unfolded;
  return (
    <div className="missing">
      <div className="missing-head">
        <span className="warn">
          <Icon name="alert" small />
        </span>
        <span className="el">
          {reason === "response_id_only"
            ? "The SDK sends only the id of this answer"
            : "What was said was not recorded"}
        </span>
        {response_id && (
          <>
            <span className="mono d el">{line(response_id)}</span>
            <CopyButton text={response_id} label="Copy the answer's id" className="missing-copy" />
          </>
        )}
        <span className="grow" />
        <button type="button" className="link xs" aria-expanded={isOpen} onClick={onFold}>
          {isOpen ? "fold" : "what to do"}
        </button>
      </div>
      {isOpen && (reason === "response_id_only" ? <IdOnly /> : <NotRecorded />)}
    </div>
  );
}

function IdOnly() {
  return (
    <div className="missing-body">
      <p className="m">
        What was asked and answered stays with the provider. Either of these sends it along from the next run on:
      </p>
      <AgentSnippets />
    </div>
  );
}

function NotRecorded() {
  return (
    <div className="missing-body">
      <p className="m">
        The program was told to keep it to itself, or its instrumentation does so until told otherwise:
      </p>
      <ul className="m">
        <li>
          OpenAI Agents SDK: leave <code>trace_include_sensitive_data</code> on, and{" "}
          <code>OPENAI_AGENTS_TRACE_INCLUDE_SENSITIVE_DATA</code> unset
        </li>
        <li>
          OpenTelemetry: set <code>OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true</code>
        </li>
        <li>
          OpenInference: leave <code>OPENINFERENCE_HIDE_INPUTS</code> and <code>OPENINFERENCE_HIDE_OUTPUTS</code> unset
        </li>
      </ul>
    </div>
  );
}
