import { type ComponentType, type ReactNode, useEffect, useState } from "react";

/**
 * A component from a file of its own, which is fetched when it is first wanted; until it is there, `meanwhile`.
 *
 * React's own `lazy` shows what was fetched no sooner than 300 ms after what stood in its place, and a page is to be there
 * within that time.
 */
export function part<P extends object>(fetch: () => Promise<ComponentType<P>>, meanwhile: ReactNode): ComponentType<P> {
  let here: ComponentType<P> | null = null;
  return function Part(props: P) {
    const [Fetched, setFetched] = useState(() => here);
    const [failure, setFailure] = useState<unknown>(null);
    useEffect(() => {
      if (here !== null) return;
      let wanted = true;
      fetch().then(
        (component) => {
          here = component;
          if (wanted) setFetched(() => component);
        },
        (error: unknown) => wanted && setFailure(error),
      );
      return () => {
        wanted = false;
      };
    }, []);
    if (failure !== null) throw failure;
    return Fetched === null ? meanwhile : <Fetched {...props} />;
  };
}
