/** The tour comes by itself once: when a graph is shown for the first time in this browser. */
import { get, set, useStudio } from "../store";
import { seen } from "./tour";

export function offerTour(): void {
  if (seen()) return;
  const show = () => {
    if (get().document === null || get().over !== null) return;
    stop();
    set({ over: "tour" });
  };
  const stop = useStudio.subscribe(show);
}
