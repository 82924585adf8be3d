import { Fragment } from "react";
import type { Attribute, Value } from "../api/types";
import { line, plural } from "../model/format";
import { LONG, valueText } from "../model/value";
import { CopyButton } from "./CopyButton";
import { LongText } from "./LongText";
import "./Attributes.css";

interface AttributesProps {
  attributes: Attribute[];
  dropped: number;
  /** Within another section: without space of its own. */
  quiet?: boolean;
}

export function Attributes({ attributes, dropped, quiet }: AttributesProps) {
  return (
    <div className={quiet ? undefined : "attributes"}>
      {attributes.map((attribute, i) => (
        <AttributeRow key={i} name={attribute.key} value={attribute} />
      ))}
      {attributes.length === 0 && dropped === 0 && <p className="attributes-note d">No attributes.</p>}
      {dropped > 0 && <p className="attributes-note warn">{plural(dropped, "attribute")} dropped by the client.</p>}
    </div>
  );
}

/** One key and its value; what is inside arrays and maps folds out. */
function AttributeRow({ name, value }: { name: string; value: Value }) {
  const text = valueText(value);
  const inside = partsOf(value);
  if (inside.length > 0) {
    return (
      <details className="attribute-tree">
        <summary className="attribute">
          <Key name={name} />
          <span className="mono el d">{line(text)}</span>
          <CopyButton text={text} label={`Copy ${line(name)}`} className="attribute-copy" />
        </summary>
        <div className="attribute-inside">
          {inside.map((part, i) => (
            <AttributeRow key={i} name={part.name} value={part.value} />
          ))}
        </div>
      </details>
    );
  }
  const isBlock = text.length > LONG || text.includes("\n");
  return (
    <div className={isBlock ? "attribute attribute-block" : "attribute"}>
      <Key name={name} />
      {isBlock ? (
        <LongText text={text} />
      ) : (
        <span className={`mono attribute-value t-${value.type}`}>
          {text === "" ? <span className="d">empty text</span> : text}
        </span>
      )}
      <CopyButton text={text} label={`Copy ${line(name)}`} className="attribute-copy" />
    </div>
  );
}

/** A key in full: it may break after its dots. */
function Key({ name }: { name: string }) {
  const words = line(name).split(/(?<=\.)/);
  return (
    <span className="attribute-key m">
      {words.map((word, i) => (
        <Fragment key={i}>
          {i > 0 && <wbr />}
          {word}
        </Fragment>
      ))}
    </span>
  );
}

function partsOf(value: Value): { name: string; value: Value }[] {
  if (value.type === "array") return value.value.map((part, i) => ({ name: String(i), value: part }));
  if (value.type === "map") return value.value.map((part) => ({ name: part.key, value: part }));
  return [];
}
