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

/** How long `g` waits for the letter of a page. */
const SEQUENCE_MS = 1500;

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
  const afterG = useRef(Number.NEGATIVE_INFINITY);
  const isAfterG = () => performance.now() - afterG.current < SEQUENCE_MS;
  useKeys({
    "ctrl+k": () => setOverlay("palette"),
    "#": () => setOverlay("palette"),
    "?": () => setOverlay("keys"),
    t: () => (isAfterG() ? navigate(listAddress()) : nextTheme()),
    s: () => isAfterG() && navigate("/system"),
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
