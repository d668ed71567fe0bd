/** What the page asks of `dataflow quantize`, and the command line that it equals. */
import type { Commands, Document, Plain } from "../protocol";

export interface Width {
  bits: number; // 0: float
  per: "tensor" | "channel" | "group"; // of weights
  group: number;
  symmetric: boolean; // of activations
  range: string; // "" as the recipe has it
}

export interface Recipe {
  weights: Width;
  activations: Width;
  rounding: "nearest" | "adaround" | "gptq";
  learn: "" | "range" | "lsq" | "pact" | "tqt";
  skip: string; // names with spaces or commas between
  override: string; // "conv1=w8a8 head=w8"
  floatBias: boolean;
  noFold: boolean;
  equalize: boolean;
  correctBias: boolean;
  split: string;
  samples: string;
}

const width: Width = { bits: 8, per: "channel", group: 32, symmetric: false, range: "" };
export const USUAL: Recipe = {
  weights: width, activations: width, rounding: "nearest", learn: "", skip: "", override: "",
  floatBias: false, noFold: false, equalize: false, correctBias: false, split: "", samples: "",
};

export function weightsText({ bits, per, group, range }: Width): string {
  if (bits === 0) return "float";
  const part = per === "channel" ? "" : per === "group" ? `/group${group}` : "/tensor";
  return `${bits}${part}${range === "" ? "" : `:${range}`}`;
}

export function activationsText({ bits, symmetric, range }: Width): string {
  return bits === 0 ? "float" : `${bits}${symmetric ? "/symmetric" : ""}${range === "" ? "" : `:${range}`}`;
}

export const names = (text: string): string[] => text.split(/[\s,]+/).filter((name) => name !== "");

/** What differs from the usual, by the names of the command line's options with "_" for "-". */
export function options(recipe: Recipe): Record<string, Plain> {
  const said: [string, Plain, boolean][] = [
    ["rounding_of_weights", recipe.rounding, recipe.rounding !== "nearest"],
    ["learn", recipe.learn, recipe.learn !== ""],
    ["skip", names(recipe.skip), names(recipe.skip).length > 0],
    ["override", names(recipe.override), names(recipe.override).length > 0],
    ["float_bias", true, recipe.floatBias],
    ["no_fold", true, recipe.noFold],
    ["equalize", true, recipe.equalize],
    ["correct_bias", true, recipe.correctBias],
    ["split", recipe.split, recipe.split !== ""],
    ["samples", Number(recipe.samples), recipe.samples.trim() !== ""],
  ];
  return Object.fromEntries(said.filter(([, , given]) => given).map(([name, value]) => [name, value]));
}

export const asked = (recipe: Recipe, out: string): Commands["quantize"][0] => ({
  out,
  weights: weightsText(recipe.weights),
  activations: activationsText(recipe.activations),
  options: options(recipe),
});

/** The same as a line for a shell. */
export function commandLine(path: string, { out, weights, activations, options: given }: Commands["quantize"][0]): string {
  const parts = ["dataflow", "quantize", quoted(path), "-o", quoted(out), "--weights", weights, "--activations", activations];
  for (const [name, value] of Object.entries(given)) {
    const option = `--${name.replaceAll("_", "-")}`;
    if (value === true) parts.push(option);
    else for (const each of Array.isArray(value) ? value : [value]) parts.push(option, quoted(String(each)));
  }
  return parts.join(" ");
}

const quoted = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'"'"'`)}'`);

/** "cnn.yaml" -> "cnn_w4a8.yaml", beside it; of a shipped graph in the project folder. */
export function outOf(path: string, recipe: Recipe): string {
  const bare = path
    .replace(/^dataflow:(.*\/)?/, "")
    .replace(/\.ya?ml$/, "")
    .replace(/_(w\d+a?\d*|a\d+)$/, ""); // of what was quantized before
  const { weights, activations } = recipe;
  return `${bare}_${weights.bits === 0 ? "" : `w${weights.bits}`}${activations.bits === 0 ? "" : `a${activations.bits}`}.yaml`;
}

/** The graph that a quantized one was made from, "" where it does not say; null for one that is not quantized. */
export function sourceOf({ path, sections }: Pick<Document, "path" | "sections">): string | null {
  const section = sections["quantization"] as { source?: string } | undefined;
  if (section === undefined) return null;
  const source = section.source ?? "";
  return source === "" || source.startsWith("dataflow:") ? source : path.replace(/[^/]*$/, "") + source;
}
