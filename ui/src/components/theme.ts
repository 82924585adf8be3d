/** Light, dark, or what the system has; `public/theme.js` applies the same choice before the first paint. */

import { useSyncExternalStore } from "react";

export type ThemeChoice = "system" | "light" | "dark";

const KEY = "trackway.theme";
const NEXT: Record<ThemeChoice, ThemeChoice> = { system: "light", light: "dark", dark: "system" };
const system = matchMedia("(prefers-color-scheme: dark)");
const watchers = new Set<() => void>();

let choice: ThemeChoice = remembered();

function remembered(): ThemeChoice {
  try {
    const kept = localStorage.getItem(KEY);
    return kept === "light" || kept === "dark" ? kept : "system";
  } catch {
    return "system"; // Storage may be forbidden.
  }
}

function apply() {
  const dark = choice === "dark" || (choice === "system" && system.matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  for (const watcher of watchers) watcher();
}

system.addEventListener("change", apply);

export function nextTheme() {
  choice = NEXT[choice];
  try {
    localStorage.setItem(KEY, choice);
  } catch {
    // The choice then lasts as long as the page.
  }
  apply();
}

function watch(watcher: () => void) {
  watchers.add(watcher);
  return () => void watchers.delete(watcher);
}

export function useThemeChoice(): ThemeChoice {
  return useSyncExternalStore(watch, () => choice);
}

/** The theme that is shown, for what is painted by script. */
export function useShownTheme(): string {
  return useSyncExternalStore(watch, () => document.documentElement.dataset.theme ?? "light");
}
