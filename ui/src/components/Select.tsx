import { line } from "../model/format";
import { Icon } from "./Icon";
import "./Select.css";

interface SelectProps {
  label: string;
  value: string;
  options: { value: string; name: string; disabled?: boolean }[];
  onChange: (value: string) => void;
}

/** The browser's own list of choices behind a button of ours. */
export function Select({ label, value, options, onChange }: SelectProps) {
  return (
    <span className="select">
      <select aria-label={label} value={value} onChange={(event) => onChange(event.target.value)}>
        {options.map((option) => (
          <option key={option.value} value={option.value} disabled={option.disabled}>
            {line(option.name)}
          </option>
        ))}
      </select>
      <Icon name="down" small />
    </span>
  );
}
