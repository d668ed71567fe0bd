/** What fewer bits cost: sliders whose accuracy and SQNR follow while they are moved. */
import { useEffect, useMemo, useState } from "react";
import { reason } from "../asked";
import { ask } from "../connection";
import type { Commands } from "../protocol";
import { useStudio } from "../store";
import { count, decibels, short } from "../values/format";
import { latest } from "./latest";

type Found = Commands["bits"][1];

/** The widths are those of the form below, as far as the sliders go. */
export function Bits({ weights, activations, set }: { weights: number; activations: number; set: (changed: { weights?: number; activations?: number }) => void }) {
  const [found, setFound] = useState<Found | null>(null);
  const [refused, setRefused] = useState("");
  const [moved, setMoved] = useState(false);
  const [busy, setBusy] = useState(false);
  const version = useStudio((state) => state.document?.version);
  const path = useStudio((state) => state.document?.path);
  const look = useMemo(
    () =>
      latest(
        (given: Commands["bits"][0]) => ask("bits", given),
        (answer) => {
          setFound(answer);
          setRefused("");
          setBusy(false);
        },
        (error) => {
          setRefused(reason(error));
          setBusy(false);
        },
      ),
    [],
  );
  useEffect(() => {
    if (!moved) return;
    setBusy(true);
    look({ weights, activations });
  }, [weights, activations, moved, version, path, look]);
  useEffect(() => setFound(null), [path]);
  const near = () => setMoved(true);
  return (
    <section>
      <h3>What bits cost</h3>
      <Slider label="weights" bits={weights} near={near} set={(bits) => (set({ weights: bits }), near())} />
      <Slider label="activations" bits={activations} near={near} set={(bits) => (set({ activations: bits }), near())} />
      <div className="bits-found" aria-live="polite" aria-busy={busy}>
        {refused !== "" ? (
          <p className="quiet">{refused}</p>
        ) : found !== null ? (
          <Figures found={found} />
        ) : moved ? (
          <p className="quiet">Preparing: the float graph runs once, and its ranges and answers are kept. Figures follow at once from then on.</p>
        ) : (
          <>
            <button type="button" className="button" onClick={near}>
              Measure
            </button>
            <p className="quiet">What the graph’s metrics and the SQNR of its answers would be with so many bits; moving a slider measures too.</p>
          </>
        )}
      </div>
    </section>
  );
}

/** What is measured with is made ready as soon as the pointer or the focus comes `near`, so that figures follow the first move. */
function Slider({ label, bits, near, set }: { label: string; bits: number; near: () => void; set: (bits: number) => void }) {
  return (
    <label className="bits" onPointerEnter={near} onFocus={near}>
      <span>{label}</span>
      <input type="range" min={2} max={8} step={1} value={bits || 8} onChange={(event) => set(event.currentTarget.valueAsNumber)} />
      <output>{bits === 0 ? "float" : `${bits} bits`}</output>
    </label>
  );
}

function Figures({ found }: { found: Found }) {
  return (
    <>
      <table className="figures">
        <thead>
          <tr>
            <th scope="col"><span className="unseen">figure</span></th>
            <th scope="col">float</th>
            <th scope="col">quantized</th>
            <th scope="col">change</th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">SQNR</th>
            <td />
            <td className="best">{decibels(found.sqnr)}</td>
            <td />
          </tr>
          {Object.entries(found.metrics).map(([name, value]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{short(found.float[name])}</td>
              <td className="best">{short(value)}</td>
              <td>{changed(value, found.float[name])}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className="quiet">
        Of {count(found.rows)} rows of {found.split}, with the widths that Quantize below writes.
      </p>
    </>
  );
}

function changed(value: number, float: number | undefined): string {
  if (float === undefined) return "";
  const by = value - float;
  return by === 0 ? "none" : `${by > 0 ? "+" : "−"}${short(Math.abs(by), 2)}`;
}
