/** A uPlot that fills its holder and follows the colours of the system. */

import { useEffect, useRef } from "preact/hooks";
import type uPlot from "uplot";

/** Returns the holder's ref, the plot's ref, and a function that makes the plot anew. */
export function usePlot(make: (holder: HTMLDivElement) => uPlot, update: () => void) {
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const anew = useRef(() => undefined as void);
  useEffect(() => {
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const again = () => {
      plot.current?.destroy();
      plot.current = make(holder.current as HTMLDivElement);
      update();
    };
    anew.current = again;
    const resize = new ResizeObserver(() => {
      const box = holder.current?.getBoundingClientRect();
      if (box && plot.current) plot.current.setSize({ width: box.width, height: box.height });
    });
    resize.observe(holder.current as HTMLDivElement);
    dark.addEventListener("change", again);
    again();
    return () => {
      resize.disconnect();
      dark.removeEventListener("change", again);
      plot.current?.destroy();
    };
  }, []);
  return { holder, plot, anew: () => anew.current() };
}
