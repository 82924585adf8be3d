import { CopyButton } from "./CopyButton";
import "./Facts.css";

interface FactsProps {
  name: string;
  facts: [name: string, value: string | null][];
}

/** Names and values under a head; what is empty is left out. */
export function Facts({ name, facts }: FactsProps) {
  const known = facts.filter(([, value]) => value !== null && value !== "");
  if (known.length === 0) return null;
  return (
    <section className="facts">
      <h3 className="eyebrow">{name}</h3>
      {known.map(([key, value]) => (
        <div key={key} className="attribute">
          <span className="m">{key}</span>
          <span className="mono attribute-value">{value}</span>
          <CopyButton text={value ?? ""} label={`Copy ${key}`} className="attribute-copy" />
        </div>
      ))}
    </section>
  );
}
