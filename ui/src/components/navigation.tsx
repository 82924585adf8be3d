/** The address bar as state: pages read it, links and filters write it, back and forward work. */

import { type MouseEvent, type ReactNode, useMemo, useSyncExternalStore } from "react";

const watchers = new Set<() => void>();

function watch(watcher: () => void) {
  watchers.add(watcher);
  window.addEventListener("popstate", watcher);
  return () => {
    watchers.delete(watcher);
    window.removeEventListener("popstate", watcher);
  };
}

export type Step = "push" | "replace";

export function navigate(to: string, step: Step = "push") {
  if (to === location.pathname + location.search) return;
  if (step === "push") history.pushState(null, "", to);
  else history.replaceState(null, "", to);
  for (const watcher of watchers) watcher();
}

let lastList = "/";

/** The list as the reader left it. */
export function listAddress(): string {
  return lastList;
}

export function rememberList(address: string) {
  lastList = address.endsWith("?") ? address.slice(0, -1) : address;
}

export function usePath(): string {
  return useSyncExternalStore(watch, () => location.pathname);
}

export function useSearch(): URLSearchParams {
  const search = useSyncExternalStore(watch, () => location.search);
  return useMemo(() => new URLSearchParams(search), [search]);
}

interface LinkProps {
  to: string;
  className?: string;
  title?: string;
  current?: boolean;
  tabIndex?: number;
  children: ReactNode;
}

/** An anchor within this site that does not load the page anew. */
export function Link({ to, className, title, current, tabIndex, children }: LinkProps) {
  const follow = (event: MouseEvent) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    navigate(to);
  };
  return (
    <a
      href={to}
      className={className}
      title={title}
      tabIndex={tabIndex}
      aria-current={current ? "page" : undefined}
      onClick={follow}
    >
      {children}
    </a>
  );
}
