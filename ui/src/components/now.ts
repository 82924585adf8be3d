import { useEffect, useState } from "react";

/** The time, in milliseconds since 1970, renewed every `every` milliseconds; it stands still for 0. */
export function useNow(every: number): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (every === 0) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), every);
    return () => clearInterval(timer);
  }, [every]);
  return now;
}
