/** Curves of a training: the loss, the metrics, the learning rate; each beside that of the validation split. */
import { useState } from "react";
import type { Trend } from "../protocol";
import { useStudio } from "../store";
import { Curves, type Named } from "../values/Curves";

export function TrainingCurves() {
  const trends = useStudio((state) => state.training?.trends) ?? {};
  const [log, setLog] = useState(false);
  return (
    <section>
      <div className="line">
        <h3>Curves</h3>
        <label className="check">
          <input type="checkbox" checked={log} onChange={(event) => setLog(event.currentTarget.checked)} /> logarithmic
        </label>
      </div>
      {gathered(trends).map(([title, curves]) => (
        <Curves key={title} title={title} curves={curves} log={log} height={title === "loss" ? 150 : 100} />
      ))}
    </section>
  );
}

/** Curves that belong together: a metric and the same one of the validation; watched ports are shown apart. */
export function gathered(trends: Record<string, Trend>): [title: string, curves: Named[]][] {
  const made = new Map<string, Named[]>();
  for (const [name, trend] of Object.entries(trends)) {
    if (name.includes(".")) continue; // a port
    const title = name.replace(/^validation /, "");
    made.set(title, [...(made.get(title) ?? []), { name: name !== title ? "validation" : title === "rate" ? "rate" : "train", trend }]);
  }
  const order = (title: string) => (title === "loss" ? 0 : title === "rate" ? 2 : 1);
  return [...made].sort(([a], [b]) => order(a) - order(b));
}
