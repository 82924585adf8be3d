import type { CSSProperties } from "react";
import type { Category } from "../api/types";

const PATHS = {
  trace: "M2 4h7M5 8h8M8 12h4",
  gen_ai: "M3 3h10v7.500H7.500L5 13v-2.500H3zM5.500 6h5M5.500 8h3",
  function: "M10.500 3c-2-.5-3 .5-3 2.500v5c0 2-1 3-3 2.500M5 7.500h5",
  http: "M8 2.500a5.500 5.500 0 1 0 0 11a5.500 5.500 0 1 0 0-11M2.500 8h11M8 2.500c3 3.500 3 7.500 0 11-3-3.500-3-7.500 0-11",
  database: "M3 4a5 2 0 0 0 10 0a5 2 0 0 0-10 0M3 4v8c0 1.100 2.200 2 5 2s5-.9 5-2V4M3 8c0 1.100 2.200 2 5 2s5-.9 5-2",
  messaging: "M3 4h10v3H3zM3 9h10v3H3z",
  rpc: "M2.500 5.500h9M9 3l2.500 2.500L9 8M13.500 10.500h-9M7 8l-2.500 2.500L7 13",
  cross: "M4 4l8 8M12 4l-8 8",
  check: "M3 8.500l3.500 3.500L13 4.500",
  alert: "M8 2.500l6 10.500H2zM8 6.500v3M8 11.300v.1",
  search: "M7 3a4 4 0 1 0 0 8a4 4 0 1 0 0-8M10 10l3.500 3.500",
  down: "M4 6l4 4 4-4",
  right: "M6 4l4 4-4 4",
  copy: "M5.500 5.500h7v7h-7zM3.500 10.500v-7h7",
  clock: "M8 2.500a5.500 5.500 0 1 0 0 11a5.500 5.500 0 1 0 0-11M8 5v3l2 1.500",
  link: "M6.500 9.500l3-3M7 5l1.500-1.500a2.500 2.500 0 0 1 4 4L11 9M9 11l-1.500 1.500a2.500 2.500 0 0 1-4-4L5 7",
  bin: "M3 4.500h10M6.500 4.500v-2h3v2M4.500 4.500l.6 9h5.800l.6-9M6.800 7v4.500M9.200 7v4.500",
  terminal: "M3 4.500l3.500 3.500L3 11.500M8 12h5",
  run: "M2 11a1.500 1.500 0 0 1 3 0v1a1.500 1.500 0 0 1-3 0zM6.500 4.500a1.500 1.500 0 0 1 3 0v1a1.500 1.500 0 0 1-3 0zM11 11a1.500 1.500 0 0 1 3 0v1a1.500 1.500 0 0 1-3 0z",
  minus: "M4 8h8",
  keyboard: "M2 4.500h12v7H2zM4.500 7h.010M7 7h.010M9.500 7h.010M11.800 7h.010M5 9.500h6",
  sun: "M8 5.500a2.500 2.500 0 1 0 0 5a2.500 2.500 0 1 0 0-5M8 1.500v1.500M8 13v1.500M1.500 8H3M13 8h1.500M3.400 3.400l1.100 1.100M11.500 11.500l1.100 1.100M3.400 12.600l1.100-1.100M11.500 4.500l1.100-1.100",
  moon: "M12.500 9.500a5 5 0 1 1-6-6.500a4.200 4.200 0 0 0 6 6.500z",
} as const;

export type IconName = keyof typeof PATHS | Category | "theme";

interface IconProps {
  name: IconName;
  small?: boolean;
  style?: CSSProperties;
}

export function Icon({ name, small, style }: IconProps) {
  return (
    <svg className={small ? "i s" : "i"} viewBox="0 0 16 16" style={style} aria-hidden="true">
      {name === "theme" ? (
        <>
          <circle cx="8" cy="8" r="5" />
          <path d="M8 3a5 5 0 0 1 0 10z" fill="currentColor" />
        </>
      ) : (
        <path d={PATHS[name]} />
      )}
    </svg>
  );
}
