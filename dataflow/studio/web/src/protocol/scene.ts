/** The picture of a graph file. */

/** Positions are pixels at zoom 1; those of ports are within their card. */
export interface Scene {
  width: number;
  height: number;
  frames: Frame[];
  cards: Card[];
  wires: Wire[];
}

/** A paragraph of the file under the comment above it. */
export interface Frame {
  id: string;
  title: string;
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Card {
  id: string; // the name of the node or input in the shown file; "output:NAME" of an output
  kind: "node" | "graph" | "input" | "output"; // graph: a node whose block is a graph file
  frame: string;
  x: number;
  y: number;
  width: number;
  height: number;
  name: string;
  block: string;
  hue: number;
  doc: string;
  line: number;
  gradient: boolean; // part of a reverse pass
  lefts: LeftPort[];
  rights: RightPort[];
  attrs: { name: string; text: string; param: boolean }[]; // those that are written
  notes: string[]; // "updates mean1, variance1"
  folded: string[]; // nodes that are drawn within this card
  wrong: boolean; // it has a problem, or what it depends on has
}

export type Family = "float" | "int" | "uint" | "quantized" | "complex" | "bool" | "any";

export interface LeftPort {
  name: string;
  x: number; // of its dot, where a wire ends
  y: number;
  row: number; // middle of the line with its name and chip
  family: Family;
  wire: string; // the wire as the file has it, "norm.mean"; "" for a literal or nothing
  value_of: string; // the port whose value comes in; "" for none
  chip: { text: string; kind: "wire" | "variable" | "constant" | "literal" | "param" | "asked" } | null; // in place of a drawn wire; asked: "such as 1", where a value is to be written
  optional: boolean;
}

export interface RightPort {
  name: string;
  x: number;
  y: number;
  row: number;
  family: Family;
  type: string; // "float32[N, 8, 8, 32]", "" where it is not known
  value_of: string; // "conv1/act.activations": by that values and statistics come
  tags: number; // readers that no drawn wire leads to
}

export interface Wire {
  id: string;
  source: [card: string, port: string];
  target: [card: string, port: string];
  family: Family;
  gradient: boolean;
  path: string; // of SVG
}

/** A picture in little: cards as rectangles, wires as paths of SVG; and what the file says of itself. */
export interface Preview {
  doc: string;
  nodes: number;
  trains: boolean;
  width: number;
  height: number;
  cards: { x: number; y: number; width: number; height: number; hue: number; kind: Card["kind"] }[];
  wires: string[];
}
