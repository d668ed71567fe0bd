/** What fewer bits cost: sliders whose accuracy and SQNR follow while they are moved. */
import { useEffect, useMemo, useState } from "react";
import { ask } from "../connection";
import type { Commands } from "../protocol";
import { useStudio } from "../store";
import { decibels, short } from "../values/format";
import { latest } from "./latest";

type Found = Commands["bits"][1];

export function Bits() {
  const [weights, setWeights] = useState(8);
  const [activations, setActivations] = useState(8);
  const [found, setFound] = useState<Found | null>(null);
  const [refused, setRefused] = useState("");
  const [moved, setMoved] = useState(false);
  const version = useStudio((state) => state.document?.version);
  const path = useStudio((state) => state.document?.path);
  const look = useMemo(
    () =>
      latest(
        (given: Commands["bits"][0]) => ask("bits", given),
        (answer) => {
          setFound(answer);
          setRefused("");
        },
        (error) => setRefused(error.message),
      ),
    [],
  );
  useEffect(() => {
    if (moved) look({ weights, activations });
  }, [weights, activations, moved, version, path, look]);
  useEffect(() => setFound(null), [path]);
  return (
    <section>
      <h3>What bits cost</h3>
      <Slider label="weights" bits={weights} set={(bits) => (setWeights(bits), setMoved(true))} />
      <Slider label="activations" bits={activations} set={(bits) => (setActivations(bits), setMoved(true))} />
      <div className="bits-found" aria-live="polite">
        {refused !== "" ? (
          <p className="quiet">{refused}</p>
        ) : found === null ? (
          <button type="button" className="button" onClick={() => setMoved(true)} disabled={moved}>
            {moved ? "Measuring…" : "Measure"}
          </button>
        ) : (
          <Figures found={found} />
        )}
      </div>
    </section>
  );
}

function Slider({ label, bits, set }: { label: string; bits: number; set: (bits: number) => void }) {
  return (
    <label className="bits">
      <span>{label}</span>
      <input type="range" min={2} max={8} step={1} value={bits} onChange={(event) => set(event.currentTarget.valueAsNumber)} />
      <output>{bits} bits</output>
    </label>
  );
}

function Figures({ found }: { found: Found }) {
  return (
    <dl className="facts">
      <div className="fact">
        <dt>SQNR</dt>
        <dd>{decibels(found.sqnr)}</dd>
      </div>
      {Object.entries(found.metrics).map(([name, value]) => {
        const float = found.float[name];
        const change = float === undefined ? 0 : value - float;
        return (
          <div key={name} className="fact">
            <dt>{name}</dt>
            <dd>
              {short(value)}
              {float !== undefined && (
                <span className="quiet"> {change === 0 ? "as in float" : `${change > 0 ? "+" : "−"}${short(Math.abs(change), 2)} of ${short(float)}`}</span>
              )}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}
