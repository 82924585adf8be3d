/** Keys that work on a page, outside of fields and dialogs. */

import { useEffect, useEffectEvent } from "react";

export type KeyMap = Record<string, (event: KeyboardEvent) => void>;

const isField = (target: EventTarget | null) =>
  target instanceof HTMLElement &&
  (target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName));

/** A button or a link takes Enter and Space for itself. */
const isActivation = (event: KeyboardEvent) =>
  (event.key === "Enter" || event.key === " ") &&
  event.target instanceof HTMLElement &&
  event.target.closest("button, a, [role=tab]") !== null;

/** Names keys as `event.key` does; `ctrl+k` stands for Ctrl or Cmd. */
export function useKeys(keys: KeyMap, where: "page" | "everywhere" = "page") {
  const press = useEffectEvent((event: KeyboardEvent) => {
    if (event.defaultPrevented || event.altKey || event.isComposing) return;
    const command = event.ctrlKey || event.metaKey;
    const action = keys[command ? `ctrl+${event.key.toLowerCase()}` : event.key];
    if (!action) return;
    if (!command && (isField(event.target) || isActivation(event))) return;
    if (where === "page" && document.querySelector("dialog[open]") !== null) return;
    event.preventDefault();
    action(event);
  });
  useEffect(() => {
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, []);
}
