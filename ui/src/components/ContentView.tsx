import { useMemo, useState } from "react";
import type { Content, Message } from "../api/types";
import { bytes, count, line, plural } from "../model/format";
import { Attributes } from "./Attributes";
import { JsonText } from "./JsonText";
import { LongText } from "./LongText";
import { MessageView } from "./MessageView";
import { Link } from "./navigation";
import "./ContentView.css";

interface ContentViewProps {
  content: Content;
  responseId: string | null;
}

/** What went into the work and what came out, the answer first: it is mostly what is looked for. */
export function ContentView({ content, responseId }: ContentViewProps) {
  const { instructions, input, output, tools, parameters, missing } = content;
  return (
    <>
      {missing && <Missing why={missing} responseId={responseId} />}
      {content.cut && (
        <p className="content-missing m" role="note">
          Texts longer than 1 MiB are cut here, of {bytes(content.text_bytes ?? 0)} in all. The attributes hold them
          whole.
        </p>
      )}
      {content.arguments !== null && (
        <section className="content" aria-label="Arguments">
          <h3 className="eyebrow">Arguments</h3>
          <JsonText text={content.arguments} copyLabel="Copy the arguments" />
        </section>
      )}
      {content.result !== null && (
        <section className="content" aria-label="Result">
          <h3 className="eyebrow">Result</h3>
          <JsonText text={content.result} copyLabel="Copy the result" />
        </section>
      )}
      {output.length > 0 && (
        <section className="content" aria-label="Answer">
          <h3 className="eyebrow">Answer</h3>
          {output.map((message, i) => (
            <MessageView key={i} message={message} />
          ))}
        </section>
      )}
      {instructions !== null && (
        <section className="content" aria-label="Instructions">
          <h3 className="eyebrow">Instructions</h3>
          <LongText text={instructions} copyLabel="Copy the instructions" />
        </section>
      )}
      {input.length > 0 && <Input messages={input} />}
      {tools.length > 0 && (
        <section className="content" aria-label="Tools offered">
          <h3 className="eyebrow">Tools offered</h3>
          {tools.map((tool, i) => (
            <details key={i} className="content-tool">
              <summary>
                <b className="mono">{line(tool.name)}</b>
                {tool.description && <span className="el m">{line(tool.description)}</span>}
              </summary>
              {tool.description && <p className="m">{tool.description}</p>}
              {tool.parameters && (
                <JsonText text={tool.parameters} copyLabel={`Copy the schema of ${line(tool.name)}`} />
              )}
            </details>
          ))}
        </section>
      )}
      {parameters.length > 0 && (
        <section className="facts">
          <h3 className="eyebrow">Settings of the call</h3>
          <Attributes attributes={parameters} dropped={0} quiet />
        </section>
      )}
    </>
  );
}

const LAST = 4;

/** The messages that a model was given, the last ones first to be seen: the earlier repeat what the reader knows. */
function Input({ messages }: { messages: Message[] }) {
  const [all, setAll] = useState(false);
  const calls = useMemo(() => callNames(messages), [messages]);
  const hidden = all ? 0 : Math.max(0, messages.length - LAST);
  return (
    <section className="content" aria-label="Messages in">
      <h3 className="eyebrow">
        Messages in <span className="cnt">{count(messages.length)}</span>
      </h3>
      {hidden > 0 && (
        <button type="button" className="link xs" onClick={() => setAll(true)}>
          {plural(hidden, "earlier message")}, show
        </button>
      )}
      {messages.slice(hidden).map((message, i) => (
        <MessageView key={hidden + i} message={message} calls={calls} />
      ))}
    </section>
  );
}

/** Which tool each call is of: results often give only the call's id. */
function callNames(messages: Message[]): ReadonlyMap<string, string> {
  const calls = messages.flatMap(({ parts }) => parts.filter((part) => part.type === "tool_call"));
  return new Map(calls.flatMap(({ id, name }) => (id === null ? [] : [[id, name]])));
}

interface MissingProps {
  why: NonNullable<Content["missing"]>;
  responseId: string | null;
}

function Missing({ why, responseId }: MissingProps) {
  if (why === "not_recorded")
    return <p className="content-missing m">Its client was told not to record what was said, or does not.</p>;
  return (
    <p className="content-missing m">
      The client sent only the answer's id{responseId !== null && `, ${responseId}`}: what was said stays with the
      provider.{" "}
      <Link to="/start" className="link">
        Have it recorded as well
      </Link>
    </p>
  );
}
