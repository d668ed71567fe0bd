/** Widths and options of a quantized graph, and the command line that does the same. */
import { useState } from "react";
import { perform } from "../commands";
import { ask } from "../connection";
import { question } from "../edit/state";
import type { Commands } from "../protocol";
import { say, useStudio } from "../store";
import { asked, commandLine, outOf, sourceOf, type Recipe, type Width } from "./recipe";
import { withRows } from "./rows";

const RANGES = ["", "mse", "min_max", "entropy", "percentile:99.99"];

export function QuantizeForm({ recipe, set }: { recipe: Recipe; set: (recipe: Recipe) => void }) {
  const path = useStudio((state) => state.document!.path);
  const source = useStudio((state) => sourceOf(state.document!));
  const [named, setNamed] = useState("");
  const change = (changed: Partial<Recipe>) => set({ ...recipe, ...changed });
  const out = named.trim() || outOf(path, recipe);
  const given = asked(recipe, out);
  const line = commandLine(path, given);
  return (
    <section>
      <h3>Quantize</h3>
      {source !== null && (
        <p className="quiet">
          This graph has quantizers already; for other widths{" "}
          {source === "" ? (
            "open the one that it was made from."
          ) : (
            <button type="button" className="inline" onClick={() => void perform(() => ask("open", { path: source }))}>
              open {source}
            </button>
          )}
        </p>
      )}
      <div className="fields">
        <Weights width={recipe.weights} set={(weights) => change({ weights })} />
        <Activations width={recipe.activations} set={(activations) => change({ activations })} />
        <label className="labelled">
          <span>write to</span>
          <input className="field" value={named} placeholder={out} onChange={(event) => setNamed(event.currentTarget.value)} />
        </label>
      </div>
      <Options recipe={recipe} change={change} />
      <div className="command">
        <code>{line.split(" ").map((word, i) => [i > 0 && " ", <span key={i}>{word}</span>])}</code>
        <button type="button" className="button plain" onClick={() => void perform(async () => (await navigator.clipboard.writeText(line), say("info", "Command copied")))}>
          Copy
        </button>
      </div>
      <div className="actions">
        <button type="button" className="button main" onClick={() => void perform(() => quantize(given))}>
          Quantize
        </button>
      </div>
    </section>
  );
}

/** Begin; where there is a file of this name, ask whether it may be written over. */
async function quantize(given: Commands["quantize"][0]): Promise<void> {
  const there = (await ask("files", {})).some((file) => file.path === given.out);
  if (!there) return void (await ask("quantize", given));
  question({
    title: `${given.out} is there already`,
    message: "Quantizing writes a graph file of this name. May it take the place of the one that is there?",
    choices: [{ title: "Write over it", kind: "plain", run: () => ask("quantize", { ...given, overwrite: true }) }],
  });
}

type Part = { width: Width; set: (width: Width) => void };

function BitsOf({ label, width, set }: Part & { label: string }) {
  return (
    <select className="field" aria-label={`bits of ${label}`} value={width.bits} onChange={(event) => set({ ...width, bits: Number(event.currentTarget.value) })}>
      {[0, 2, 3, 4, 5, 6, 7, 8, 12, 16].map((bits) => (
        <option key={bits} value={bits}>
          {bits === 0 ? "float" : `${bits} bits`}
        </option>
      ))}
    </select>
  );
}

function RangeOf({ label, width, set }: Part & { label: string }) {
  return (
    <select className="field" aria-label={`ranges of ${label}`} value={width.range} onChange={(event) => set({ ...width, range: event.currentTarget.value })}>
      {RANGES.map((range) => (
        <option key={range} value={range}>
          {range === "" ? "usual range" : range}
        </option>
      ))}
    </select>
  );
}

function Weights({ width, set }: Part) {
  return (
    <fieldset className="several">
      <legend>weights</legend>
      <BitsOf label="weights" width={width} set={set} />
      <select
        className="field"
        aria-label="what has a range of its own"
        value={width.per === "group" ? `group${width.group}` : width.per}
        onChange={(event) => {
          const [, per, group] = /^(tensor|channel|group)(\d*)$/.exec(event.currentTarget.value)!;
          set({ ...width, per: per as Width["per"], group: Number(group) || width.group });
        }}
      >
        <option value="channel">per channel</option>
        <option value="tensor">per tensor</option>
        <option value="group16">per 16</option>
        <option value="group32">per 32</option>
        <option value="group64">per 64</option>
      </select>
      <RangeOf label="weights" width={width} set={set} />
    </fieldset>
  );
}

function Activations({ width, set }: Part) {
  return (
    <fieldset className="several">
      <legend>activations</legend>
      <BitsOf label="activations" width={width} set={set} />
      <select className="field" aria-label="ends of the ranges" value={String(width.symmetric)} onChange={(event) => set({ ...width, symmetric: event.currentTarget.value === "true" })}>
        <option value="false">as seen</option>
        <option value="true">symmetric</option>
      </select>
      <RangeOf label="activations" width={width} set={set} />
    </fieldset>
  );
}

function Options({ recipe, change }: { recipe: Recipe; change: (changed: Partial<Recipe>) => void }) {
  const splits = useStudio((state) => state.document!.splits);
  const check = (key: "floatBias" | "noFold" | "equalize" | "correctBias", words: string) => (
    <label className="check">
      <input type="checkbox" checked={recipe[key]} onChange={(event) => change({ [key]: event.currentTarget.checked })} /> {words}
    </label>
  );
  const text = (key: "skip" | "override" | "samples", label: string, placeholder: string) => (
    <label className="labelled">
      <span>{label}</span>
      <input className="field" value={recipe[key]} placeholder={placeholder} onChange={(event) => change({ [key]: event.currentTarget.value })} />
    </label>
  );
  return (
    <details className="more">
      <summary>Options</summary>
      <div className="fields">
        <label className="labelled">
          <span>rounding</span>
          <select className="field" value={recipe.rounding} onChange={(event) => change({ rounding: event.currentTarget.value as Recipe["rounding"] })}>
            <option value="nearest">to the nearest level</option>
            <option value="adaround">adaround</option>
            <option value="gptq">gptq</option>
          </select>
        </label>
        <label className="labelled">
          <span>learn</span>
          <select className="field" value={recipe.learn} onChange={(event) => change({ learn: event.currentTarget.value as Recipe["learn"] })}>
            <option value="">nothing</option>
            <option value="range">ranges</option>
            <option value="lsq">lsq</option>
            <option value="pact">pact</option>
            <option value="tqt">tqt</option>
          </select>
        </label>
        {text("skip", "leave as they are", "names, * for any letters")}
        {text("override", "other widths", "conv1=w8a8")}
        <label className="labelled">
          <span>ranges from</span>
          <select className="field" value={recipe.split} onChange={(event) => change({ split: event.currentTarget.value })}>
            <option value="">the training split</option>
            {Object.entries(splits).map(([name, rows]) => (
              <option key={name} value={name}>
                {withRows(name, rows)}
              </option>
            ))}
          </select>
        </label>
        {text("samples", "rows at most", "all")}
      </div>
      {check("equalize", "scale channels so that layers have like ranges")}
      {check("correctBias", "take off biases what rounding moves means by")}
      {check("floatBias", "leave biases in float")}
      {check("noFold", "do not fold batch normalization")}
    </details>
  );
}
