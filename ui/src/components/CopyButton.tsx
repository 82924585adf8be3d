import { type ReactNode, useEffect, useState } from "react";
import { copy } from "./clipboard";
import { Icon } from "./Icon";

interface CopyButtonProps {
  text: string;
  label: string;
  className?: string;
  children?: ReactNode;
}

const SHOWN_MS = 1200;

/** Copies and says so with a tick. */
export function CopyButton({ text, label, className = "ib", children }: CopyButtonProps) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <button
      type="button"
      className={className}
      title={label}
      aria-label={label}
      onClick={(event) => {
        event.stopPropagation();
        void copy(text).then(() => setCopied(true));
      }}
    >
      <Icon name={copied ? "check" : "copy"} small={children === undefined} />
      {children}
      <span className="sr" role="status">
        {copied ? "copied" : ""}
      </span>
    </button>
  );
}
