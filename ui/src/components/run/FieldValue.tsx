import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type AnyAttempt, type Json, type RunName, runs, type When } from "../../api/runs";
import { bytes } from "../../model/format";
import { cutBytes, FOLDED_BYTES, fieldsOf, jsonBytes } from "../../model/runState";
import { textBytes } from "../../model/value";
import { CopyButton } from "../CopyButton";
import { JsonText } from "../JsonText";
import { LongText } from "../LongText";
import "./FieldValue.css";

interface FieldValueProps {
  name: RunName;
  /** The step beside which the field is so. */
  step: AnyAttempt;
  when: When;
  /** The field of the state. */
  field: string;
  value: Json;
}

/** A field's value; what is big says how big, and comes when it is wanted. */
export function FieldValue({ name, step, when, field, value }: FieldValueProps) {
  const cut = cutBytes(value);
  const [wanted, setWanted] = useState(false);
  const { data, error, isFetching } = useQuery({
    queryKey: ["state field", name, step.sequence, step.attempt, when, field],
    queryFn: ({ signal }) => runs.state(name, step, { when, key: field }, signal),
    enabled: wanted && cut !== null,
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (cut === null) return <JsonView value={value} />;
  if (data) return <JsonView value={wholeOf(data.state, field)} most={20_000} />;
  return (
    <span className="fieldvalue">
      <button type="button" className="link" disabled={isFetching} onClick={() => setWanted(true)}>
        {bytes(cut)}, {isFetching ? "reading…" : "show"}
      </button>
      {error && <span className="err"> {error.message}</span>}
    </span>
  );
}

/** A field that was asked for alone comes alone, or in an object under its name. */
function wholeOf(state: Json, field: string): Json {
  return fieldsOf(state).find(([key]) => key === field)?.[1] ?? state;
}

/** Any JSON: texts as they read, the rest indented. */
export function JsonView({ value, most = FOLDED_BYTES }: { value: Json; most?: number }) {
  if (typeof value === "string" && value.length > 80) return <LongText text={value} most={most} />;
  const text = JSON.stringify(value);
  if (value !== null && typeof value === "object" && text.length > 40) return <JsonText text={text} most={most} />;
  return <span className="fieldvalue">{value === null ? <span className="d">null</span> : text}</span>;
}

/** Under a field's name: how much it is, where that is much, and a way to copy it. */
export function FieldSize({ value }: { value: Json }) {
  const size = jsonBytes(value);
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return (
    <>
      {size > FOLDED_BYTES && <span className="d xs">{bytes(size)}</span>}
      {cutBytes(value) === null && textBytes(text) > 0 && <CopyButton text={text} label="Copy the value" />}
    </>
  );
}
