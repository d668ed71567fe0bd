/** Measure each layer at several widths, and find the best widths within a size. */
import { useState } from "react";
import { perform } from "../commands";
import { ask } from "../connection";

export function SweepForm() {
  const [bits, setBits] = useState("");
  const [budget, setBudget] = useState("");
  const [predict, setPredict] = useState(false);
  const options = {
    ...(budget.trim() === "" ? { sensitivity: true } : { budget: budget.trim() }),
    ...(bits.trim() !== "" && { bits: bits.trim() }),
    ...(predict && { predict: true }),
  };
  return (
    <section>
      <h3>Sweep over widths</h3>
      <div className="fields">
        <label className="labelled">
          <span>widths</span>
          <input className="field" value={bits} placeholder="2,3,4,6,8" onChange={(event) => setBits(event.currentTarget.value)} />
        </label>
        <label className="labelled">
          <span>best within</span>
          <input className="field" value={budget} placeholder="12KiB, 4bits, 1e7BOPs" onChange={(event) => setBudget(event.currentTarget.value)} />
        </label>
      </div>
      <label className="check">
        <input type="checkbox" checked={predict} onChange={(event) => setPredict(event.currentTarget.checked)} /> predict by gradients, run nothing
      </label>
      <div className="actions">
        <button type="button" className="button" onClick={() => void perform(() => ask("sweep", { options }))}>
          Sweep
        </button>
      </div>
    </section>
  );
}
