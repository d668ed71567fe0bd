/** The edits that add a block: wired to the port that it was asked for, at the place where it was. */
import type { BlockInfo, Document, Edit } from "../../protocol";
import type { PaletteRequest } from "../../store";
import { cardsById, wireText } from "../../canvas/scene";
import { free } from "../edits";
import { beginnings } from "../fuzzy";
import { ofGraph, type Entry } from "./entries";
import type { Place } from "./place";

const LABELS = new Set(["y_true", "labels"]);

export interface Addition {
  name: string;
  edits: Edit[];
}

/** What adds an entry of the palette to a document, for the port of a request, else at a place. */
export function addition(entry: Entry, document: Document, from: PaletteRequest["from"], place: Place): Addition {
  if (ofGraph(entry)) return interfaceOf(entry, document, from);
  const name = free(short(entry.name), document);
  const add = { op: "add", name, block: entry.block } as const;
  if (from === null) return { name, edits: [{ ...add, ...place }] };
  const beside = from.node in document.nodes;
  if (from.into !== undefined) {
    const splice = { op: "splice", name, target: from.into } as const;
    return { name, edits: [{ ...add, ...(beside ? { after: from.node } : place) }, splice] };
  }
  if (from.side === "source") {
    const source = wireText(from.node, from.port, document);
    const port = entry.info === null ? null : firstFitting(entry.info, typeOf(document, from.node, from.port), beside);
    const inputs = entry.info === null ? [source] : port === null ? undefined : { [port]: source }; // of a file the first
    const drawn = cardsById(document.scene).has(from.node); // else it is a chip: the place is where it is wanted
    return { name, edits: [{ ...add, ...(inputs && { inputs }), ...(beside && drawn ? { after: from.node } : place) }] };
  }
  if (from.node.startsWith("output:")) return { name, edits: [{ ...add, ...place }, outputOf(from.node, name)] };
  return { name, edits: [{ ...add, before: from.node }, { op: "wire", target: [from.node, from.port], source: name }] };
}

/** What adds an input of the graph, of the type of the port that it is for, or an output with what stands on a port. */
function interfaceOf({ block, name }: Entry, document: Document, from: PaletteRequest["from"]): Addition {
  const made = (edit: Edit) => ({ name: name.toLowerCase(), edits: [edit] });
  if (from === null) return made({ op: "input", name: "input", type: "float32" });
  if (block === "output") return made({ op: "output", name: from.node, wire: wireText(from.node, from.port, document) });
  return made({ op: "input", name: from.port.replace(/\[\d+\]$/, ""), to: [from.node, from.port] });
}

/** The edit that makes a node what the card of an output shows. */
function outputOf(card: string, name: string): Edit {
  return { op: "set", place: `outputs.${card.slice("output:".length)}`, value: name };
}

/** "max_pool" of MaxPool, "conv2d" of Conv2D, "dense" of a file. */
export function short(name: string): string {
  const starts = beginnings(name).filter((start) => !/\d/.test(name[start]!) && !/\d/.test(name[start - 1] ?? ""));
  const parts = starts.map((start, i) => name.slice(i === 0 ? 0 : start, starts[i + 1]));
  const joined = parts.length > 0 ? parts.join("_") : name;
  return joined.toLowerCase().replace(/[^a-z0-9_]+/g, "_").replace(/_+/g, "_").replace(/^_|_$/g, "") || "node";
}

/** The dtype of a value: "float32" of "float32[N, 64]"; "" where it is not known. */
export function dtypeOf(type: string): string {
  return type.split("[")[0]!.trim();
}

export function typeOf(document: Document, node: string, port: string): string {
  return document.nodes[node]?.outputs[port]?.type ?? document.inputs[node]?.type ?? "";
}

/**
 * The first input that takes a value of a type, one that must be wired before those that need not; what is computed is
 * a prediction, not the label.
 */
function firstFitting(info: BlockInfo, type: string, computed: boolean): string | null {
  const dtype = dtypeOf(type);
  const fitting = info.inputs.filter((input) => dtype === "" || input.dtypes.length === 0 || input.dtypes.includes(dtype));
  const needed = fitting.filter((input) => !input.optional && !input.static);
  const meant = computed ? needed.find((input) => !LABELS.has(input.name)) : undefined;
  return (meant ?? needed[0] ?? fitting[0] ?? info.inputs[0])?.name ?? null;
}
