import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { useLive } from "../api/live";
import type { Hint, KeyGroupName } from "../model/keys";
import { Header } from "./Header";
import { KeySheet } from "./KeySheet";
import { useKeys } from "./keys";
import { listAddress, navigate } from "./navigation";
import { Palette } from "./Palette";
import { LIVE_STATS, StatusBar } from "./StatusBar";
import { nextTheme } from "./theme";
import "./Page.css";

interface PageProps {
  title: string;
  hints: Hint[];
  keys: KeyGroupName | null;
  className: string;
  children: ReactNode;
}

/** What stands around every page: header, status bar, overlays, and the keys that work anywhere. */
export function Page({ title, hints, keys, className, children }: PageProps) {
  const [overlay, setOverlay] = useState<"palette" | "keys" | null>(null);
  const client = useQueryClient();
  useLive({ stats: (stats) => client.setQueryData(LIVE_STATS, stats) });
  useEffect(() => {
    document.title = title === "" ? "Trackway" : `${title} · Trackway`;
  }, [title]);
  const afterG = useRef(0);
  const goTo = (path: string) => performance.now() - afterG.current < 1500 && navigate(path);
  useKeys({
    "ctrl+k": () => setOverlay("palette"),
    "#": () => setOverlay("palette"),
    "?": () => setOverlay("keys"),
    t: () => (performance.now() - afterG.current < 1500 ? navigate(listAddress()) : nextTheme()),
    s: () => goTo("/system"),
    g: () => {
      afterG.current = performance.now();
    },
  });
  return (
    <div className="page">
      <Header onPalette={() => setOverlay("palette")} onKeys={() => setOverlay("keys")} />
      <main className={className}>{children}</main>
      <StatusBar hints={hints} />
      {overlay === "palette" && <Palette onClose={() => setOverlay(null)} onKeys={() => setOverlay("keys")} />}
      {overlay === "keys" && <KeySheet here={keys} onClose={() => setOverlay(null)} />}
    </div>
  );
}
