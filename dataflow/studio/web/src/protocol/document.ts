/** What is open: the text of a graph file, its nodes, and what is wrong with it. */
import type { BlockInfo } from "./catalogue";
import type { Scene } from "./scene";

/** What is open: the text of a graph file and the picture of it. */
export interface Document {
  path: string; // of the shown file, relative to the project folder; "dataflow:layers/dense.yaml" of a shipped one
  name: string;
  doc: string;
  version: number; // grows by each edit, undo or change on the disk; an edit names the version that it is made for
  saved: boolean; // that no file that was opened or looked into has changes that are not on the disk
  undo: string; // what Ctrl+Z would take back in the shown file, in words; "" where there is nothing
  redo: string;
  readonly: string; // why it cannot be edited; "" where it can
  text: string;
  view: View;
  trail: { title: string; path: string; scope: string }[]; // from the opened file to what is shown
  scene: Scene;
  nodes: Record<string, NodeModel>; // of the shown file, by the name in it
  inputs: Record<string, { type: string; doc: string; line: number }>;
  outputs: Record<string, { wire: string; line: number }>;
  params: Record<string, { type: string; value: Plain; default: Plain; required: boolean; doc: string; line: number }>;
  sections: Record<string, Plain>; // data, train, quantization: as they are read, parameters put in
  written: Record<string, Plain>; // the sections as the shown file has them, "$epochs" where a parameter stands
  steps: boolean; // whether nodes change variables, so that steps of it can be done
  splits: Record<string, number | null>; // of the data section, with how many rows they have; null where only reading them would tell, or something is wrong
  problems: Problem[];
}

export type Plain = null | boolean | number | string | Plain[] | { [key: string]: Plain };

/**
 * What of a document is shown, and how; the state of the session, never of the file. Within a node, `text`, `nodes` and
 * edits are those of the graph file that it uses, with the types of this use. Layers are of the whole graph.
 */
export interface View {
  scope: string; // "conv1": inside of that node's graph file; "" for the file itself
  layer: "file" | "gradient" | "step"; // the file, the file with the reverse pass, the whole training step
  direction: "right" | "down";
  unfolded: string[]; // nodes with a card of their own that would be drawn in the ports that read them
}

export interface Problem {
  message: string;
  hint: string;
  path: string;
  line: number; // from 1; 0 where it is about the whole file
  column: number;
  node: string; // of the shown file; "" where it is about none
  port: string; // an input or attr of it
}

/** A node as the inspector shows it. */
export interface NodeModel {
  name: string;
  block: string; // "Conv2D", or the path of a graph file
  file: string; // the path to open where the block is a graph file, else ""
  doc: string;
  line: number;
  attrs: Record<string, Written & { info?: BlockInfo["attrs"][number] | null }>; // every attr that the block or file has, in its order; info: of a file
  inputs: Record<string, Written & { type: string; value_of: string }>; // value_of: the port whose value it reads
  outputs: Record<string, { type: string; value_of: string; readers: string[] }>;
  range: [number, number] | null;
}

/** A value as the file has it. */
export interface Written {
  written: string; // YAML as it stands there, such as "$num_bits"; "" where nothing does
  value: Plain; // what it comes to; of an attr that is not written the default
  param: string; // the parameter that it is, without "$"; "" where it is none
}
