import { type ReactNode, type RefObject, useEffect, useState } from "react";
import type { TextPlace } from "../api/types";
import { around, askedFor, type Filters, isHalf, RANGES } from "../model/address";
import { parseDuration } from "../model/time";
import { Icon } from "./Icon";
import { Select } from "./Select";
import "./FilterBar.css";

interface FilterBarProps {
  filters: Filters;
  services: string[];
  nameRef: RefObject<HTMLInputElement | null>;
  /** Where the filter cannot be read, and why. */
  wrong: { place: TextPlace; why: string } | null;
  onChange: (change: Partial<Filters>) => void;
  children: ReactNode;
}

const SETTLE_MS = 250;
const TIME_RANGES = RANGES.map(({ name, start }) => ({ value: start ?? "", name }));

export function FilterBar({ filters, services, nameRef, wrong, onChange, children }: FilterBarProps) {
  const choices = filters.service && !services.includes(filters.service) ? [filters.service, ...services] : services;
  const range = RANGES.find(({ start }) => start === filters.start && filters.end === null);
  return (
    <search className="filterbar">
      <label className="filterbar-name">
        <Icon name="search" />
        <TypedField
          inputRef={nameRef}
          label="Name of a run or span"
          placeholder="Name of a run or span, or { status = error }"
          value={filters.filter ?? filters.name}
          isHalf={isHalf}
          mistake={wrong?.why}
          onSettle={(text) => onChange(askedFor(text))}
        />
        <kbd>/</kbd>
        {wrong && filters.filter !== null && <Mistake text={filters.filter} place={wrong.place} why={wrong.why} />}
      </label>
      <Select
        label="Service"
        value={filters.service ?? ""}
        options={[{ value: "", name: "Any service" }, ...choices.map((name) => ({ value: name, name }))]}
        onChange={(service) => onChange({ service: service || null })}
      />
      <label className="filterbar-least">
        <span className="d sm">at least</span>
        <TypedField
          label="Least duration"
          placeholder="5ms"
          value={filters.minDuration}
          accepts={(text) => parseDuration(text) !== null}
          onSettle={(typed) => onChange({ minDuration: typed?.replaceAll(/\s/g, "") ?? null })}
        />
      </label>
      <Select
        label="Time range"
        value={range ? (range.start ?? "") : "custom"}
        options={range ? TIME_RANGES : [...TIME_RANGES, { value: "custom", name: "As in the address", disabled: true }]}
        onChange={(start) => onChange({ start: start || null, end: null })}
      />
      {children}
    </search>
  );
}

/** A filter that cannot be read, marked where. */
function Mistake({ text, place, why }: { text: string; place: TextPlace; why: string }) {
  const [before, piece, behind] = around(text, place);
  return (
    <span className="filterbar-mistake" role="alert">
      <code>
        {before}
        <mark>{piece || "\u00a0"}</mark>
        {behind}
      </code>
      <span>{why}</span>
    </span>
  );
}

interface TypedFieldProps {
  label: string;
  placeholder: string;
  value: string | null;
  accepts?: (text: string) => boolean;
  /** Whether a pause in the typing does not mean that it is done. */
  isHalf?: (text: string) => boolean;
  /** What is wrong with the value. */
  mistake?: string | undefined;
  inputRef?: RefObject<HTMLInputElement | null>;
  onSettle: (value: string | null) => void;
}

/** A field whose text counts once the typing pauses. */
function TypedField(props: TypedFieldProps) {
  const { label, placeholder, value, accepts = () => true, isHalf = () => false, mistake, inputRef, onSettle } = props;
  const [typed, setTyped] = useState<string | null>(null);
  const valid = typed === null || typed.trim() === "" || accepts(typed);
  const settle = () => {
    if (typed === null || !valid) return;
    setTyped(null);
    const text = typed.trim() === "" ? null : typed;
    if (text !== value) onSettle(text);
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: only the typing starts the wait
  useEffect(() => {
    if (typed === null || isHalf(typed)) return;
    const timer = setTimeout(settle, SETTLE_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  return (
    <input
      ref={inputRef}
      className="field"
      type="text"
      aria-label={label}
      placeholder={placeholder}
      spellCheck={false}
      autoComplete="off"
      aria-invalid={!valid || (typed === null && mistake !== undefined)}
      title={valid ? mistake : "A number and a unit: 5ms, 1.5s, 2m"}
      value={typed ?? value ?? ""}
      onChange={(event) => setTyped(event.target.value)}
      onBlur={settle}
      onKeyDown={(event) => {
        if (event.key === "Enter") settle();
        if (event.key === "Enter" || event.key === "Escape") event.currentTarget.blur();
      }}
    />
  );
}
