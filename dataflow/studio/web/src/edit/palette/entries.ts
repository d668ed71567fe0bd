/** What the palette offers: blocks, graph files that serve as blocks, and inputs and outputs of the graph. */
import type { BlockInfo, GalleryEntry } from "../../protocol";
import type { PaletteRequest } from "../../store";
import type { Searched } from "./search";

export interface Entry extends Searched {
  block: string; // as the file writes it: the name of a block, or the path of a graph file; "input", "output" of the graph
  hue: number;
  continues: number;
  info: BlockInfo | null; // null: no block
}

/** Of entries that fit a query alike, Conv2D comes before Conv2DBackpropInput; else they keep their order, the usual first. */
export const plainer = (a: Entry, b: Entry): number => a.continues - b.continues;

export function entries(blocks: BlockInfo[], gallery: GalleryEntry[], files: string[], open: string): Entry[] {
  return [
    { ...ofFile("input", "Input", "A value that is fed to the graph", GRAPH), words: ["feed", "placeholder"] },
    { ...ofFile("output", "Output", "A value that the graph gives", GRAPH), words: ["result"] },
    ...blocks.map((info): Entry => ({ ...info, category: said(info.category), block: info.name, info })),
    ...gallery.filter(({ group }) => group === "layers").map((each) => ofFile(each.path, each.name, each.doc, "layers")),
    ...files.filter((path) => path !== open).map((path) => ofFile(relative(path, open), stem(path), path, "files")),
  ];
}

const GRAPH = "graph";

/** Whether an entry is an input or output of the graph. */
export const ofGraph = ({ category }: Entry): boolean => category === GRAPH;

/** Whether an entry makes sense where the palette was asked for: outputs have a source, inputs a reader, wires both. */
export function offered(entry: Entry, from: NonNullable<PaletteRequest["from"]>): boolean {
  return !ofGraph(entry) || (from.into === undefined && entry.block === (from.side === "source" ? "output" : "input"));
}

/** "quantization" of "quantization_ops". */
function said(category: string): string {
  return category.replace(/_ops$/, "").replaceAll("_", " ");
}

function ofFile(block: string, name: string, summary: string, category: string): Entry {
  return { block, name, aliases: [], words: [], category, continues: 0, summary, hue: 220, info: null };
}

/** "dense" of "layers/dense.yaml". */
export function stem(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1).replace(/\.ya?ml$/, "");
}

/** A path from the folder of a file: "../layers/dense.yaml" of "layers/dense.yaml" in "digits/cnn.yaml". */
export function relative(path: string, from: string): string {
  const to = path.split("/");
  const home = from.split("/").slice(0, -1);
  let shared = 0;
  while (shared < home.length && shared < to.length - 1 && home[shared] === to[shared]) shared += 1;
  const made = [...home.slice(shared).map(() => ".."), ...to.slice(shared)].join("/");
  return made.startsWith(".") ? made : `./${made}`;
}
