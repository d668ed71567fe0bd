/** Quantization: what fewer bits cost, at once; calibrate, quantize, sweep and report as jobs; their results. */
import { useState } from "react";
import { perform } from "../commands";
import { ask } from "../connection";
import { useStudio } from "../store";
import { Bits } from "./Bits";
import { Jobs } from "./Jobs";
import { QuantizeForm } from "./QuantizeForm";
import { USUAL } from "./recipe";
import { SweepForm } from "./SweepForm";

export default function QuantizationPanel() {
  const open = useStudio((state) => state.document !== null);
  const quantized = useStudio((state) => state.document?.sections["quantization"] !== undefined);
  const byQuality = useStudio((state) => state.byQuality);
  const [recipe, setRecipe] = useState(USUAL);
  const { weights, activations } = recipe;
  if (!open) return null;
  return (
    <div className="panel">
      <Bits
        weights={weights.bits}
        activations={activations.bits}
        set={(bits) =>
          setRecipe({ ...recipe, weights: { ...weights, bits: bits.weights ?? weights.bits }, activations: { ...activations, bits: bits.activations ?? activations.bits } })
        }
      />
      <label className="check">
        <input type="checkbox" checked={byQuality} onChange={() => void perform("view.quality")} /> Colour cards by SQNR accumulated
      </label>
      <section>
        <h3>Ranges and report</h3>
        <div className="actions">
          <button type="button" className="button" title="Find ranges from the values that rows give" onClick={() => void perform(() => ask("calibrate", {}))}>
            Calibrate
          </button>
          <button type="button" className="button" disabled={!quantized} title={quantized ? "Say what quantization costs, node by node and why" : "The file has no quantization section: quantize first"} onClick={() => void perform(() => ask("report", {}))}>
            Report
          </button>
        </div>
      </section>
      <QuantizeForm recipe={recipe} set={setRecipe} />
      <SweepForm />
      <Jobs />
    </div>
  );
}
