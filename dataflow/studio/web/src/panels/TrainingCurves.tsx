/** Curves of a training: what is minimized, the metrics, the learning rate; each beside that of the validation split. */
import { useState } from "react";
import type { Trend } from "../protocol";
import { useStudio } from "../store";
import { Curves, type Named } from "../values/Curves";
import { split } from "../values/parts";

export function TrainingCurves() {
  const trends = useStudio((state) => state.training?.trends) ?? {};
  const trained = useStudio((state) => state.document?.steps !== true || state.document.sections.train !== undefined);
  const [log, setLog] = useState(false);
  return (
    <section>
      <div className="pair">
        <h3>Curves</h3>
        <label className="check">
          <input type="checkbox" checked={log} onChange={(event) => setLog(event.currentTarget.checked)} /> logarithmic
        </label>
      </div>
      {gathered(trends, trained).map(([title, curves], i) => (
        <Curves key={title} title={title} curves={curves} log={log} height={i === 0 ? 150 : 100} />
      ))}
    </section>
  );
}

/** Curves that belong together: a metric and the same one of the validation; watched ports are shown apart. */
export function gathered(trends: Record<string, Trend>, trained = true): [title: string, curves: Named[]][] {
  const made = new Map<string, Named[]>();
  for (const [name, trend] of Object.entries(trends)) {
    if (name.includes(".")) continue; // a port
    const [whole, element] = split(name);
    const title = whole.replace(/^validation /, "");
    const of = element !== "" ? element : whole !== title ? "validation" : title === "rate" ? "rate" : trained ? "train" : "value";
    made.set(title, [...(made.get(title) ?? []), { name: of, trend }]);
  }
  return [...made].sort(([a], [b]) => Number(a === "rate") - Number(b === "rate")); // the others as the file has them
}
